"""A camera sees somebody fall: told at once, once a fall, and never ended by the device."""

import msgspec
import pytest

from tests.stories.village import Home, Village, step
from tests.stories.warned import open_kinds, the


@pytest.fixture
def home(village: Village) -> Home:
    """A home with a camera that knows a fall."""
    made = village.home("凤山村", policy=[step(0, "lan"), step("48 h", "mei")])
    village.device("cam-1", made.id, "camera")
    return made


def says(home: Home, fall: object, **more: object) -> None:
    home.says("telemetry", msgspec.json.encode({"fall": fall, **more}), uid="cam-1")


def test_a_fall_is_told_at_once_and_has_its_visit(village: Village, home: Home) -> None:
    says(home, True)
    village.phone("lan").expect_sms("跌倒", "张桂英", home.address).reply("1")
    alert = the(village, "fall")
    assert (alert.severity, alert.state) == ("critical", "accepted")
    assert village.one("select count(*) from visits where alert_id = %(id)s", id=alert.id) == 1


def test_a_fall_that_the_camera_goes_on_reporting_is_one(village: Village, home: Home) -> None:
    for _ in range(30):
        says(home, True)
        village.forward(minutes=1)
    village.phone("lan").expect_sms("跌倒").silent()
    assert the(village, "fall").count == 1


def test_that_nobody_lies_there_any_more_ends_no_alert_and_the_next_fall_joins_it(village: Village, home: Home) -> None:
    says(home, True)
    village.phone("lan").expect_sms("跌倒")
    village.forward(minutes=5)
    says(home, False)
    assert open_kinds(village) == ["fall"]
    says(home, True)
    assert the(village, "fall").count == 2
    village.phone("lan").expect_sms("跌倒")


def test_who_still_lies_there_when_it_was_closed_is_not_told_again_but_the_next_fall_is(
    village: Village, home: Home
) -> None:
    says(home, True)
    village.phone("lan").expect_sms("跌倒")
    the(village, "fall").close("helped")
    village.forward(minutes=2)
    says(home, True)
    assert open_kinds(village) == []
    village.forward(minutes=30)
    says(home, True)
    assert open_kinds(village) == ["fall"]
    village.phone("lan").expect_sms("跌倒")


def test_a_patrol_ping_may_say_it_and_a_strange_word_is_a_yes(village: Village, home: Home) -> None:
    home.says("patrol", b'{"id": "p-1", "presence": true, "fall": "maybe"}', uid="cam-1")
    assert open_kinds(village) == ["fall"]
    village.everybody_has_heard()


def test_a_fall_of_an_hour_ago_that_could_not_be_sent_is_told(village: Village, home: Home) -> None:
    at = village.clock.now()
    village.forward(hours=1)
    says(home, True, at=at.isoformat())
    assert village.one("select raised_at from alerts") == at
    village.phone("lan").expect_sms("跌倒")


def test_a_pendant_that_felt_a_fall_calls_for_help(village: Village, home: Home) -> None:
    home.press(source="fall")
    assert open_kinds(village) == ["help"]
    village.phone("lan").expect_sms("求助")


def test_an_area_that_wants_no_falls_of_cameras_gets_none(village: Village, home: Home) -> None:
    village.run(
        "insert into warning_thresholds (rule, area, device_kind, enabled) values ('fall', '凤山村', 'camera', false)"
    )
    says(home, True)
    assert open_kinds(village) == []
