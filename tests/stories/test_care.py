"""Nobody falls through: a gap is told, climbs, ends when he is seen, and its case goes its way."""

from datetime import timedelta
from typing import Any

import pytest

from alerts import dispatch, rounds
from alerts.care import keeping
from alerts.care.standards import Occasion, Standard
from alerts.model import Actor
from alerts.rounds import LookResult
from alerts.visits import Proof
from tests.stories.village import OPERATOR, Home, Village, step
from tests.stories.warned import look, open_kinds, pass_time, the

HOURLY = timedelta(hours=1)


@pytest.fixture
def home(village: Village) -> Home:
    """A home whose resident is at high risk: he is to be seen weekly."""
    made = without_devices(village, policy=[step(0, "lan"), step("6 h", "mei")])
    is_now(made, risk="high")
    look(village)
    return made


def without_devices(village: Village, policy: list[tuple[int, str]] | None = None) -> Home:
    """A home of which no device says anything: here only people see people."""
    made = village.home("凤山村", policy=policy)
    village.run("update devices set removed_at = %(now)s where home_id = %(home)s", home=made.id)
    return made


def is_now(home: Home, **columns: object) -> None:
    """Change the resident of a home."""
    places = ", ".join(f"{name} = %({name})s" for name in columns)
    home.village.run(f"update residents set {places} where home_id = %(home)s", home=home.id, **columns)


def days(village: Village, number: int) -> None:
    pass_time(village, days=number, every=HOURLY)


def visit(home: Home, *, service: str = "clean", minutes: int = 60, outcome: str = "helped", **proof: Any) -> int:
    """Somebody comes, stays so long, and goes."""
    village = home.village
    village.run(
        "insert into services (code, name, usual_minutes) values (%(code)s, %(code)s, 60) on conflict do nothing",
        code=service,
    )
    actor = Actor("lan", "web", staff_id=village.phone("lan").staff_id)
    with village.pool.connection() as connection:
        now = village.clock.now()
        visit_id = dispatch.request(
            connection, home_id=home.id, service=service, due_from=None, due_to=None,
            staff_id=village.phone("lan").staff_id, note=None, actor=actor, now=now,
        )  # fmt: skip
        dispatch.arrive(connection, visit_id=visit_id, actor=actor, proof=Proof(**proof), now=now)
    pass_time(village, minutes=minutes)
    with village.pool.connection() as connection:
        dispatch.complete(
            connection, visit_id=visit_id, actor=actor, proof=Proof(), outcome=outcome, now=village.clock.now()
        )
    look(village)
    return visit_id


def looks_in(home: Home, result: LookResult) -> None:
    village = home.village
    now = village.clock.now()
    with village.pool.connection() as connection:
        round_id = rounds.begin(
            connection, area=home.area, name=None, staff_id=None, home_ids=[home.id], actor=OPERATOR, now=now
        )
        rounds.look(
            connection, round_id=round_id, home_id=home.id, result=result, note=None, at=None, actor=OPERATOR, now=now
        )
    look(village)


def calls(home: Home) -> None:
    home.village.run(
        "insert into care_contacts (resident_id, home_id, how, at, recorded_at, who)"
        " select id, home_id, 'telephone', %(now)s, %(now)s, 'mei' from residents where home_id = %(home)s",
        home=home.id,
    )
    look(home.village)


def told(village: Village) -> str:
    """Return what the newest alert says beside its kind."""
    return str(village.one("select text from alerts order by id desc limit 1"))


def case(village: Village) -> tuple[Any, ...]:
    return village.all("select made_good_how, made_good_by, made_good_ref from care_cases order by id desc limit 1")[0]


def test_a_gap_is_told_to_the_village_then_up_and_ends_when_he_is_seen(village: Village, home: Home) -> None:
    days(village, 7)
    assert open_kinds(village) == []
    pass_time(village, hours=8)
    assert open_kinds(village) == ["care_gap"]
    assert the(village, "care_gap").severity == "high"
    village.phone("lan").expect_sms("到期未见到", home.address)
    village.forward(hours=6)
    village.phone("mei").expect_sms("到期未见到", home.address)
    visit_id = visit(home)
    assert open_kinds(village) == []
    alert = the(village, "care_gap")
    assert (alert.state, alert.detail("closed")["note"]) == ("closed", "原因已消除。")
    assert case(village) == ("visit", "lan", visit_id)
    village.everybody_has_heard()
    days(village, 6)
    assert open_kinds(village) == []
    days(village, 2)
    assert open_kinds(village) == ["care_gap"]
    village.everybody_has_heard()


