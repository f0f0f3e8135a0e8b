"""A responder who cannot be told: the coordinator hears of it where a shift is bared, and that it is mended."""

from datetime import timedelta

import pytest

from alerts import staffing
from alerts.policy import Step
from alerts.rota import RotaKind
from alerts.unreachable import UNREACHABLE
from tests.stories.village import Village, step


def rota(village: Village, *names: str, area: str = "凤山村", hours: int = 12) -> int:
    """Give an area a rota whose members have so many hours each in turn, from now on."""
    members = [village.phone(name).staff_id for name in names]
    with village.pool.connection() as connection:
        rota_id = staffing.add_rota(
            connection, name="值班", area=village.area(area), timezone="Asia/Shanghai", kind=RotaKind.HOURLY,
            length=hours, start=village.clock.now(), members=members,
        )  # fmt: skip
        staffing.add_policy(connection, area=area, steps=[Step(0, ("sms",), rota_id=rota_id)])
    return rota_id


def open_ones(village: Village) -> list[str]:
    """Return about whom such alerts are open."""
    rows = village.all(
        "select staff.name from alerts join staff on staff.id = alerts.staff_id"
        " where alerts.kind = %(kind)s and alerts.state <> 'closed' order by alerts.id",
        kind=UNREACHABLE,
    )
    return [row[0] for row in rows]


def test_a_stop_that_bares_a_shift_is_told_one_level_above_and_start_mends_it(village: Village) -> None:
    village.area("凤山村")
    village.policy("凤山村", [step(0, "lan")])
    village.policy("town", [step(0, "wang")])
    village.phone("lan").reply("STOP")
    village.phone("wang").expect_sms("值班人联系不上", "lan")
    assert open_ones(village) == ["lan"]
    assert village.all("select severity, area from alerts") == [("high", "town")]
    village.phone("lan").reply("STOP", sid="again")
    assert open_ones(village) == ["lan"]
    village.phone("lan").reply("START")
    assert open_ones(village) == []
    assert village.one("select close_note from alerts") == "lan can be reached again"
    village.forward(hours=1)


def test_a_stop_that_bares_nothing_is_honoured_quietly(village: Village) -> None:
    village.area("凤山村")
    village.policy("凤山村", [step(0, "lan"), step(0, "mei")])
    village.policy("town", [step(0, "wang")])
    village.phone("lan").reply("STOP")
    assert open_ones(village) == []
    village.phone("mei").reply("STOP")
    village.phone("wang").expect_sms("值班人联系不上", "mei")
    assert open_ones(village) == ["mei"]


def test_somebody_whose_number_fails_covers_nobody(village: Village) -> None:
    village.area("凤山村")
    village.policy("凤山村", [step(0, "lan"), step(0, "mei")])
    village.policy("town", [step(0, "wang")])
    village.run("update staff set phone_fault = 'bad' where id = %(id)s", id=village.phone("mei").staff_id)
    village.phone("lan").reply("STOP")
    village.phone("wang").expect_sms("lan")


@pytest.mark.parametrize(("members", "told"), [(["mei", "lan"], True), (["mei"] * 7 + ["lan"], False)])
def test_a_shift_within_three_days_counts_and_a_later_one_does_not(
    village: Village, members: list[str], told: bool
) -> None:
    rota(village, *members, hours=12)
    village.policy("town", [step(0, "wang")])
    village.phone("lan").reply("STOP")
    assert open_ones(village) == (["lan"] if told else [])
    if told:
        village.phone("wang").expect_sms("值班人联系不上")


def test_a_shift_taken_for_another_counts(village: Village) -> None:
    rota_id = rota(village, "mei")
    village.policy("town", [step(0, "wang")])
    start = village.clock.now() + timedelta(hours=30)
    with village.pool.connection() as connection:
        staffing.add_override(
            connection, rota_id=rota_id, start=start, end=start + timedelta(hours=2),
            staff_id=village.phone("lan").staff_id,
        )  # fmt: skip
    village.phone("lan").reply("退订")
    village.phone("wang").expect_sms("值班人联系不上", "lan")


def test_nobody_above_is_no_reason_to_be_silent(village: Village) -> None:
    village.policy("city", [step(0, "lan"), step("5 min", "mei")])
    village.phone("lan").reply("STOP")
    village.phone("mei").expect_sms("值班人联系不上", "lan")


def test_the_one_who_takes_it_closes_it_without_a_visit(village: Village) -> None:
    village.area("凤山村")
    village.policy("凤山村", [step(0, "lan")])
    village.policy("town", [step(0, "wang")])
    village.phone("lan").reply("STOP")
    village.phone("wang").expect_sms("lan").reply("1")
    village.phone("wang").reply("9")
    assert open_ones(village) == []
    village.phone("lan").reply("START")
