"""The fleet's figures and the wanted firmware by plain HTTP, against a count of every device."""

from collections import Counter
from datetime import timedelta

import pytest

from devices import condition, fleet, telemetry
from devices.model import PatrolPing, StatusChange
from devices.telemetry import Received
from storage import series
from tests.integration.api_client import Api
from tests.integration.registry_fixtures import admin, api, device, home

__all__ = ["admin", "api"]


def hear(admin: Api, uid: str, *, online: bool = True, **more: object) -> None:
    """Store what the gateway heard of a device."""
    now = admin.clock.now()
    with admin.pool.connection() as connection:
        series.ensure(connection, now)
        known = telemetry.known_devices(connection, [uid])[uid]
        said = PatrolPing(uid, f"{uid}-{now}", **more) if online else StatusChange(uid, False)  # type: ignore[arg-type]
        telemetry.store(connection, [(known, Received(said, now))], now)


def judge(admin: Api) -> None:
    """Judge who changed, as the alerts role does."""
    more = True
    while more:
        with admin.pool.connection() as connection:
            more = condition.mark_all(connection, admin.clock.now())
    judged = 1
    while judged:
        with admin.pool.connection() as connection:
            judged = condition.judge_changed(connection, admin.clock.now())
    with admin.pool.connection() as connection:
        fleet.count_stale(connection)


def city(admin: Api) -> None:
    """Put three homes with devices into two counties."""
    for area, number in (("anshi", 1), ("anshi", 2), ("manwan", 3)):
        place = home(admin, area)
        device(admin, f"cam-{number}", place, "camera")
        device(admin, f"btn-{number}", place)


def counted(admin: Api, below: str) -> Counter[str]:
    """Count the states of the devices below an area, by looking at each."""
    rows = admin.rows(
        "select coalesce(state, 'never') from devices join homes on homes.id = home_id join areas on code = area"
        " left join device_latest on device_id = devices.id where devices.removed_at is null"
        f" and starts_with(path, '{below}')"
    )
    return Counter(state for (state,) in rows)


def test_the_figures_are_what_a_count_of_every_device_finds(admin: Api) -> None:
    city(admin)
    hear(admin, "cam-1", battery=9)
    hear(admin, "cam-2")
    hear(admin, "cam-2", online=False)
    hear(admin, "btn-3", battery=80)
    judge(admin)
    read = admin.get("/fleet").ok()
    assert {state: count for state, count in read["total"]["states"].items() if count} == counted(admin, "/lincang/")
    assert read["total"]["kinds"] == {"button": 3, "camera": 3}
    problems = {name: count for name, count in read["total"]["problems"].items() if count}
    assert problems == {"battery_low": 1, "offline": 1}
    parts = {row["area"]: row for row in read["areas"]}
    assert (parts["凤庆"]["devices"], parts["yun"]["devices"]) == (4, 2)
    village = admin.get("/fleet", area="manwan").ok()
    assert {state: count for state, count in village["total"]["states"].items() if count} == {"online": 1, "never": 1}


def test_figures_follow_what_is_moved_and_removed(admin: Api) -> None:
    city(admin)
    assert admin.get("/fleet", area="凤庆").ok()["total"]["devices"] == 4
    there = home(admin, "manwan")
    admin.patch("/devices/cam-1", {"home": there}).ok()
    admin.delete("/devices/btn-1").ok(204)
    assert admin.get("/fleet", area="凤庆").ok()["total"]["devices"] == 2
    assert admin.get("/fleet", area="yun").ok()["total"]["devices"] == 3
    homes = admin.rows("select min(id) from homes where area = 'manwan'")[0][0]
    admin.patch(f"/homes/{homes}", {"area": "anshi"}).ok()
    assert admin.get("/fleet", area="凤庆").ok()["total"]["devices"] == 4
    admin.patch("/devices/btn-2", {"kind": "pendant"}).ok()
    assert admin.get("/fleet").ok()["total"]["kinds"] == {"button": 1, "camera": 3, "pendant": 1}


def test_nobody_counts_what_lies_outside_of_his_area(admin: Api) -> None:
    city(admin)
    viewer = admin.being("viewer", "yun")
    read = viewer.get("/fleet").ok()
    assert (read["area"], read["total"]["devices"]) == ("yun", 2)
    viewer.get("/fleet", area="anshi").problem(422)


