"""Announced tests, and which buttons nobody has tried for too long, by plain HTTP."""

from datetime import datetime, timedelta

from alerts import press
from alerts.press import Press
from tests.integration.api_client import Api
from tests.integration.registry_fixtures import admin, api, device, home

__all__ = ["admin", "api"]


def at(caller: Api, **later: float) -> str:
    """Return the story's time in some hours or minutes."""
    return (caller.clock.now() + timedelta(**later)).isoformat()


def days_pass(admin: Api, days: int) -> None:
    """Let all be older; the clock stays, or everybody had to log in again."""
    admin.run(
        "update devices set created_at = created_at - make_interval(days => %(days)s),"
        " placed_at = placed_at - make_interval(days => %(days)s),"
        " last_test_at = last_test_at - make_interval(days => %(days)s)",
        days=days,
    )


def tried(admin: Api, uid: str) -> str:
    """Let a button be pressed and a person close its alert; returns its id."""
    admin.clock.forward(timedelta(seconds=1))
    now = admin.clock.now()
    with admin.pool.connection() as connection:
        opened = press.open_or_join(connection, press=Press(uid, f"c-{now.timestamp()}", now), now=now)
        connection.execute(
            "insert into help_calls (device_uid, call_id, what, at, received_at, alert_id) values (%s, %s, 'help', %s, %s, %s)",
            (uid, f"c-{now.timestamp()}", now, now, opened.alert_id),
        )
    admin.post(f"/alerts/{opened.alert_id}/close", {"outcome": "test", "spoke_with": "张桂英"}).ok()
    return str(opened.alert_id)


def test_an_announced_test_is_read_back_listed_and_ended(admin: Api) -> None:
    place = home(admin)
    made = admin.post("/test-windows", {"home": place, "to": at(admin, hours=1)}).ok(201)
    assert (made["home"], made["area"], made["created_by"]) == (place, None, admin.username)
    of_area = admin.post("/test-windows", {"area": "luodang", "from": at(admin, hours=1), "to": at(admin, hours=2)}).ok(
        201
    )
    assert [each["id"] for each in admin.get("/test-windows").items] == [made["id"], of_area["id"]]
    assert [each["id"] for each in admin.get("/test-windows", area="yun").items] == []
    admin.clock.forward(timedelta(minutes=5))
    for each in (made, of_area):
        admin.delete(f"/test-windows/{each['id']}").ok(204)
    assert admin.get("/test-windows").items == []
    admin.get(f"/test-windows/{of_area['id']}").problem(404)
    ended = admin.get(f"/test-windows/{made['id']}").ok()["to"]
    assert datetime.fromisoformat(ended) == admin.clock.now()
    written = [(row["action"], row["object"], row["area"]) for row in admin.get("/audit").items]
    assert ("add", f"test window {made['id']}", "anshi") in written
    assert ("remove", f"test window {of_area['id']}", "luodang") in written


def test_a_long_window_an_empty_one_and_one_of_nowhere_are_refused(admin: Api) -> None:
    place = home(admin)
    admin.post("/test-windows", {"home": place, "to": at(admin, hours=3)}).problem(422, "too long", "2 hours")
    admin.post("/test-windows", {"home": place, "to": at(admin, hours=-1)}).problem(422)
    admin.post("/test-windows", {"to": at(admin, hours=1)}).problem(422, "name one")
    admin.post("/test-windows", {"home": place, "area": "anshi", "to": at(admin, hours=1)}).problem(422, "name one")
    admin.post("/test-windows", {"home": "999", "to": at(admin, hours=1)}).problem(422)
    admin.post("/test-windows", {"area": "nowhere", "to": at(admin, hours=1)}).problem(422)


