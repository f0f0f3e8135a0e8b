"""Who was seen, which devices were heard, which services were done: reports against an independent count, over real HTTP."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from devices import days, telemetry
from devices.model import PatrolPing, StatusChange, Telemetry
from devices.telemetry import Received
from tests.integration.api_client import Api
from tests.integration.work_fixtures import Row, api, rows_of, the_same, village
from tests.stories.village import Home, Village, step

__all__ = ["api", "village"]

# Coverage -------------------------------------------------------------------------------------------------------------


def ping(village: Village, home: Home, *, at: datetime | None = None, **said: Any) -> None:
    """Let a home's camera report."""
    at = at or village.clock.now()
    with village.pool.connection() as connection:
        uid = f"cam-{home.id:04}"
        device = telemetry.known_devices(connection, [uid])[uid]
        reading = PatrolPing(uid, f"p{at.timestamp()}", at=at, **said)
        telemetry.store(connection, [(device, Received(reading, at))], at)


def with_camera(village: Village, area: str = "凤山村") -> Home:
    home = village.home(area)
    village.device(f"cam-{home.id:04}", home.id, "camera")
    return home


def visited(village: Village, api: Api, home: Home) -> None:
    village.run("insert into services (code, name) values ('meal', '送餐') on conflict do nothing")
    operator, now = api.being("operator"), village.clock.now().isoformat()
    body = {"home": str(home.id), "service": "meal", "due_from": now, "due_to": now}
    visit = operator.post("/visits", body | {"staff": str(village.phone("lan").staff_id)}).ok(201)["id"]
    operator.post(f"/visits/{visit}/arrive").ok()
    operator.post(f"/visits/{visit}/complete", {"outcome": "helped"}).ok()


def looked_at(api: Api, home: Home, result: str) -> None:
    operator = api.being("operator")
    patrol = operator.post("/patrol-rounds", {"area": home.area, "homes": [str(home.id)]}).ok(201)["id"]
    operator.post(f"/patrol-rounds/{patrol}/looks", {"home": str(home.id), "result": result}).ok(201)


SEEN: dict[str, tuple[Callable[[Village, Api, Home], None], bool]] = {
    "a ping that shows somebody": (lambda village, _, home: ping(village, home, presence=True), True),
    "a ping that counts somebody": (lambda village, _, home: ping(village, home, persons=2), True),
    "a look that finds them well": (lambda _, api, home: looked_at(api, home, "well"), True),
    "a completed visit": (visited, True),
    "nothing": (lambda *_: None, False),
    "a ping of an empty room": (lambda village, _, home: ping(village, home, presence=False, persons=0), False),
    "a ping that says nothing": (lambda village, _, home: ping(village, home), False),
    "a look without an answer": (lambda _, api, home: looked_at(api, home, "no_answer"), False),
    "a press": (lambda _v, _a, home: home.press() and None, False),
}


def test_coverage_is_of_who_was_really_seen(api: Api, village: Village) -> None:
    seen: dict[str, list[bool]] = {"凤山村": [], "安石村": []}
    for number, (see, counts) in enumerate(SEEN.values()):
        area = ("凤山村", "安石村")[number % 2]
        home = with_camera(village, area)
        see(village, api, home)
        seen[area].append(counts)
    village.clock.forward(timedelta(seconds=1))
    report = api.being("viewer").get("/reports/coverage", area="town").ok()
    everybody = seen["凤山村"] + seen["安石村"]
    for row, homes in [(report["total"], everybody), *((rows_of(report)[code], each) for code, each in seen.items())]:
        assert (row["homes"], row["homes_seen"], row["homes_not_seen"]) == (
            len(homes), sum(homes), len(homes) - sum(homes),
        )  # fmt: skip
        assert (row["residents"], row["residents_seen"]) == (len(homes), sum(homes))
        assert row["homes_seen_share"] == pytest.approx(sum(homes) / len(homes))
    by_what = [report["total"][f"homes_seen_by_{what}"] for what in ("camera", "look", "visit")]
    assert by_what == [2, 1, 1]


