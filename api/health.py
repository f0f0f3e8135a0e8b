"""Is this process up, can it serve, and how does the system fare? For probes and Prometheus; nothing here names a person."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import psycopg
import structlog
from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from psycopg import Connection
from psycopg_pool import PoolTimeout
from pydantic import BaseModel, Field

from api.context import Context, Ctx
from api.problems import Problem
from storage import migrate, sql

queries = sql.load("api.work")
log = structlog.get_logger("api.health")
router = APIRouter(tags=["health"])

WITHIN_S = 2.0
"""A probe that gets no connection within this time hears that there is none."""
ROLES = ("gateway-urgent", "gateway-bulk", "alerts")
"""The roles without which a press is not heard, stored or answered."""
FAILED_WITHIN = timedelta(hours=1)


class Alive(BaseModel):
    """The process answers."""

    status: str = "ok"


class RoleHealth(BaseModel):
    """Since when a role is up without a gap, and how long ago it last said so."""

    up_since: datetime
    beat_at: datetime
    age_s: float = Field(description="seconds since its last sign of life; over 20 it counts as down")


class Ready(BaseModel):
    """The process can serve. The other roles are told of, and do not decide it."""

    status: str = "ready"
    schema_has: int = Field(description="the newest migration of the database")
    schema_needs: int = Field(description="the newest migration of this version")
    roles: dict[str, RoleHealth | None] = Field(description="null: never heard of")


@router.get("/healthz")
async def healthz() -> Alive:
    """Say that the process is up; asks nobody, the database least of all."""
    return Alive()


@router.get("/readyz")
def readyz(context: Ctx) -> Ready:
    """Say whether requests can be served: the database is in reach and its schema is the one of this version.

    503 otherwise. A schema of a newer version serves: migrations run while the old version still does.
    """
    now = context.clock.now()
    with context.pool.connection(timeout=WITHIN_S) as connection:
        connection.execute(queries.at_once)
        has, needs = migrate.applied(connection), migrate.newest()
        if has < needs:
            raise Problem(
                503,
                f"the schema is at migration {has:04d} and this version needs {needs:04d}; run `anju migrate`",
                title="The schema is behind",
                headers={"Retry-After": "2"},
                schema_has=has,
                schema_needs=needs,
            )
        roles: dict[str, RoleHealth | None] = dict.fromkeys(ROLES)
        for role, up_since, beat_at, _ in connection.execute(queries.role_beats).fetchall():
            roles[role] = RoleHealth(up_since=up_since, beat_at=beat_at, age_s=_age_s(beat_at, now))
    return Ready(schema_has=has, schema_needs=needs, roles=roles)


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
def metrics(context: Ctx) -> Response:
    """Tell Prometheus of this process, and of the system as the database has it at this moment."""
    of_system = CollectorRegistry()
    of_system.register(_System(context))
    return Response(generate_latest(REGISTRY) + generate_latest(of_system), media_type=CONTENT_TYPE_LATEST)


class _System(Collector):
    """What the database says of the whole system, read once a scrape; without a database only that it is out of reach."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def describe(self) -> list[Metric]:
        """Name nothing beforehand: registering must not ask the database."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Read the gauges."""
        found: list[Metric] = []
        try:
            with self._context.pool.connection(timeout=WITHIN_S) as connection:
                connection.execute(queries.at_once)
                found = list(_gauges(connection, self._context.clock.now()))
        except (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout) as error:
            log.warning("database out of reach", error=(str(error).splitlines() or [type(error).__name__])[0])
        yield GaugeMetricFamily("anju_database_up", "Whether the database answered this scrape", value=bool(found))
        yield from found


def _gauges(connection: Connection[Any], now: datetime) -> Iterator[Metric]:
    alerts = GaugeMetricFamily("anju_alerts_open", "Alerts that are not closed", labels=["severity", "state"])
    for severity, state, count in connection.execute(queries.open_alerts_by_state).fetchall():
        alerts.add_metric([severity, state], count)
    yield alerts
    oldest = connection.execute(queries.oldest_unanswered).fetchone()
    yield GaugeMetricFamily(
        "anju_alert_oldest_unanswered_seconds",
        "How long the oldest critical alert waits for an answer; 0 when none does",
        value=_age_s(oldest[0], now) if oldest and oldest[0] is not None else 0,
    )
    messages = connection.execute(queries.messages_in_trouble, {"since": now - FAILED_WITHIN}).fetchone() or (0, 0)
    yield GaugeMetricFamily("anju_messages_waiting", "Messages that are still to leave", value=messages[0])
    yield GaugeMetricFamily(
        "anju_messages_failed_last_hour", "Messages of the last hour that reached nobody", value=messages[1]
    )
    size = connection.execute(queries.quarantine_size).fetchone() or (0,)
    yield GaugeMetricFamily("anju_quarantine_messages", "Messages that could not be read", value=size[0])
    devices = GaugeMetricFamily("anju_devices", "Registered devices", labels=["state"])
    for state, count in connection.execute(queries.devices_by_state).fetchall():
        devices.add_metric([state], count)
    yield devices
    age = GaugeMetricFamily("anju_role_beat_age_seconds", "Since a role's last sign of life", labels=["role"])
    counter = CounterMetricFamily(
        "anju_role_counter", "What a role has counted since it began", labels=["role", "name"]
    )
    for role, _, beat_at, counters in connection.execute(queries.role_beats).fetchall():
        age.add_metric([role], _age_s(beat_at, now))
        for name, value in counters.items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                counter.add_metric([role, name], value)
    yield age
    yield counter


def _age_s(since: datetime, now: datetime) -> float:
    return max(0.0, (now - since).total_seconds())
