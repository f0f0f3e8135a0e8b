"""Early warnings: which rules there are, what each means, and from which thresholds on it holds where."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Response
from psycopg import Connection
from pydantic import BaseModel, Field, model_validator

from alerts import texts, thresholds
from alerts.rules import RULES
from alerts.rules.base import About, NotAThreshold, Rule
from alerts.thresholds import Where
from api import i18n
from api.auth import Admin, Viewer
from api.context import Ctx, Principal
from api.fields import Body, Code, Id, Word, row_id
from api.problems import Problem, invalid, missing
from api.routes import reach, written
from api.routes.devices import area_of
from storage import sql

queries = sql.load("api.routes")
router = APIRouter(prefix="/warnings", tags=["warnings"])

Kind = Literal["button", "pendant", "camera", "hub", "sensor"]
Value = Annotated[int, Field(strict=True, ge=-(2**31), lt=2**31)]


class ScopeBody(Body):
    """Where thresholds hold: an area and all below it (none named: everywhere), there only a kind of device; or one home;
    or one device. A narrower scope writes over a wider one, threshold by threshold."""

    area: Code | None = None
    device_kind: Kind | None = None
    home: Id | None = None
    device: Word | None = None

    @model_validator(mode="after")
    def _one_scope(self) -> "ScopeBody":
        if sum(each is not None for each in (self.area, self.home, self.device)) > 1:
            raise ValueError("name an area, a home or a device, one of them")
        if self.device_kind is not None and (self.home is not None or self.device is not None):
            raise ValueError("device_kind goes with an area only")
        return self


class OwnBody(ScopeBody):
    """What holds in a scope. `values`: the thresholds that differ; `enabled`: false where nobody wants to hear of it."""

    values: Annotated[dict[Word, Value], Field(max_length=20)] = Field(default_factory=dict)
    enabled: bool | None = None


class OwnRead(BaseModel):
    """What is set in a scope."""

    area: str | None
    device_kind: str | None
    home: str | None
    device: str | None
    values: dict[str, int]
    enabled: bool | None


class ThresholdRead(BaseModel):
    """A threshold: what is usual, and from where to where it may be set. Its unit is in its name."""

    name: str
    usual: int
    low: int
    high: int


class RuleRead(BaseModel):
    """An early warning: what it is called, what it means by the usual thresholds, and what is set otherwise where."""

    rule: str
    name: str
    sentence: str
    about: About
    severity: str
    clears_itself: bool
    thresholds: list[ThresholdRead]
    own: list[OwnRead]


class Rules(BaseModel):
    """Every early warning."""

    items: list[RuleRead]


Asked = Annotated[str | None, Query(max_length=10, description="of the words: zh-CN or en; else your own")]
Accepts = Annotated[str | None, Header(max_length=1000)]


@router.get("")
def list_warnings(context: Ctx, caller: Viewer, language: Asked = None, accept_language: Accepts = None) -> Rules:
    """List the rules, with what is set within one's area, and above it for it."""
    with context.pool.connection() as connection:
        own = _own(connection, caller)
    chosen = i18n.choose(language, *_wishes(accept_language), caller.language, context.settings.locale)
    return Rules(items=[_read(rule, own.get(rule.name, []), chosen) for rule in RULES.values()])


@router.put("/{rule}")
def set_thresholds(rule: str, body: OwnBody, context: Ctx, caller: Admin) -> OwnRead:
    """Set what holds in a scope, in place of what did; devices and homes there are looked at anew."""
    known = _rule(rule)
    now = context.clock.now()
    with context.pool.connection() as connection:
        where = _where(connection, caller, known, body)
        area = _area_of(connection, body)
        before = _one(connection, caller, rule, body)
        try:
            thresholds.set_own(connection, rule=rule, where=where, own=body.values, enabled=body.enabled, now=now)
        except NotAThreshold as error:
            raise invalid(f"values.{error.name}", body.values.get(error.name), error.why) from None
        after = OwnRead(**body.model_dump())
        written.changed(
            connection, caller, f"warning {rule}", before or OwnRead(**body.model_dump() | {"values": {}, "enabled": None}),
            after, area=area, now=now,
        )  # fmt: skip
        return after


