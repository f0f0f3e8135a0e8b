"""A shift ahead that nobody covers: the coordinator one level up is warned once, in time, and the warning ends by itself."""

from datetime import datetime, time, timedelta
from typing import Any

from alerts import cover, staffing
from alerts.policy import Step
from alerts.rota import RotaKind
from alerts.windows import Hours, Window
from tests.stories.village import Village

NIGHT = Hours((Window(time(20), time(8)),))
DAY = Hours((Window(time(8), time(20)),))
START = datetime.fromisoformat("2026-11-01T08:00:00+08:00")


def rota(village: Village, *members: str, hours: Hours = NIGHT, name: str = "夜班") -> int:
    with village.pool.connection() as connection:
        return staffing.add_rota(
            connection, name=name, area="凤山村", timezone="Asia/Shanghai", kind=RotaKind.DAILY, length=1, start=START,
            members=[village.phone(each).staff_id for each in members], hours=hours,
        )  # fmt: skip


def policy(village: Village, *steps: int | str) -> int:
    """Give the village a policy of rotas and people, with the township's coordinator above it."""
    village.policy("town", [(0, "mei")])
    with village.pool.connection() as connection:
        named = [
            Step(0, ("sms",), rota_id=each)
            if isinstance(each, int)
            else Step(0, ("sms",), staff_id=village.phone(each).staff_id)
            for each in steps
        ]
        return staffing.add_policy(connection, area="凤山村", steps=named)


def pause(village: Village, rota_id: int, name: str, start: str, end: str | None = None) -> None:
    with village.pool.connection() as connection:
        staffing.add_pause(
            connection, rota_id=rota_id, staff_id=village.phone(name).staff_id, start=datetime.fromisoformat(start),
            end=None if end is None else datetime.fromisoformat(end),
        )  # fmt: skip


def an_hour_later(village: Village) -> int:
    """Let an hour pass, and the hourly job look ahead; returns how many warnings it raised."""
    village.clock.forward(timedelta(hours=1))
    with village.pool.connection() as connection:
        raised = cover.look_ahead(connection, locale="zh-CN", now=village.clock.now())
    village.settle()
    return raised


def warnings(village: Village) -> list[tuple[Any, ...]]:
    return village.all("select state, severity, area, outcome from alerts where kind = 'shift_uncovered' order by id")


def test_a_hole_is_warned_of_72_hours_ahead_and_once(village: Village) -> None:
    village.area("凤山村")
    night = rota(village, "lan")
    policy(village, night, "zhao")
    # it is Tuesday, 10:14 in Shanghai
    pause(village, night, "lan", "2026-11-27T20:00:00+08:00", "2026-11-28T08:00:00+08:00")
    assert an_hour_later(village) == 0
    village.clock.forward(timedelta(hours=7))
    assert an_hour_later(village) == 0
    assert an_hour_later(village) == 1
    village.phone("mei").expect_sms("班次无人", "夜班 11-27 20:00至11-28 08:00无人值班")
    assert warnings(village) == [("notified", "high", "town", None)]
    village.phone("mei").reply("1")
    assert an_hour_later(village) == 0
    assert len(warnings(village)) == 1
    # a person may close it: it is not raised again
    village.phone("mei").reply("9")
    assert an_hour_later(village) == 0
    assert [row[0] for row in warnings(village)] == ["closed"]


def test_the_nights_of_a_long_absence_are_one_warning(village: Village) -> None:
    village.area("凤山村")
    night = rota(village, "lan")
    policy(village, night, "zhao")
    pause(village, night, "lan", "2026-11-24T00:00:00+08:00")
    assert an_hour_later(village) == 1
    village.phone("mei").expect_sms("夜班 11-24 20:00至11-25 08:00无人值班，另有2段")
    village.phone("mei").reply("1")
    # the fourth night comes near: he has it in hand already
    village.clock.forward(timedelta(hours=10))
    assert an_hour_later(village) == 0
    assert "note" in [row[0] for row in village.all("select what from alert_timeline order by id")]
    # the first night passes, and the alert stands for the others until he is back
    village.clock.forward(timedelta(hours=11))
    an_hour_later(village)
    assert [row[0] for row in warnings(village)] == ["accepted"]
    village.run("update rota_pauses set to_at = %(now)s")
    an_hour_later(village)
    assert [row[0] for row in warnings(village)] == ["closed"]
    assert village.one("select close_note from alerts") == "已有人值班。"


