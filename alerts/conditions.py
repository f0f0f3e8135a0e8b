"""For which alerts is a policy, and at which hours? Writes what `policy.Condition` then judges; kinds are `staffing`'s."""

from collections.abc import Sequence
from typing import Any

from psycopg import Connection

from alerts.policy import Hours
from storage import sql

queries = sql.load("alerts")


def set_condition(
    connection: Connection[Any], *, policy_id: int, severities: Sequence[str] | None, hours: Hours | None
) -> None:
    """Say for which severities a policy is, and in which hours of the day it holds; None for all."""
    connection.execute(
        queries.set_policy_condition,
        {
            "policy_id": policy_id,
            "severities": None if severities is None else [str(each) for each in severities],
            "hours_from": None if hours is None else hours.start,
            "hours_to": None if hours is None else hours.end,
            "hours_timezone": None if hours is None else hours.timezone,
        },
    )
