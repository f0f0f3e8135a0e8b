"""A hub falls silent: one warning, and those of the buttons behind it are held under it; what is off on purpose is no warning."""

import pytest

from alerts import thresholds
from alerts.thresholds import Where
from tests.stories.village import Home, Village, step
from tests.stories.warned import look, now_known, open_kinds, pass_time, the

ONLINE, OFFLINE = b'{"state": "online"}', b'{"state": "offline"}'


@pytest.fixture
def home(village: Village) -> Home:
    """A home whose sensors speak through a hub."""
    made = village.home("凤山村", policy=[step(0, "lan"), step("48 h", "mei")])
    village.device("hub-1", made.id, "hub")
    for number in range(4):
        behind(village, f"door-{number}", made.id)
    for uid in ("hub-1", "door-0", "door-1", "door-2", "door-3", made.button):
        made.says("status", ONLINE, uid=uid)
    look(village)
    return made


def behind(village: Village, uid: str, home_id: int) -> None:
    village.device(uid, home_id, "sensor")
    village.run("update devices set hub_uid = 'hub-1' where uid = %(uid)s", uid=uid)


def goes(home: Home, *uids: str) -> None:
    for uid in uids:
        home.says("status", OFFLINE, uid=uid)


def test_a_hub_s_silence_holds_that_of_its_devices(village: Village, home: Home) -> None:
    goes(home, "hub-1", "door-0", "door-1")
    pass_time(village, minutes=10)
    assert open_kinds(village) == ["hub_offline"]
    assert the(village, "hub_offline").severity == "high"
    village.phone("lan").expect_sms("网关离线", "hub-1", home.address)
    goes(home, "door-2")
    pass_time(village, minutes=10)
    assert open_kinds(village) == ["hub_offline"]
    home.says("status", ONLINE, uid="hub-1")
    for number in range(3):
        home.says("status", ONLINE, uid=f"door-{number}")
    pass_time(village, minutes=10)
    assert open_kinds(village) == []
    assert village.one("select count(*) from device_changes") == 0


def test_a_device_that_stays_silent_when_its_hub_is_back_is_told_once_it_had_its_time(
    village: Village, home: Home
) -> None:
    goes(home, "hub-1", "door-0")
    pass_time(village, minutes=10)
    village.phone("lan").expect_sms("网关离线")
    home.says("status", ONLINE, uid="hub-1")
    pass_time(village, hours=1)
    assert open_kinds(village) == []
    pass_time(village, hours=25)
    assert open_kinds(village) == ["device_offline"]
    village.phone("lan").expect_sms("设备离线", "door-0")


def test_a_warning_that_is_open_already_goes_under_the_hub_s(village: Village, home: Home) -> None:
    goes(home, "door-0")
    pass_time(village, minutes=10)
    village.phone("lan").expect_sms("设备离线", "door-0")
    single = the(village, "device_offline")
    goes(home, "hub-1", "door-1")
    pass_time(village, minutes=10)
    village.phone("lan").expect_sms("网关离线")
    assert open_kinds(village) == ["hub_offline"]
    assert single.detail("closed")["note"] == f"所属网关离线，已并入警报 #{the(village, 'hub_offline').id}。"


def test_a_device_of_another_village_is_held_too_and_freed_with_its_hub(village: Village, home: Home) -> None:
    far = village.home("新村", policy=[step(0, "mei"), step("48 h", "lan")])
    behind(village, "door-far", far.id)
    home.says("status", ONLINE, uid="door-far")
    goes(home, "hub-1")
    pass_time(village, minutes=10)
    village.phone("lan").expect_sms("网关离线")
    goes(home, "door-far")
    pass_time(village, hours=1)
    assert open_kinds(village) == ["hub_offline"]
    home.says("status", ONLINE, uid="hub-1")
    pass_time(village, hours=26)
    assert open_kinds(village) == ["device_offline"]
    village.phone("mei").expect_sms("设备离线", "door-far")


def test_what_somebody_switched_off_is_no_warning(village: Village, home: Home) -> None:
    village.run(
        "update device_latest set off_on_purpose = true from devices where devices.id = device_id and uid = 'door-0'"
    )
    goes(home, "door-0")
    village.run(
        "update device_latest set off_on_purpose = true from devices where devices.id = device_id and uid = 'door-0'"
    )
    pass_time(village, hours=1)
    assert open_kinds(village) == []


def test_a_device_that_comes_and_goes_is_not_warned_of_each_time(village: Village, home: Home) -> None:
    now_known(village, "door-0", flapping_since=village.clock.now())
    for _ in range(6):
        goes(home, "door-0")
        pass_time(village, minutes=10)
        home.says("status", ONLINE, uid="door-0")
        pass_time(village, minutes=5)
    assert open_kinds(village) == ["device_flapping"]
    goes(home, "door-0")
    pass_time(village, minutes=40)
    assert sorted(open_kinds(village)) == ["device_flapping", "device_offline"]
    village.phone("lan").expect_sms("设备离线", "door-0")


def wants(village: Village, rule: str, where: Where, *, enabled: bool | None = None, **own: int) -> None:
    with village.pool.connection() as connection:
        thresholds.set_own(connection, rule=rule, where=where, own=own, enabled=enabled, now=village.clock.now())


def test_where_nobody_wants_to_hear_of_hubs_their_devices_are_told_by_themselves(village: Village, home: Home) -> None:
    wants(village, "hub_offline", Where(home_id=home.id), enabled=False)
    goes(home, "hub-1", "door-0")
    pass_time(village, minutes=10)
    assert open_kinds(village) == ["device_offline"]
    village.phone("lan").expect_sms("设备离线", "door-0")


def test_an_area_may_wait_longer_and_a_kind_of_device_may_be_left_out(village: Village, home: Home) -> None:
    wants(village, "device_offline", Where("凤山村", "/city/county/town/凤山村/"), lasts_s=3600)
    wants(village, "device_offline", Where("凤山村", "/city/county/town/凤山村/", "button"), enabled=False)
    goes(home, "door-0", home.button)
    pass_time(village, minutes=55)
    assert open_kinds(village) == []
    pass_time(village, minutes=10)
    assert village.all("select kind, device_uid from alerts") == [("device_offline", "door-0")]
    village.phone("lan").expect_sms("设备离线", "door-0")
    wants(village, "device_offline", Where(home_id=home.id), enabled=False)
    goes(home, "door-1")
    pass_time(village, minutes=5)
    assert open_kinds(village) == []
    assert the(village, "device_offline").detail("closed")["note"] == "此处已关闭该预警。"
