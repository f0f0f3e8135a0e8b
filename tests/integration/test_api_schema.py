"""Whatever /openapi.json allows, and what it does not, is answered; nothing of it is a mistake of ours."""

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
from tests.integration.registry_fixtures import RESIDENT, admin, device, home, staff
from tests.integration.test_api_oncall import policy, rota

__all__ = ["admin"]

OURS = (
    r"^/api/v1/(areas|homes|residents|devices|discovered|fleet|firmware|services|staff|rotas|overrides|policies|oncall|users"
    r"|swaps|calendars|warnings|test-|care)"
)
EACH = 20
"""Requests of an operation and a way to make them up."""
NAMED = {"area": "anshi", "parent": "凤庆", "level": "township", "timezone": "Asia/Shanghai", "phone": "+8613800000001"}
"""Values that the schema alone cannot tell from any other text."""


@pytest.fixture
def api(pool: ConnectionPool[Any], clock: StoryClock, database: str) -> Iterator[Api]:
    with calling(pool, clock, database) as caller:
        with pool.connection() as connection:
            series.ensure(connection, clock.now())
        yield caller


def stock(admin: Api) -> dict[str, str]:
    """Put one of everything there; returns the values of paths that lead to it."""
    place = home(admin, lat=24.5, lon=99.9)
    lan = staff(admin)
    device(admin, "cam-1", place, "camera")
    shift = rota(admin, [lan])
    body = {"rota": shift, "from": "2026-11-24T02:00:00Z", "to": "2026-11-24T04:00:00Z", "staff": lan}
    ahead = {"rota": shift, "from": "2026-11-25T02:00:00Z", "to": "2026-11-25T04:00:00Z", "staff": staff(admin, "赵梅")}
    admin.post("/services", {"code": "meal", "name": "送餐"}).ok(201)
    chat = {"kind": "chat", "name": "钉钉", "address": "dingtalk://abcdefghijklmnop"}
    channels = admin.send("PUT", f"/staff/{lan}/channels", json={"channels": [chat]})
    admin.run(
        "insert into discovered (format, hub_uid, address, name, first_seen, last_seen)"
        " values ('tasmota', null, 'A8F1', 'lamp', %(now)s, %(now)s)"
    )
    cold = {"name": "寒潮", "from": "2026-11-24T00:00:00Z", "to": "2026-11-30T00:00:00Z", "every_days": 1}
    admin.post("/alerts", {"kind": "care_gap", "home": place}).ok(201)
    due = {"due_from": "2026-11-24T02:00:00Z", "due_to": "2026-11-24T04:00:00Z"}
    return {
        "occasion_id": admin.post("/care/occasions", cold).ok(201)["id"],
        "case_id": admin.get("/care/cases").items[0]["id"],
        "visit_id": admin.post("/visits", {"home": place, "service": "meal", **due}).ok(201)["id"],
        "discovered_id": str(admin.rows("select id from discovered")[0][0]), "channel_id": channels.items[0]["id"],
        "rule": "battery_low",
        "home_id": place, "staff_id": lan, "uid": "cam-1", "rota_id": shift, "code": "meal",
        "resident_id": admin.post("/residents", {**RESIDENT, "home": place}).ok(201)["id"],
        "override_id": admin.post("/overrides", body).ok(201)["id"],
        "pause_id": admin.post(f"/rotas/{shift}/pauses", {"staff": lan, "from": "2027-01-01T00:00:00Z"}).ok(201)["id"],
        "swap_id": admin.post("/swaps", ahead).ok(201)["id"],
        "calendar_id": admin.post("/calendars", {"rota": shift}).ok(201)["id"],
        "policy_id": policy(admin, {"after_s": 0, "rota": shift}),
        "window_id": admin.post("/test-windows", {"home": place, "to": "2026-11-24T02:30:00Z"}).ok(201)["id"],
        "area": "anshi",
        "user_id": admin.post("/users", {"username": "wang", "role": "viewer"}).ok(201)["id"],
    }  # fmt: skip


def lead_to(there: dict[str, str], case: schemathesis.Case) -> None:
    """Let a request be about what is there."""
    named = {**NAMED, "home": there["home_id"], "staff": there["staff_id"], "rota": there["rota_id"]}
    for name in case.path_parameters:
        case.path_parameters[name] = "anshi" if case.path.startswith("/api/v1/areas") else there[name]
    if isinstance(case.body, dict):
        for name in case.body.keys() & named.keys():
            case.body[name] = named[name]
        case.body.pop("hub", None)
        if "members" in case.body:
            case.body["members"] = [there["staff_id"]]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_no_request_is_answered_with_a_mistake_of_ours(admin: Api) -> None:
    there = stock(admin)
    callers = [admin.being("admin")]
    address = str(admin.client.base_url).rstrip("/")
    schema = schemathesis.openapi.from_url(f"{address}/openapi.json").include(path_regex=OURS)
    answered: dict[int, int] = {}
    numbers = count()
    for found in schema.get_all_operations():
        operation = found.ok()
        for mode in GenerationMode:

            @settings(
                max_examples=EACH,
                deadline=None,
                database=None,
                derandomize=True,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy(generation_mode=mode))
            def ask(case: schemathesis.Case) -> None:
                if next(numbers) % 2:
                    # half of the requests are for what is there, and name it
                    lead_to(there, case)
                answer = case.call(headers={"Authorization": f"Bearer {callers[-1].token}"})
                answered[answer.status_code] = answered.get(answer.status_code, 0) + 1
                if answer.status_code == 401:
                    # he has removed himself
                    callers.append(admin.being("admin"))
                assert answer.status_code < 500, f"{case.as_curl_command()}: {answer.text}"
                if answer.status_code >= 400:
                    assert answer.headers["content-type"] == ["application/problem+json"]

            ask()
    assert answered[200] > 100
    assert answered[201] > 50
    assert answered[422] > 100
    assert answered.get(401, 0) < 20