def test_tests_are_announced_within_ones_area_and_by_operators(admin: Api) -> None:
    here, there = home(admin, "anshi"), home(admin, "manwan")
    operator, viewer = admin.being("operator", "凤庆"), admin.being("viewer", "凤庆")
    mine = operator.post("/test-windows", {"home": here, "to": at(admin, hours=1)}).ok(201)["id"]
    operator.post("/test-windows", {"home": there, "to": at(admin, hours=1)}).problem(422)
    operator.post("/test-windows", {"area": "lincang", "to": at(admin, hours=1)}).problem(422)
    other = admin.post("/test-windows", {"home": there, "to": at(admin, hours=1)}).ok(201)["id"]
    assert [each["id"] for each in viewer.get("/test-windows").items] == [mine]
    operator.delete(f"/test-windows/{other}").problem(404)
    viewer.post("/test-windows", {"home": here, "to": at(admin, hours=1)}).problem(403)
    viewer.delete(f"/test-windows/{mine}").problem(403)


def test_buttons_that_nobody_tried_are_listed_the_longest_untried_first(admin: Api) -> None:
    began = admin.clock.now()
    first, second = home(admin), home(admin, "manwan")
    device(admin, "btn-tried", first)
    device(admin, "btn-never", first)
    device(admin, "cam-1", first, "camera")
    days_pass(admin, 10)
    tried(admin, "btn-tried")
    device(admin, "pendant-2", second, "pendant")
    assert admin.get("/test-calls/overdue").items == []
    days_pass(admin, 21)
    (item,) = admin.get("/test-calls/overdue").items
    assert (item["device"], item["kind"], item["home"], item["area"]) == ("btn-never", "button", first, "anshi")
    assert (item["last_test_at"], item["every_days"]) == (None, 30)
    assert datetime.fromisoformat(item["due_since"]) == began - timedelta(days=1)
    days_pass(admin, 10)
    pages = admin.pages("/test-calls/overdue", limit=1)
    assert [item["device"] for page in pages for item in page] == ["btn-never", "btn-tried", "pendant-2"]
    assert [each["device"] for each in admin.get("/test-calls/overdue", area="yun").items] == ["pendant-2"]
    assert [each["device"] for each in admin.being("viewer", "yun").get("/test-calls/overdue").items] == ["pendant-2"]
    tried(admin, "btn-never")
    admin.delete("/devices/btn-tried").ok(204)
    assert [each["device"] for each in admin.get("/test-calls/overdue").items] == ["pendant-2"]


def test_a_button_in_another_home_is_to_be_tried_anew(admin: Api) -> None:
    device(admin, "btn-1", home(admin))
    tried(admin, "btn-1")
    days_pass(admin, 5)
    admin.patch("/devices/btn-1", {"home": home(admin)}).ok()
    days_pass(admin, 31)
    (item,) = admin.get("/test-calls/overdue").items
    assert item["last_test_at"] is None


def test_the_nearest_period_up_the_tree_holds(admin: Api) -> None:
    device(admin, "btn-1", home(admin))
    days_pass(admin, 8)
    overdue = "/test-calls/overdue"
    assert admin.get("/test-periods").ok()["usual_days"] == 30
    admin.send("PUT", "/test-periods/凤庆", json={"every_days": 7}).ok()
    assert [each["every_days"] for each in admin.get(overdue).items] == [7]
    admin.send("PUT", "/test-periods/luodang", json={"every_days": 90}).ok()
    assert admin.get(overdue).items == []
    assert admin.get("/test-periods").items == [
        {"area": "luodang", "every_days": 90}, {"area": "凤庆", "every_days": 7},
    ]  # fmt: skip
    admin.delete("/test-periods/luodang").ok(204)
    assert len(admin.get(overdue).items) == 1
    operator, elsewhere = admin.being("operator"), admin.being("admin", "yun")
    operator.send("PUT", "/test-periods/凤庆", json={"every_days": 9}).problem(403)
    elsewhere.send("PUT", "/test-periods/凤庆", json={"every_days": 9}).problem(422)
    admin.send("PUT", "/test-periods/凤庆", json={"every_days": 0}).problem(422)