def test_availability_leaves_out_what_was_our_fault(admin: Api) -> None:
    city(admin)
    yesterday = (admin.clock.now() + timedelta(hours=8)).date() - timedelta(days=1)
    for area, online_s, offline_s in (("anshi", 80_000, 20_000), ("manwan", 50_000, 0)):
        admin.run(
            "insert into fleet_days (area, day, kind, devices, heard, online_s, offline_s, ours_down_s)"
            f" values ('{area}', '{yesterday}', 'camera', 1, 1, {online_s}, {offline_s}, 36400)"
        )
    read = admin.get("/fleet").ok()
    assert read["total"]["availability_yesterday"] == pytest.approx(130 / 150)
    assert read["total"]["availability_7_days"] == pytest.approx(130 / 150)
    parts = {row["area"]: row["availability_yesterday"] for row in read["areas"]}
    assert parts == {"凤庆": pytest.approx(0.8), "yun": pytest.approx(1.0)}
    assert admin.get("/fleet", area="anshi").ok()["total"]["availability_7_days"] == pytest.approx(0.8)


def test_devices_are_listed_by_problem(admin: Api) -> None:
    city(admin)
    hear(admin, "cam-1", battery=9)
    hear(admin, "cam-3", battery=9)
    judge(admin)
    assert [each["uid"] for each in admin.all("/devices", problem="battery_low")] == ["cam-1", "cam-3"]
    assert [each["uid"] for each in admin.all("/devices", problem="battery_low", area="yun")] == ["cam-3"]
    admin.get("/devices", problem="bored").problem(422)


# Firmware ---------------------------------------------------------------------------------------------------------------


def want(admin: Api, version: str, **scope: str) -> None:
    admin.send("PUT", "/firmware", json={"version": version, **scope}).ok()


def test_a_device_with_older_firmware_than_is_wanted_is_outdated_until_it_has_it(admin: Api) -> None:
    city(admin)
    hear(admin, "cam-1", fw="20230913-112003/1.14.0-gcb84623")
    hear(admin, "cam-2", fw="1.15.0")
    want(admin, "1.14.1", kind="camera")
    judge(admin)
    assert admin.get("/devices/cam-1").ok()["health"]["problems"] == ["firmware_outdated"]
    assert admin.get("/devices/cam-2").ok()["health"]["problems"] == []
    admin.clock.forward(timedelta(minutes=1))
    hear(admin, "cam-1", fw="1.14.1")
    judge(admin)
    assert admin.get("/devices/cam-1").ok()["health"]["problems"] == []
    want(admin, "1.16", kind="camera")
    judge(admin)
    assert admin.get("/fleet").ok()["total"]["problems"]["firmware_outdated"] == 2
    admin.send("DELETE", "/firmware?kind=camera").ok(204)
    judge(admin)
    assert admin.get("/fleet").ok()["total"]["problems"]["firmware_outdated"] == 0
    admin.send("DELETE", "/firmware?kind=camera").problem(404, "none is wanted")


def test_each_area_wants_its_own_and_only_its_own(admin: Api) -> None:
    city(admin)
    theirs = admin.being("admin", "yun")
    theirs.send("PUT", "/firmware", json={"version": "2.0"}).problem(403)
    theirs.send("PUT", "/firmware", json={"version": "2.0", "area": "anshi"}).problem(422)
    theirs.send("DELETE", "/firmware").problem(403)
    want(theirs, "2.0", area="yun")
    want(admin, "1.0")
    want(admin, "1.5", area="anshi", model="X1")
    assert [(each["area"], each["version"]) for each in theirs.get("/firmware").ok()["items"]] == [
        (None, "1.0"), ("yun", "2.0")
    ]  # fmt: skip
    want(admin, "1.6", area="anshi", model="X1")
    assert {each["version"] for each in admin.get("/firmware").ok()["items"]} == {"1.0", "1.6", "2.0"}
    admin.being("operator").send("PUT", "/firmware", json={"version": "2.0"}).problem(403)
    audited = admin.rows(
        "select object, detail->>'version' from audit where starts_with(object, 'firmware ') order by id"
    )
    assert audited[0] == ("firmware yun/*/*", "2.0")


@pytest.mark.parametrize("version", ["", "newest", "  "])
def test_a_version_that_cannot_be_compared_is_refused(admin: Api, version: str) -> None:
    admin.send("PUT", "/firmware", json={"version": version}).problem(422)
