"""Somebody asks another to take a stretch of his shift: by SMS, with a yes, a no, no answer, and an alert in between."""

from datetime import datetime, timedelta

import pytest

from alerts import staffing, swaps
from alerts.model import Actor
from alerts.oncall import who
from alerts.rota import RotaKind
from alerts.swaps import Manner
from tests.stories.village import Village, step

MANNER = Manner("zh-CN", "outbox")
FROM, TO = "2026-11-27T20:00:00+08:00", "2026-11-28T08:00:00+08:00"


@pytest.fixture
def rota(village: Village) -> int:
    """Lan has the night of the 27th in the village; it is the morning of the 24th."""
    village.area("凤山村")
    with village.pool.connection() as connection:
        rota_id = staffing.add_rota(
            connection, name="夜班", area="凤山村", timezone="Asia/Shanghai", kind=RotaKind.WEEKLY, length=1,
            start=datetime.fromisoformat("2026-11-23T08:00:00+08:00"),
            members=[village.phone(each).staff_id for each in ("lan", "mei")],
        )  # fmt: skip
        staffing.add_policy(connection, area="凤山村", steps=[staffing.Step(0, ("sms",), rota_id=rota_id)])
    return rota_id


def ask(village: Village, rota_id: int, of: str, start: str = FROM, end: str = TO) -> int:
    lan = village.phone("lan")
    with village.pool.connection() as connection:
        swap_id = swaps.ask(
            connection, rota_id=rota_id, start=datetime.fromisoformat(start), end=datetime.fromisoformat(end),
            staff_id=village.phone(of).staff_id, only_of=lan.staff_id, actor=Actor("lan", "api", lan.staff_id),
            manner=MANNER, now=village.clock.now(),
        )  # fmt: skip
    village.settle()
    return swap_id


def later(village: Village, **by: int) -> None:
    """Let time pass, and the job look at the swaps."""
    village.clock.forward(timedelta(**by))
    with village.pool.connection() as connection:
        swaps.run_due(connection, manner=MANNER, now=village.clock.now())
    village.settle()


def on_call(village: Village, at: str) -> str:
    with village.pool.connection() as connection:
        found = who(connection, area="凤山村", at=datetime.fromisoformat(at))
    assert found is not None
    return found.steps[0].responders[0].name


def state(village: Village, swap_id: int) -> str:
    return str(village.one("select state from swaps where id = %(id)s", id=swap_id))


def timeline(village: Village, swap_id: int) -> list[str]:
    rows = village.all("select what from swap_timeline where swap_id = %(id)s order by id", id=swap_id)
    return [row[0] for row in rows]


def test_a_one_takes_the_shift_and_both_are_told(village: Village, rota: int) -> None:
    swap_id = ask(village, rota, "wu")
    village.phone("wu").expect_sms("【安居】lan请您代班：夜班 11-27 20:00至11-28 08:00。", "回1同意，2不行。")
    assert village.phone("wu").reply("1") == "【安居】夜班 11-27 20:00至11-28 08:00由您代班，谢谢。"
    village.phone("lan").expect_sms("wu代您值夜班 11-27 20:00至11-28 08:00")
    nights = ["2026-11-27T19:59:00+08:00", FROM, "2026-11-28T07:59:00+08:00", TO]
    assert [on_call(village, at) for at in nights] == ["lan", "wu", "wu", "lan"]
    assert timeline(village, swap_id) == ["asked", "told", "accepted", "told"]
    # the same digit again is for nothing: there is no alert and no open swap
    assert village.phone("wu").reply("1", sid="again") == "您没有这样的待办警报。"


def test_a_two_leaves_it_where_it_was(village: Village, rota: int) -> None:
    swap_id = ask(village, rota, "wu")
    village.phone("wu").expect_sms("代班")
    assert village.phone("wu").reply("2") == "会告诉lan您不能代班。"
    village.phone("lan").expect_sms("wu不能代夜班", "仍由您值班")
    assert state(village, swap_id) == "declined"
    assert on_call(village, FROM) == "lan"


