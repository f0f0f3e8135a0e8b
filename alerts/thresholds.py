"""What is set otherwise than usual, and for whom? Reads it for the rules, and writes what an administrator sets."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.types.json import Jsonb

from alerts.rules import RULES
from alerts.rules.base import About
from alerts.rules.scope import Scope
from storage import sql

queries = sql.load("alerts")


@dataclass(frozen=True, slots=True)
class Where:
    """The scope that an administrator names: an area (None: everywhere) and there a kind of device; a home; a device."""

    area: str | None = None
    path: str | None = None
    device_kind: str | None = None
    home_id: int | None = None
    device_id: int | None = None

    def key(self, rule: str) -> dict[str, object]:
        """Return what a rule's row of this scope is found by."""
        return {
            "rule": rule, "area": self.area, "device_kind": self.device_kind, "home_id": self.home_id,
            "device_id": self.device_id,
        }  # fmt: skip


def scopes(
    connection: Connection[Any], *, home_ids: Sequence[int] = (), device_ids: Sequence[int] = ()
) -> Mapping[str, list[Scope]]:
    """Return, by rule, what is set for areas, and for these homes and devices."""
    rows = connection.execute(
        queries.scopes_of_thresholds, {"home_ids": list(home_ids), "device_ids": list(device_ids)}
    ).fetchall()
    found: dict[str, list[Scope]] = defaultdict(list)
    for rule, *scope in rows:
        found[rule].append(Scope(*scope))
    return found


def set_own(
    connection: Connection[Any],
    *,
    rule: str,
    where: Where,
    own: Mapping[str, int],
    enabled: bool | None,
    now: datetime,
) -> None:
    """Set what holds in a scope in place of what did, and have it looked at. Raises NotAThreshold."""
    RULES[rule].thresholds(own)
    connection.execute(queries.set_thresholds, where.key(rule) | {"own": Jsonb(dict(own)), "enabled": enabled})
    _look_again(connection, rule, where, now)


def unset(connection: Connection[Any], *, rule: str, where: Where, now: datetime) -> bool:
    """Let the wider scope hold again, and have it looked at; False where nothing was set."""
    if connection.execute(queries.unset_thresholds, where.key(rule)).fetchone() is None:
        return False
    _look_again(connection, rule, where, now)
    return True


def _look_again(connection: Connection[Any], rule: str, where: Where, now: datetime) -> None:
    """Have the scope looked at; what changes decide (silences, falls) is judged by the new thresholds from now on."""
    asked = {"path": where.path, "home_id": where.home_id, "now": now}
    if RULES[rule].judge is None:
        return
    if RULES[rule].about is About.HOME:
        connection.execute(queries.look_at_homes_of_scope, asked)
    else:
        more = {"device_id": where.device_id, "device_kind": where.device_kind}
        connection.execute(queries.look_at_devices_of_scope, asked | more)
