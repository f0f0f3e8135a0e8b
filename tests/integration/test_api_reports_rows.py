"""Each figure of a report opens the rows behind it, and they are as many as it says: of all, and of each of its parts."""

from datetime import timedelta
from random import Random
from typing import Any

import pytest

from tests.integration.api_client import Api
from tests.integration.test_api_reports_seen import looked_at, ping, with_camera
from tests.integration.work_fixtures import Row, api, village
from tests.stories.village import Village

__all__ = ["api", "village"]

REPORTS = ("response", "coverage", "devices", "services")
AREAS = ("凤山村", "安石村")
CATEGORIES = ("lives_alone", "disabled", "destitute")


def lived(village: Village, api: Api, seed: int) -> None:
    """Let a village live for some days as the dice fall: presses, pings, looks, calls, and visits that end in every way."""
    dice = Random(seed)
    homes = [with_camera(village, AREAS[number % 2]) for number in range(5)]
    village.run("update residents set category = '{}'")
    for home in homes:
        chosen = dice.sample(CATEGORIES, dice.randint(0, 2))
        village.run("update residents set category = %(c)s where home_id = %(h)s", c=chosen, h=home.id)
    for _ in range(18):
        home = dice.choice(homes)
        # a session ends before such a time is over
        operator = api.being("operator")
        match dice.randrange(6):
            case 0:
                home.press()
                if dice.random() < 0.6:
                    home.alert().accept("lan")
            case 1:
                ping(village, home, presence=dice.random() < 0.5)
            case 2:
                looked_at(api, home, dice.choice(("well", "no_answer")))
            case 3:
                resident = village.one(f"select id from residents where home_id = {home.id}")
                operator.post(f"/residents/{resident}/seen", {"how": "telephone"}).ok(201)
            case _:
                visited(village, operator, home.id, dice)
        village.clock.forward(timedelta(hours=dice.randint(1, 9)))


def visited(village: Village, operator: Api, home: int, dice: Random) -> None:
    now = village.clock.now()
    wish: dict[str, Any] = {
        "home": str(home), "service": dice.choice(("meals", "company")), "due_from": now.isoformat(),
        "due_to": (now + timedelta(minutes=30)).isoformat(),
    }  # fmt: skip
    staff = {"staff": str(village.phone(dice.choice(("lan", "mei"))).staff_id)} if dice.random() < 0.8 else {}
    visit = f"/visits/{operator.post('/visits', {**wish, **staff, 'force': True}).ok(201)['id']}"
    way = dice.choice(("open", "cancel", "fail", "complete", "decline"))
    if way == "cancel":
        operator.post(f"{visit}/cancel").ok()
    elif staff and way == "decline":
        operator.post(f"{visit}/decline", {"reason": "ill"}).ok()
    elif staff and way == "fail":
        operator.post(f"{visit}/fail", {"kind": dice.choice(("nobody_home", "refused", "no_access", "other"))}).ok()
    elif staff and way == "complete":
        village.clock.forward(timedelta(minutes=dice.choice((5, 45))))
        operator.post(f"{visit}/arrive").ok()
        operator.post(f"{visit}/complete", {"outcome": "helped"}).ok()


def figures(row: Row) -> dict[str, int]:
    """Return the figures of a row that have rows behind them."""
    none = ("device_days", "device_days_heard")
    return {
        name: value
        for name, value in row.items()
        if isinstance(value, int) and not isinstance(value, bool) and name not in none
    }


def behind(reader: Api, report: str, figure: str, *, limit: int = 200, **asked: str) -> int:
    return len(reader.all(f"/reports/{report}/rows", figure=figure, limit=str(limit), **asked))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("name", REPORTS)
def test_every_figure_is_as_many_rows(api: Api, village: Village, name: str, seed: int) -> None:
    lived(village, api, seed)
    reader = api.being("operator")
    report = reader.get(f"/reports/{name}", by="week").ok()
    assert sum(figures(report["total"]).values()) > 0
    for figure, value in figures(report["total"]).items():
        assert behind(reader, name, figure, limit=3) == value, figure
        # the areas, with what stands directly in none of them, are the whole
        assert sum(row[figure] for row in report["areas"]) == value, figure
    parts = [({"part": row["area"]}, row) for row in report["areas"] if row["area"] is not None]
    parts += [({"category": row["category"]}, row) for row in report["categories"]]
    parts += [({"service": row["service"] or ""}, row) for row in report.body.get("services", [])]
    parts += [({"staff": row["staff"] or ""}, row) for row in report.body.get("people", [])]
    parts += [({"kind": row["kind"]}, row) for row in report.body.get("kinds", [])]
    if name != "devices":
        parts += [({"by": "week", "period": row["period"]}, row) for row in report["periods"]]
    for asked, row in parts:
        for figure, value in figures(row).items():
            assert behind(reader, name, figure, **asked) == value, (asked, figure)
    if name in ("response", "services"):
        for figure, value in figures(report["total"]).items():
            assert sum(row[figure] for row in report["periods"]) == value, figure


def test_a_figure_that_has_no_rows_is_refused(api: Api, village: Village) -> None:
    with_camera(village)
    reader = api.being("viewer")
    reader.get("/reports/coverage/rows", figure="homes_seen_share").problem(422, "use one of homes, homes_seen")
    reader.get("/reports/coverage/rows", figure="homes", service="meals").problem(422, "has no such parts")
    reader.get("/reports/services/rows", figure="asked", period="2026-11-01").problem(422, "day, week or month")
    reader.get("/reports/devices/rows", figure="devices", by="day", period="2026-11-01").problem(422, "as they do now")
    reader.get("/reports/services", by="day", **{"from": "2020-01-01T00:00:00Z"}).problem(422, "ask for longer ones")


def test_whose_names_were_opened_is_written_down(api: Api, village: Village) -> None:
    home = with_camera(village)
    village.home("安石村")
    reader = api.being("viewer", area="凤山村")
    rows = reader.get("/reports/coverage/rows", figure="residents_not_seen").ok()["items"]
    assert [row["thing"] for row in rows] == ["resident"]
    (seen,) = [row for row in api.being("admin").all("/audit") if row["object"] == "residents"]
    assert seen["detail"] == {"residents": [rows[0]["id"]], "report": "coverage", "figure": "residents_not_seen"}
    others = api.being("viewer", area="安石村").get("/reports/coverage/rows", figure="homes").ok()["items"]
    assert len(others) == 1
    assert str(home.id) not in [row["id"] for row in others]