def test_it_is_asked_once_more_by_day_and_ends_when_the_shift_begins(village: Village, rota: int) -> None:
    swap_id = ask(village, rota, "wu")
    village.phone("wu").expect_sms("代班")
    later(village, hours=5)
    village.phone("wu").silent()
    later(village, hours=1)
    village.phone("wu").expect_sms("再问一次", "回1同意")
    later(village, hours=24)
    village.phone("wu").silent()
    later(village, hours=60)
    assert state(village, swap_id) == "expired"
    for name in ("lan", "wu"):
        village.phone(name).expect_sms("未及时答复", "仍由lan值班")
    assert on_call(village, FROM) == "lan"
    assert village.phone("wu").reply("1") == "您没有这样的待办警报。"
    assert timeline(village, swap_id) == ["asked", "told", "asked_again", "told", "expired", "told", "told"]


def test_nobody_is_asked_again_by_night(village: Village, rota: int) -> None:
    later(village, hours=8)
    ask(village, rota, "wu")
    village.phone("wu").expect_sms("代班")
    # asked at 18:14: six hours later it is night
    later(village, hours=7)
    village.phone("wu").silent()
    later(village, hours=7)
    village.phone("wu").expect_sms("再问一次")


def test_an_alert_that_waits_comes_before_a_swap(village: Village, rota: int) -> None:
    home = village.home("凤山村", policy=[step(0, "wu")])
    home.press()
    village.phone("wu").expect_sms("求助")
    swap_id = ask(village, rota, "wu")
    village.phone("wu").expect_sms("代班")
    assert f"#{home.alert().id} " in village.phone("wu").reply("1")
    assert (home.alert().state, state(village, swap_id)) == ("accepted", "asked")
    # he has it now: the next bare digit answers what he was asked last
    village.phone("wu").reply("2")
    assert (home.alert().state, state(village, swap_id)) == ("accepted", "declined")
    village.phone("lan").expect_sms("wu不能代")


def test_a_digit_after_an_alert_is_not_taken_for_a_swap_asked_before_it(village: Village, rota: int) -> None:
    home = village.home("凤山村", policy=[step(0, "wu")])
    swap_id = ask(village, rota, "wu")
    village.phone("wu").expect_sms("代班")
    home.press()
    village.phone("wu").expect_sms("求助")
    home.alert().accept("mei")
    # mei was quicker; what he meant was the alert
    assert "mei" in village.phone("wu").reply("1")
    assert state(village, swap_id) == "asked"


def test_of_two_who_are_asked_the_first_to_say_yes_has_it(village: Village, rota: int) -> None:
    first, second = ask(village, rota, "wu"), ask(village, rota, "zhao")
    village.phone("wu").expect_sms("代班")
    village.phone("zhao").expect_sms("代班")
    village.phone("zhao").reply("1")
    village.phone("lan").expect_sms("zhao代您值")
    village.phone("wu").expect_sms("不用您代班了")
    assert (state(village, first), state(village, second)) == ("withdrawn", "accepted")
    assert on_call(village, FROM) == "zhao"


def test_what_is_no_longer_his_cannot_be_taken(village: Village, rota: int) -> None:
    swap_id = ask(village, rota, "wu")
    village.phone("wu").expect_sms("代班")
    with village.pool.connection() as connection:
        staffing.add_override(
            connection, rota_id=rota, start=datetime.fromisoformat(FROM), end=datetime.fromisoformat(TO),
            staff_id=village.phone("mei").staff_id,
        )  # fmt: skip
    assert village.phone("wu").reply("1") == "这次代班已经不用答复了。"
    assert (state(village, swap_id), on_call(village, FROM)) == ("asked", "mei")


def test_a_question_that_has_not_left_does_not_leave_once_it_is_decided(village: Village, rota: int) -> None:
    lan = village.phone("lan")
    with village.pool.connection() as connection:
        swap_id = swaps.ask(
            connection, rota_id=rota, start=datetime.fromisoformat(FROM), end=datetime.fromisoformat(TO),
            staff_id=village.phone("wu").staff_id, only_of=None, actor=Actor("lan", "api", lan.staff_id), manner=MANNER,
            now=village.clock.now(),
        )  # fmt: skip
        swaps.decline(
            connection, swap_id=swap_id, actor=Actor("lan", "api", lan.staff_id), manner=MANNER, now=village.clock.now()
        )
    village.settle()
    village.phone("wu").expect_sms("不用您代班了")