@pytest.mark.parametrize("how", ["visit", "look", "telephone"])
def test_whoever_was_seen_in_time_is_no_gap(village: Village, home: Home, how: str) -> None:
    days(village, 5)
    {"visit": visit, "look": lambda each: looks_in(each, LookResult.WELL), "telephone": calls}[how](home)
    days(village, 6)
    assert open_kinds(village) == []
    assert village.all("select seen_by from care_states") == [(how,)]
    days(village, 2)
    assert open_kinds(village) == ["care_gap"]
    village.everybody_has_heard()


def test_nobody_is_seen_by_a_visit_before_a_locked_door_or_by_a_camera_that_is_down(
    village: Village, home: Home
) -> None:
    days(village, 5)
    visit(home, outcome="no_access")
    looks_in(home, LookResult.CAMERA_DOWN)
    days(village, 3)
    assert open_kinds(village) == ["care_gap"]
    village.everybody_has_heard()


def test_a_camera_is_enough_for_whoever_is_at_low_risk(village: Village, home: Home) -> None:
    village.device("cam-1", home.id, "camera")
    is_now(home, risk="low")
    days(village, 60)
    home.says("patrol", b'{"id": "p1", "presence": true}', uid="cam-1")
    days(village, 60)
    assert "care_gap" not in open_kinds(village)
    days(village, 31)
    assert "care_gap" in open_kinds(village)
    home.says("patrol", b'{"id": "p2", "presence": true}', uid="cam-1")
    look(village)
    assert "care_gap" not in open_kinds(village)
    assert case(village) == ("camera", None, None)
    village.everybody_has_heard()


def test_within_a_day_of_a_change_for_the_worse(village: Village, home: Home) -> None:
    is_now(home, risk=None, worse_since=village.clock.now())
    pass_time(village, hours=23)
    assert open_kinds(village) == []
    pass_time(village, hours=2)
    assert open_kinds(village) == ["care_gap"]
    assert the(village, "care_gap").severity == "high"
    calls(home)
    assert open_kinds(village) == []
    village.everybody_has_heard()
    days(village, 30)
    assert open_kinds(village) == []


def test_who_left_or_whose_home_is_gone_is_nobodys_duty(village: Village, home: Home) -> None:
    other = without_devices(village)
    is_now(other, risk="high")
    days(village, 8)
    assert open_kinds(village) == ["care_gap", "care_gap"]
    is_now(home, left_at=village.clock.now(), left_why="moved_away")
    village.run("update homes set removed_at = %(now)s where id = %(home)s", home=other.id)
    look(village)
    assert open_kinds(village) == []
    assert village.all("select due_at from care_states") == [(None,), (None,)]
    assert case(village)[0] == "not_needed"
    days(village, 10)
    assert open_kinds(village) == []
    # he comes back, and is a duty from then on
    is_now(home, left_at=None, left_why=None)
    days(village, 6)
    assert open_kinds(village) == []
    days(village, 2)
    assert open_kinds(village) == ["care_gap"]
    village.everybody_has_heard()


def test_a_visit_at_his_new_home_before_he_came_does_not_count(village: Village, home: Home) -> None:
    new = without_devices(village)
    days(village, 6)
    visit(new)
    is_now(home, home_id=new.id)
    days(village, 3)
    assert open_kinds(village) == ["care_gap"]
    assert village.one("select home_id from alerts") == new.id
    village.everybody_has_heard()


def test_what_somebody_closed_without_a_visit_is_told_again_the_next_day(village: Village, home: Home) -> None:
    days(village, 8)
    the(village, "care_gap").close("other")
    pass_time(village, hours=22)
    assert open_kinds(village) == []
    pass_time(village, hours=3)
    assert open_kinds(village) == ["care_gap"]
    calls(home)
    assert open_kinds(village) == []
    assert village.all("select made_good_how from care_cases") == [("telephone",), ("telephone",)]
    village.everybody_has_heard()


def test_an_operator_s_cold_wave_and_an_area_s_own_standard(village: Village, home: Home) -> None:
    is_now(home, risk=None)
    days(village, 1)
    now = village.clock.now()
    with village.pool.connection() as connection:
        occasion = Occasion("寒潮", now, now + timedelta(days=3), every_days=1, path="/city/county/")
        number = keeping.begin_occasion(connection, occasion, kind="weather", area="county", by="mei", now=now)
    days(village, 2)
    assert open_kinds(village) == ["care_gap"]
    assert number is not None
    with village.pool.connection() as connection:
        assert keeping.end_occasion(connection, number, now=village.clock.now())
    look(village)
    assert open_kinds(village) == []
    with village.pool.connection() as connection:
        keeping.set_standard(connection, Standard(1, path="/city/"), area="city", now=village.clock.now())
    look(village)
    assert open_kinds(village) == ["care_gap"]
    with village.pool.connection() as connection:
        keeping.unset_standard(connection, Standard(1, path="/city/"), area="city", now=village.clock.now())
    look(village)
    assert open_kinds(village) == []
    village.everybody_has_heard()


