"""A text that tries a phone when its shift begins: once a shift, where the area wants it, and a dead number is found."""

from alerts import shift_test, staffing, unreachable
from alerts.channels.failures import Fault
from alerts.policy import Step
from alerts.rota import RotaKind
from tests.stories.village import Village


def on_duty(village: Village, *names: str, wanted: bool = True) -> None:
    """Give a village a rota of 12 hours each, from now on."""
    members = [village.phone(name).staff_id for name in names]
    with village.pool.connection() as connection:
        rota_id = staffing.add_rota(
            connection, name="值班", area=village.area("凤山村"), timezone="Asia/Shanghai", kind=RotaKind.HOURLY,
            length=12, start=village.clock.now(), members=members,
        )  # fmt: skip
        staffing.add_policy(connection, area="凤山村", steps=[Step(0, ("sms",), rota_id=rota_id)])
    village.run("update areas set shift_test = %(wanted)s where code = '凤山村'", wanted=wanted)


def look(village: Village) -> int:
    with village.pool.connection() as connection:
        written = shift_test.try_phones(connection, locale="zh-CN", now=village.clock.now())
    village.settle()
    return written


def test_each_phone_is_tried_once_when_its_shift_begins(village: Village) -> None:
    on_duty(village, "lan", "mei")
    assert look(village) == 1
    village.phone("lan").expect_sms("凤山村的值班开始了")
    village.forward(hours=11)
    assert look(village) == 0
    village.forward(hours=1)
    look(village)
    village.phone("mei").expect_sms("凤山村的值班开始了")
    village.phone("lan").silent()
    village.forward(hours=12)
    look(village)
    village.phone("lan").expect_sms("值班开始了")


def test_an_area_that_does_not_want_it_gets_none(village: Village) -> None:
    on_duty(village, "lan", wanted=False)
    assert look(village) == 0


def test_who_wants_no_messages_gets_none(village: Village) -> None:
    on_duty(village, "lan", "mei")
    with village.pool.connection() as connection:
        unreachable.fault_found(
            connection, phone=village.phone("lan").number, fault=Fault.OPTED_OUT, now=village.clock.now()
        )
    assert look(village) == 0