@router.delete("/{rule}", status_code=204)
def unset_thresholds(rule: str, scope: Annotated[ScopeBody, Query()], context: Ctx, caller: Admin) -> Response:
    """Let the wider scope hold there again."""
    known = _rule(rule)
    now = context.clock.now()
    with context.pool.connection() as connection:
        where = _where(connection, caller, known, scope)
        if not thresholds.unset(connection, rule=rule, where=where, now=now):
            raise Problem(404, f"nothing is set for {rule} in that scope; see GET /warnings")
        written.removed(connection, caller, f"warning {rule}", area=_area_of(connection, scope), now=now)
    return Response(status_code=204)


def _rule(name: str) -> Rule[Any, Any]:
    if name not in RULES:
        raise missing("rule", name)
    return RULES[name]


def _where(connection: Connection[Any], caller: Principal, rule: Rule[Any, Any], body: ScopeBody) -> Where:
    """Return the scope that was named, where it is the caller's. Raises Problem 422, and 403 for everywhere."""
    if body.device is not None and rule.about is not About.DEVICE:
        raise invalid("device", body.device, f"{rule.name} is about no single device; name an area or a home")
    if body.home is not None and rule.about is About.AREA:
        raise invalid("home", body.home, f"{rule.name} is about areas; name one")
    if body.device_kind is not None and rule.about is not About.DEVICE:
        raise invalid("device_kind", body.device_kind, f"{rule.name} is about no kind of device; leave it out")
    if body.home is not None:
        return Where(home_id=reach.home(connection, caller, body.home))
    if body.device is not None:
        row = connection.execute(queries.device_of_scope, {"uid": body.device}).fetchone()
        if row is None or not caller.sees(row[1]):
            raise invalid(
                "device", body.device, f"device {body.device}: there is none within your area; see GET /devices"
            )
        return Where(device_id=row[0])
    if body.area is None:
        reach.over_everything(caller, "what holds everywhere")
        return Where(device_kind=body.device_kind)
    return Where(body.area, reach.area(connection, caller, body.area), body.device_kind)


def _area_of(connection: Connection[Any], body: ScopeBody) -> str | None:
    """Return the code of the area that a scope lies in: whose administrators may read in the audit log of it."""
    if body.home is not None:
        row = connection.execute(queries.home_path, {"home_id": row_id(body.home)}).fetchone()
    elif body.device is not None:
        row = connection.execute(queries.device_path, {"uid": body.device}).fetchone()
    else:
        return body.area
    return area_of(str(row[0])) if row else None


def _own(connection: Connection[Any], caller: Principal, rule: str | None = None) -> dict[str, list[OwnRead]]:
    rows = connection.execute(
        queries.list_thresholds, {"below": caller.below, "path": caller.path, "rule": rule}
    ).fetchall()
    found: dict[str, list[OwnRead]] = {}
    for name, area, device_kind, home_id, uid, own, enabled in rows:
        found.setdefault(name, []).append(
            OwnRead(
                area=area, device_kind=device_kind, home=None if home_id is None else str(home_id), device=uid,
                values=own, enabled=enabled,
            )
        )  # fmt: skip
    return found


def _one(connection: Connection[Any], caller: Principal, rule: str, body: ScopeBody) -> OwnRead | None:
    asked = (body.area, body.device_kind, body.home, body.device)
    found = _own(connection, caller, rule).get(rule, [])
    return next((each for each in found if (each.area, each.device_kind, each.home, each.device) == asked), None)


def _read(rule: Rule[Any, Any], own: list[OwnRead], language: str) -> RuleRead:
    return RuleRead(
        rule=rule.name,
        name=texts.kind_name(language, rule.name),
        sentence=rule.explain(language),
        about=rule.about,
        severity=rule.severity,
        clears_itself=rule.clears_itself,
        thresholds=[ThresholdRead(**each) for each in rule.described()],
        own=own,
    )


def _wishes(accept_language: str | None) -> list[str]:
    """Return the languages of an Accept-Language header as ours are called, the most wanted first."""
    wanted = []
    for nth, part in enumerate((accept_language or "").split(",")[:20]):
        name, _, quality = part.strip().partition(";q=")
        try:
            wanted.append((-float(quality or 1), nth, "zh-CN" if name.lower().startswith("zh") else name[:2].lower()))
        except ValueError:
            continue
    return [name for _, _, name in sorted(wanted)]