@pytest.mark.parametrize("what", [name for name, (_, counts) in SEEN.items() if counts])
def test_only_what_was_seen_in_the_time_counts(api: Api, village: Village, what: str) -> None:
    home = with_camera(village)
    village.clock.forward(timedelta(days=1))
    SEEN[what][0](village, api, home)
    at = village.clock.now()
    village.clock.forward(timedelta(days=1))
    viewer = api.being("viewer")

    def seen(start: datetime, end: datetime) -> int:
        report = viewer.get("/reports/coverage", from_=start.isoformat(), to=end.isoformat()).ok()
        return int(report["total"]["homes_seen"])

    hour = timedelta(hours=1)
    assert seen(at - hour, at + hour) == 1
    assert seen(at, at + hour) == 1
    assert seen(at - hour, at) == 0
    assert seen(at + hour, at + 2 * hour) == 0


def test_a_home_with_two_residents_counts_twice_and_who_has_gone_not_at_all(api: Api, village: Village) -> None:
    home, empty, gone = with_camera(village), with_camera(village), with_camera(village)
    ping(village, home, presence=True)
    village.run("insert into residents (home_id, name, created_at) values (%(home)s, '李秀兰', %(now)s)", home=home.id)
    village.run("update residents set removed_at = %(now)s where home_id = %(home)s", home=empty.id)
    village.run("update homes set removed_at = %(now)s where id = %(home)s", home=gone.id)
    village.clock.forward(timedelta(seconds=1))
    total = api.being("viewer").get("/reports/coverage").ok()["total"]
    assert (total["homes"], total["residents"], total["residents_seen"]) == (2, 2, 2)


def test_what_a_camera_saw_in_its_former_home_is_not_of_this_one(api: Api, village: Village) -> None:
    here, there = with_camera(village), village.home("安石村")
    ping(village, here, presence=True)
    village.clock.forward(timedelta(hours=1))
    village.run(
        "update devices set home_id = %(there)s, placed_at = %(now)s where home_id = %(here)s and kind = 'camera'",
        here=here.id, there=there.id,
    )  # fmt: skip
    village.clock.forward(timedelta(hours=1))
    assert api.being("viewer").get("/reports/coverage").ok()["total"]["homes_seen"] == 0


# Devices --------------------------------------------------------------------------------------------------------------


def end_day(village: Village) -> None:
    """Let a day pass, and end it for every device."""
    village.clock.forward(timedelta(days=1))
    ended = 1
    while ended:
        with village.pool.connection() as connection:
            ended = days.end_day(connection, "Asia/Shanghai", village.clock.now())


def test_devices_are_counted_by_state_and_by_the_days_on_which_they_were_heard(api: Api, village: Village) -> None:
    homes = [with_camera(village), with_camera(village, "安石村")]
    began = village.clock.now()
    heard_days = {homes[0].id: [0, 1, 2, 4, 9], homes[1].id: [3]}
    for day in range(10):
        for home in homes:
            if day in heard_days[home.id]:
                ping(village, home)
        end_day(village)
    with api.pool.connection() as connection:
        button = telemetry.known_devices(connection, [homes[0].button])[homes[0].button]
        flat = Received(Telemetry(homes[0].button, at=village.clock.now(), battery=7), village.clock.now())
        telemetry.store(connection, [(button, flat)], village.clock.now())
    village.run("update device_latest set state = 'late' where device_id = (select min(device_id) from device_latest)")
    asked = {"from_": (began - timedelta(days=1)).isoformat(), "area": "town"}
    report = api.being("viewer").get("/reports/devices", **asked).ok()
    states = dict(api.rows("select state, count(*) from device_latest group by state"))
    total = report["total"]
    assert {state: total[state] for state in ("online", "late", "offline", "never")} == {
        state: states.get(state, 0) for state in ("online", "late", "offline", "never")
    }  # fmt: skip
    assert (total["devices"], total["battery_low"], total["online_share"]) == (4, 1, states["online"] / 4)
    kinds = {row["kind"]: row for row in report["kinds"]}
    # the second camera was first heard on the fourth day
    assert (kinds["camera"]["device_days"], kinds["camera"]["device_days_heard"]) == (17, 6)
    assert kinds["camera"]["heard_share"] == pytest.approx(6 / 17)
    assert {code: row["device_days_heard"] for code, row in rows_of(report).items()} == {"凤山村": 5, "安石村": 1}
    assert kinds["button"]["availability"] is None


