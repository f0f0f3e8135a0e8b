"""Whatever /openapi.json allows of alerts, visits, rounds and reports, and what it does not, is answered."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from psycopg_pool import ConnectionPool
from schemathesis.generation import GenerationMode

from storage import series
from tests.clock import StoryClock
from tests.integration.api_client import Api, calling
from tests.stories.village import Village, step

OURS = r"^/api/v1/(alerts|visits|patrol-rounds|reports|messages|quarantine|audit)"
EACH = 20
"""Requests of an operation and a way to make them up."""


@pytest.fixture
def api(pool: ConnectionPool[Any], clock: StoryClock, database: str) -> Iterator[Api]:
    with calling(pool, clock, database) as caller:
        with pool.connection() as connection:
            series.ensure(connection, clock.now())
        yield caller


def stock(api: Api, clock: StoryClock) -> dict[str, str]:
    """Put an alert, a visit and a round there; returns the values by which requests lead to them."""
    village = Village(api.pool, clock)
    home = village.home("fengshan", policy=[step(0, "lan")])
    village.device("cam-0001", home.id, "camera")
    village.run("insert into services (code, name) values ('meal', '送餐')")
    operator, now = api.being("operator"), clock.now().isoformat()
    home.press()
    home.says("telemetry", b"not json")
    body = {"home": str(home.id), "service": "meal", "due_from": now, "due_to": now}
    return {
        "alert_id": str(home.alert().id),
        "visit_id": operator.post("/visits", body).ok(201)["id"],
        "round_id": operator.post("/patrol-rounds", {"area": "fengshan"}).ok(201)["id"],
        "home": str(home.id), "staff": str(village.phone("lan").staff_id), "area": "fengshan", "service": "meal",
    }  # fmt: skip


def lead_to(there: dict[str, str], case: schemathesis.Case) -> None:
    """Let a request be about what is there."""
    for name in case.path_parameters.keys() & there.keys():
        case.path_parameters[name] = there[name]
    if isinstance(case.body, dict):
        for name in case.body.keys() & there.keys():
            case.body[name] = there[name]
        case.body.pop("resident", None)
        if "homes" in case.body:
            case.body["homes"] = [there["home"]]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_no_request_is_answered_with_a_mistake_of_ours(api: Api, clock: StoryClock) -> None:
    there = stock(api, clock)
    caller = api.being("admin")
    address = str(api.client.base_url).rstrip("/")
    schema = schemathesis.openapi.from_url(f"{address}/openapi.json").include(path_regex=OURS)
    answered: dict[int, int] = {}
    numbers = count()
    for found in schema.get_all_operations():
        operation = found.ok()
        for mode in GenerationMode:

            @settings(
                max_examples=EACH, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )  # fmt: skip
            @given(case=operation.as_strategy(generation_mode=mode))
            def ask(case: schemathesis.Case) -> None:
                if next(numbers) % 2:
                    # half of the requests are for what is there, and name it
                    lead_to(there, case)
                answer = case.call(headers={"Authorization": f"Bearer {caller.token}"})
                answered[answer.status_code] = answered.get(answer.status_code, 0) + 1
                assert answer.status_code < 500, f"{case.as_curl_command()}: {answer.text}"
                if answer.status_code >= 400:
                    assert answer.headers["content-type"] == ["application/problem+json"]
                else:
                    case.validate_response(answer, checks=[schemathesis.checks.response_schema_conformance])

            ask()
    assert answered[200] > 100
    assert answered[201] > 10
    assert answered[422] > 100
