"""Alerts raised by hand, and lists of alerts, over real HTTP: the contract's order, in pages, and only what is asked for."""

from datetime import timedelta
from typing import Any

import pytest

from tests.integration.api_client import Api
from tests.integration.work_fixtures import api, pressed, village
from tests.stories.village import Village, step

__all__ = ["api", "village"]

# By hand --------------------------------------------------------------------------------------------------------------


def test_a_neighbours_call_is_an_alert_that_is_told(api: Api, village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan")])
    operator = api.being("operator", username="wang")
    raised = operator.post("/alerts", {"kind": "help", "home": str(home.id), "text": "heard her call"}).ok(201)
    assert (raised["kind"], raised["home"], raised["text"]) == ("help", str(home.id), "heard her call")
    assert raised["resident_name"] == "张桂英"
    assert [(row["what"], row["who"]) for row in raised["timeline"]] == [("raised", "wang")]
    village.settle()
    village.phone("lan").expect_sms("求助", home.address)


def test_a_call_by_hand_joins_the_press_that_is_open(api: Api, village: Village) -> None:
    home, path = pressed(village)
    joined = api.being("operator").post("/alerts", {"kind": "help", "home": str(home.id)}).ok(201)
    assert (f"/alerts/{joined['id']}", joined["count"]) == (path, 2)


def test_an_alert_by_hand_may_name_the_resident(api: Api, village: Village) -> None:
    home = village.home("凤山村")
    resident = api.rows("select id from residents")[0][0]
    raised = api.being("operator").post("/alerts", {"kind": "fall", "resident": str(resident)}).ok(201)
    assert (raised["severity"], raised["home"], raised["resident"]) == ("critical", str(home.id), str(resident))


@pytest.mark.parametrize(
    "body",
    [
        {}, {"kind": "help"}, {"kind": "help", "home": "999"}, {"kind": "help", "home": "abc"},
        {"kind": "help", "home": 1}, {"kind": "help", "resident": "999"}, {"kind": "Help!", "home": "1"},
        {"kind": "", "home": "1"}, {"kind": "x" * 41, "home": "1"}, {"kind": "help", "home": "1", "area": "city"},
        {"kind": "help", "home": "1", "text": "\x00"}, {"kind": "help", "home": "9" * 30}, [], "help",
    ],
)  # fmt: skip
def test_an_alert_by_hand_needs_a_place_that_there_is(api: Api, village: Village, body: object) -> None:
    village.home("凤山村")
    api.being("operator").post("/alerts", body).problem(422)
    assert api.rows("select count(*) from alerts")[0][0] == 0


# Lists ----------------------------------------------------------------------------------------------------------------


def many(api: Api, village: Village) -> dict[str, dict[str, Any]]:
    """Raise alerts a minute apart in two villages, close every third, and return them by id."""
    homes = [village.home(area) for area in ("凤山村", "安石村")]
    operator = api.being("operator")
    for number in range(12):
        village.clock.forward(timedelta(minutes=1))
        body = {"kind": ("worry", "fall")[number % 4 == 0], "home": str(homes[number % 2].id)}
        alert = operator.post("/alerts", body).ok(201)
        if number % 3 == 0:
            operator.post(f"/alerts/{alert['id']}/close", {"outcome": "other"}).ok()
        elif number % 5 == 0:
            operator.post(f"/alerts/{alert['id']}/accept").ok()
    return {alert["id"]: alert for alert in operator.all("/alerts", limit=500)}


def expected(alerts: dict[str, dict[str, Any]], **wanted: set[str]) -> list[str]:
    """Return the ids of the alerts that are wanted, in the contract's order, worked out from the alerts themselves."""
    found = [each for each in alerts.values() if all(each[key] in values for key, values in wanted.items())]
    newest_first = sorted(found, key=lambda each: (each["raised_at"], int(each["id"])), reverse=True)
    return [each["id"] for each in sorted(newest_first, key=lambda each: each["state"] == "closed")]


@pytest.mark.parametrize("limit", [1, 3, 5, 12, 500])
def test_a_list_is_read_whole_in_pages_of_any_size(api: Api, village: Village, limit: int) -> None:
    alerts = many(api, village)
    pages = api.being("viewer").pages("/alerts", limit=limit)
    assert [each["id"] for page in pages for each in page] == expected(alerts)
    assert [len(page) for page in pages[:-1]] == [limit] * (len(pages) - 1)


def test_a_list_keeps_to_what_is_asked_for(api: Api, village: Village) -> None:
    alerts = many(api, village)
    viewer = api.being("viewer")

    def ids(**query: object) -> list[str]:
        return [each["id"] for each in viewer.all("/alerts", limit=2, **query)]

    open_states = {"raised", "notified", "accepted", "en_route", "arrived"}
    assert ids(state="open") == expected(alerts, state=open_states)
    assert ids(state="closed") == expected(alerts, state={"closed"})
    assert ids(state="raised,closed") == expected(alerts, state={"raised", "closed"})
    assert ids(state=["accepted", "closed"]) == expected(alerts, state={"accepted", "closed"})
    assert ids(kind="fall") == expected(alerts, kind={"fall"})
    assert ids(kind="fall,worry") == expected(alerts)
    assert ids(area="安石村") == expected(alerts, area={"安石村"})
    assert ids(area="town") == expected(alerts)
    assert ids(kind="fall", area="凤山村", state="open") == expected(
        alerts, kind={"fall"}, area={"凤山村"}, state=open_states
    )


def test_a_list_keeps_to_the_time_that_is_asked_for(api: Api, village: Village) -> None:
    alerts = many(api, village)
    times = sorted(each["raised_at"] for each in alerts.values())
    within = {each for each in times if times[3] <= each < times[8]}
    found = api.being("viewer").all("/alerts", from_=times[3], to=times[8])
    assert [each["id"] for each in found] == expected(alerts, raised_at=within)
    assert len(found) == 5


def test_an_alert_that_comes_while_one_reads_shifts_nothing(api: Api, village: Village) -> None:
    alerts = many(api, village)
    viewer, operator = api.being("viewer"), api.being("operator")
    first = viewer.get("/alerts", limit=4, state="open").ok()
    home = next(iter(alerts.values()))["home"]
    operator.post("/alerts", {"kind": "worry", "home": home}).ok(201)
    rest = viewer.get("/alerts", limit=500, state="open", cursor=first["next"]).ok()
    open_states = {"raised", "notified", "accepted"}
    assert [each["id"] for each in first.items + rest.items] == expected(alerts, state=open_states)


@pytest.mark.parametrize(
    "query",
    [
        {"state": "lost"}, {"state": "open,lost"}, {"area": "nowhere"}, {"from_": "yesterday"}, {"limit": "0"},
        {"limit": "501"}, {"cursor": "xyz"}, {"from_": "2026-11-25T00:00:00Z", "to": "2026-11-24T00:00:00Z"},
        {"from_": "2026-11-24T00:00:00"}, {"kind": "\x00"},
    ],
)  # fmt: skip
def test_what_cannot_be_asked_for_is_said(api: Api, query: dict[str, object]) -> None:
    api.being("viewer").get("/alerts", **query).problem(422)