def test_a_whole_night_that_somebody_takes_is_closed_by_the_system(village: Village) -> None:
    village.area("凤山村")
    night = rota(village, "lan")
    policy(village, night, "zhao")
    pause(village, night, "lan", "2026-11-25T20:00:00+08:00", "2026-11-26T08:00:00+08:00")
    assert an_hour_later(village) == 1
    village.phone("mei").expect_sms("夜班")

    def takes(start: str, end: str) -> None:
        with village.pool.connection() as connection:
            staffing.add_override(
                connection, rota_id=night, start=datetime.fromisoformat(start), end=datetime.fromisoformat(end),
                staff_id=village.phone("wu").staff_id,
            )  # fmt: skip

    # the middle of it: what is left is still the hole that was warned of, and nobody has answered
    takes("2026-11-25T22:00:00+08:00", "2026-11-26T02:00:00+08:00")
    assert an_hour_later(village) == 0
    village.phone("mei").expect_sms("夜班", "已等60分钟")
    assert [row[0] for row in warnings(village)] == ["notified"]
    takes("2026-11-25T12:00:00+08:00", "2026-11-26T12:00:00+08:00")
    assert an_hour_later(village) == 0
    assert warnings(village) == [("closed", "high", "town", "other")]
    assert village.one("select close_note from alerts") == "已有人值班。"
    assert village.all("select what, who from alert_timeline order by id")[-1] == ("closed", None)


def test_a_hole_that_passes_is_closed_as_over(village: Village) -> None:
    village.area("凤山村")
    night = rota(village, "lan")
    policy(village, night, "zhao")
    pause(village, night, "lan", "2026-11-24T19:00:00+08:00", "2026-11-25T08:00:00+08:00")
    an_hour_later(village)
    village.phone("mei").expect_sms("夜班")
    village.phone("mei").reply("1")
    village.clock.forward(timedelta(hours=22))
    assert an_hour_later(village) == 0
    assert village.one("select close_note from alerts") == "该时段已过，始终无人值班。"


def test_outside_of_its_hours_a_rota_is_no_hole_while_another_step_has_somebody(village: Village) -> None:
    village.area("凤山村")
    policy(village, rota(village, "lan"), rota(village, "wu", hours=DAY, name="日班"))
    assert an_hour_later(village) == 0
    assert warnings(village) == []


def test_hours_that_no_step_covers_are_a_hole_of_the_policy(village: Village) -> None:
    village.area("凤山村")
    short = Hours((Window(time(8), time(19, 30)),))
    held = policy(village, rota(village, "lan"), rota(village, "wu", hours=short, name="日班"))
    assert an_hour_later(village) == 1
    village.phone("mei").expect_sms("凤山村各级值班 11-24 19:30至11-24 20:00无人值班，另有2段")
    village.run(
        "insert into policy_steps (policy_id, position, after_s, staff_id) values (%(policy)s, 9, 60, %(staff)s)",
        policy=held, staff=village.phone("zhao").staff_id,
    )  # fmt: skip
    assert an_hour_later(village) == 0
    assert [row[0] for row in warnings(village)] == ["closed"]


def test_a_stop_that_leaves_a_shift_uncovered_is_told_to_the_coordinator(village: Village) -> None:
    village.area("凤山村")
    policy(village, rota(village, "lan", hours=Hours(), name="日夜班"))
    assert an_hour_later(village) == 0
    village.phone("lan").reply("STOP")
    assert an_hour_later(village) == 1
    village.phone("mei").expect_sms("值班人联系不上", "lan")
    village.phone("mei").expect_sms("值班人联系不上", "已等60分钟")
    village.phone("mei").expect_sms("日夜班 11-24 12:13起无人值班")
    village.phone("lan").reply("START")
    assert an_hour_later(village) == 0
    assert [row[3] for row in warnings(village)] == ["other"]


def test_a_rota_that_no_policy_names_is_nobodys_worry(village: Village) -> None:
    village.area("凤山村")
    rota(village, hours=Hours())
    assert an_hour_later(village) == 0


def test_two_engines_warn_once(village: Village) -> None:
    village.area("凤山村")
    policy(village, rota(village, hours=Hours(), name="日夜班"))
    with village.pool.connection() as one, village.pool.connection() as other:
        assert cover.look_ahead(one, locale="zh-CN", now=village.clock.now()) == 1
        waiting = other.execute("select pg_try_advisory_xact_lock(hashtextextended('cover', 0))").fetchone()
        assert waiting == (False,)
        one.commit()
        assert cover.look_ahead(other, locale="zh-CN", now=village.clock.now()) == 0
    village.settle()
    village.phone("mei").expect_sms("日夜班")