def test_festivals_are_written_once_and_stay_taken_back(village: Village) -> None:
    now = village.clock.now()

    def write() -> int:
        with village.pool.connection() as connection:
            return keeping.keep_festivals(connection, locale="zh-CN", timezone="Asia/Shanghai", now=now)

    assert write() == 2
    assert write() == 0
    with village.pool.connection() as connection:
        assert keeping.end_occasion(connection, village.one("select max(id) from care_occasions"), now=now)
    assert write() == 0
    with village.pool.connection() as connection:
        assert keeping.keep_festivals(connection, locale="en", timezone="Asia/Shanghai", now=now) == 0


def test_a_promised_visit_that_nobody_comes_to(village: Village, home: Home) -> None:
    now = village.clock.now()
    lan = Actor("lan", "web", staff_id=village.phone("lan").staff_id)
    with village.pool.connection() as connection:
        visit_id = dispatch.request(
            connection, home_id=home.id, service="meals", due_from=now, due_to=now + HOURLY, staff_id=lan.staff_id,
            note=None, actor=lan, now=now,
        )  # fmt: skip
    look(village)
    pass_time(village, minutes=85)
    assert open_kinds(village) == []
    pass_time(village, minutes=10)
    assert open_kinds(village) == ["visit_overdue"]
    village.phone("lan").expect_sms("约定上门无人到", home.address)
    assert told(village) == f"{visit_id}: 30 min"
    with village.pool.connection() as connection:
        dispatch.arrive(connection, visit_id=visit_id, actor=lan, proof=Proof(), now=village.clock.now())
    look(village)
    assert open_kinds(village) == []


def test_a_hurried_visit_is_told_until_it_is_made_good(village: Village, home: Home) -> None:
    first = visit(home, minutes=15)
    assert open_kinds(village) == ["visit_too_short"]
    village.phone("lan").expect_sms("上门时间太短", home.address)
    assert told(village) == f"{first}: 15 min / 60 min"
    visit(home, minutes=45)
    assert open_kinds(village) == []
    # closed by hand is looked into; the next one is told anew
    visit(home, minutes=15)
    the(village, "visit_too_short").close("other")
    look(village)
    assert open_kinds(village) == []
    visit(home, minutes=15)
    assert open_kinds(village) == ["visit_too_short"]
    village.everybody_has_heard()


def test_a_visit_that_is_proven_elsewhere_is_told_until_it_is_confirmed(village: Village, home: Home) -> None:
    village.run("update homes set lat = 24.6, lon = 99.9 where id = %(home)s", home=home.id)
    visit(home, lat=24.6001, lon=99.9)
    assert open_kinds(village) == []
    far = visit(home, lat=24.62, lon=99.9)
    assert open_kinds(village) == ["visit_elsewhere"]
    village.phone("lan").expect_sms("上门地点不符", home.address)
    assert told(village) == f"{far}: 2224 m"
    village.run("insert into care_visit_checks (visit_id, at, who) values (%(visit)s, %(now)s, 'mei')", visit=far)
    look(village)
    assert open_kinds(village) == []


def test_a_home_that_cannot_be_looked_at_holds_up_no_other(village: Village, home: Home) -> None:
    poisoned = without_devices(village)
    is_now(poisoned, risk="high")
    # what no version of ours writes: no look can read it
    village.run(
        "update care_states set why = '5', due_at = %(now)s where resident_id ="
        " (select id from residents where home_id = %(home)s)",
        home=home.id,
    )
    village.run("insert into home_looks (home_id, look_at) values (%(home)s, '-infinity')", home=home.id)
    look(village)
    assert village.one("select due_at is not null from care_states where home_id = %(home)s", home=poisoned.id)
    (at,) = village.all("select min(look_at) from home_looks where home_id = %(home)s", home=home.id)[0]
    assert at == village.clock.now() + HOURLY
    village.run("update care_states set why = '{}' where home_id = %(home)s", home=home.id)
    days(village, 8)
    assert open_kinds(village) == ["care_gap", "care_gap"]
    village.everybody_has_heard()