def test_availability_is_the_share_of_the_time_for_which_devices_were_not_offline(api: Api, village: Village) -> None:
    home = with_camera(village)
    began = village.clock.now()
    ping(village, home)
    end_day(village)
    uid = f"cam-{home.id:04}"
    with api.pool.connection() as connection:
        camera = telemetry.known_devices(connection, [uid])[uid]
        gone = Received(StatusChange(uid, online=False), village.clock.now())
        telemetry.store(connection, [(camera, gone)], village.clock.now())
    end_day(village)
    end_day(village)
    total = api.being("viewer").get("/reports/devices", from_=(began - timedelta(days=1)).isoformat()).ok()["total"]
    (online_s, offline_s) = api.rows("select sum(online_s), sum(offline_s) from device_days")[0]
    assert offline_s > 24 * 3600
    assert total["availability"] == pytest.approx(float(online_s / (online_s + offline_s)))
    first = api.being("viewer").get(
        "/reports/devices", from_=(began - timedelta(days=1)).isoformat(), to=(began + timedelta(days=1)).isoformat()
    )
    assert (first.ok()["total"]["device_days"], first.ok()["total"]["availability"]) == (1, 1.0)


# Services -------------------------------------------------------------------------------------------------------------


def test_services_are_what_an_independent_count_finds(api: Api, village: Village) -> None:
    village.run("insert into services (code, name) values ('meal', '送餐'), ('bath', '助浴')")
    homes = [village.home(area, policy=[step(0, "lan")]) for area in ("凤山村", "安石村")]
    operator, lan = api.being("operator"), str(village.phone("lan").staff_id)
    for number in range(12):
        due = village.clock.now() + timedelta(minutes=30)
        body = {
            "home": str(homes[number % 2].id), "service": ("meal", "bath")[number % 3 == 0], "staff": lan,
            "due_from": village.clock.now().isoformat(), "due_to": due.isoformat(), "force": True,
        }  # fmt: skip
        visit = f"/visits/{operator.post('/visits', body).ok(201)['id']}"
        village.clock.forward(timedelta(minutes=10 if number % 4 else 40))
        match number % 6:
            case 4:
                operator.post(f"{visit}/fail").ok()
            case 5:
                operator.post(f"{visit}/cancel").ok()
            case 3:
                continue
            case _:
                operator.post(f"{visit}/arrive").ok()
                operator.post(f"{visit}/complete", {"outcome": "helped"}).ok()
    homes[0].press()
    homes[0].alert().accept("lan")
    visits = operator.all("/visits")
    report = operator.get("/reports/services", area="town").ok()

    def counted(chosen: list[Row]) -> Row:
        done = [each for each in chosen if each["state"] == "completed"]
        due = [each for each in done if each["due_to"]]
        on_time = [each for each in due if each["arrived_at"] <= each["due_to"]]
        return {
            "asked": len(chosen), "done": len(done), "failed": sum(each["state"] == "failed" for each in chosen),
            "cancelled": sum(each["state"] == "cancelled" for each in chosen),
            "open": sum(each["ended_at"] is None for each in chosen),
            "done_share": len(done) / len(chosen), "done_with_due": len(due), "done_on_time": len(on_time),
            "on_time_share": len(on_time) / len(due) if due else None,
        }  # fmt: skip

    total = counted(visits)
    assert 0 < total["done_on_time"] < total["done_with_due"] == total["done"] < total["asked"] == 13
    the_same(report["total"], total)
    services = {row["service"]: row for row in report["services"]}
    assert set(services) == {"meal", "bath", None}
    assert services["meal"]["name"] == "送餐"
    for code, row in services.items():
        the_same(row, counted([each for each in visits if each["service"] == code]))
    for code, row in rows_of(report).items():
        the_same(row, counted([each for each in visits if each["area"] == code]))
