"""What is written down of a look or a change? Rows of the audit log, which name private values but never hold them."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from psycopg import Connection
from pydantic import BaseModel

from api import audit
from api.audit import Who
from api.problems import conflict


def looked(
    connection: Connection[Any],
    who: Who,
    what: str,
    *,
    area: str | None,
    now: datetime,
    detail: Mapping[str, object] | None = None,
) -> None:
    """Write down that somebody looked at a person's data; `what` is kind and id, as `resident 12`."""
    audit.record(
        connection,
        who,
        action="read",
        object=what,
        area=area,
        detail=None if detail is None else {name: value for name, value in detail.items() if value is not None},
        now=now,
    )


def added(
    connection: Connection[Any],
    who: Who,
    what: str,
    *,
    area: str | None,
    now: datetime,
    detail: dict[str, Any] | None = None,
) -> None:
    """Write down that somebody added something."""
    audit.record(connection, who, action="add", object=what, area=area, detail=detail, now=now)


def changed(
    connection: Connection[Any],
    who: Who,
    what: str,
    before: BaseModel,
    after: BaseModel,
    *,
    area: str | None,
    private: Collection[str] = (),
    now: datetime,
) -> None:
    """Write down what somebody changed, as [before, after]; of `private` fields only that they were changed."""
    old, new = before.model_dump(mode="json"), after.model_dump(mode="json")
    detail = {
        name: "changed" if name in private else [old[name], value]
        for name, value in new.items()
        if old[name] != value and name != "health"
    }
    if detail:
        audit.record(connection, who, action="change", object=what, area=area, detail=detail, now=now)


def removed(connection: Connection[Any], who: Who, what: str, *, area: str | None, now: datetime) -> None:
    """Write down that somebody removed something."""
    audit.record(connection, who, action="remove", object=what, area=area, now=now)


def done(connection: Connection[Any], who: Who, action: str, what: str, *, area: str | None, now: datetime) -> None:
    """Write down something else that somebody did."""
    audit.record(connection, who, action=action, object=what, area=area, now=now)


def refuse_used(connection: Connection[Any], query: bytes, values: Mapping[str, object], *, what: str) -> None:
    """Raise Problem 409 where something still counts on what is to be removed; it says what."""
    uses = connection.execute(query, values).fetchall()
    if not uses:
        return
    told = []
    for kind, count, some in uses:
        more = ", ..." if count > len(some) else ""
        told.append(f"{kind}: {count} ({', '.join(some)}{more})")
    raise conflict(
        f"{what} is still in use by {'; '.join(told)}; free it from those first",
        in_use={kind: count for kind, count, _ in uses},
    )
