"""What do administrators settle: the times that an area has of its own, and how often a phone may ring?"""

from collections.abc import Mapping, Sequence
from typing import Any

from psycopg import Connection

from alerts.lifecycle import Patience
from alerts.limits import Limit
from alerts.model import Severity
from alerts.noise import DigestHour
from storage import sql

queries = sql.load("alerts")


def set_times(
    connection: Connection[Any], *, area: str, times: Mapping[Severity, Patience], digest: DigestHour | None
) -> None:
    """Give an area its own times in place of those it had; for what is left out the area above holds, else the usual."""
    connection.execute(queries.delete_answer_times, {"area": area})
    connection.execute(queries.delete_digest_hour, {"area": area})
    for severity, patience in times.items():
        connection.execute(
            queries.write_answer_times,
            {
                "area": area,
                "severity": severity,
                "accepted_s": int(patience.accepted.total_seconds()),
                "en_route_s": int(patience.en_route.total_seconds()),
                "arrived_s": int(patience.arrived.total_seconds()),
                "asked_s": int(patience.asked.total_seconds()),
            },
        )
    if digest is not None:
        connection.execute(queries.write_digest_hour, {"area": area, "at_hour": digest.at, "timezone": digest.timezone})


def set_limits(connection: Connection[Any], limits: Sequence[Limit]) -> None:
    """Write how many messages one responder may get, in place of the limits there were; none at all: no limit."""
    connection.execute(queries.delete_limits)
    for each in limits:
        connection.execute(
            queries.write_limit,
            {
                "channel": each.channel,
                "purpose": each.purpose,
                "at_most": each.at_most,
                "within_s": int(each.within.total_seconds()),
            },
        )
