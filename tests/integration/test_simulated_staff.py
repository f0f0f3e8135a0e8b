"""Staff of the simulated village: they answer its own presses to the end, and leave everybody else's to people."""

import threading
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from psycopg_pool import ConnectionPool

from alerts import desk, dispatch
from alerts.model import Actor, AlertState, Outcome
from alerts.visits import Proof, VisitState
from api import simulated_staff, village
from api.simulated_staff import Answer, Arrive, Close, Complete, Depart, Holder, Standing, Told, next_act
from storage import series
from tests.clock import StoryClock
from tests.integration.brokers import until
from tests.stories.village import Home, Village

SEED = 1
PACE = 10.0
BOSS = Actor("boss", "console", username="boss")


@dataclass
class Living(Village):
    """The simulated village, whose staff look every few seconds."""

    staffed: bool = True

    def settle(self) -> None:
        """Let the engine, the outbox and the simulated staff do what is due now."""
        super().settle()
        while self.staffed and simulated_staff.look(self.pool, seed=SEED, pace=PACE, now=self.clock.now()):
            super().settle()

    def next_due(self) -> datetime:
        """Staff wait for no row: look again soon."""
        return min(super().next_due(), self.clock.now() + timedelta(seconds=4))

    def simulated(self, number: int) -> Home:
        """Return a home of the simulated village."""
        row = self.all(
            "select homes.id, homes.address, homes.area from homes join devices on devices.home_id = homes.id"
            " where devices.uid = %(uid)s", uid=f"sim-btn-{number:04}"
        )[0]  # fmt: skip
        return Home(self, *row, f"sim-btn-{number:04}")

    def acts(self, home: Home) -> list[tuple[str, str]]:
        """Return (what, channel) of what somebody did with the home's newest alert."""
        return self.all(
            "select what, detail ->> 'channel' from alert_timeline where alert_id = %(id)s and who is not null"
            " order by id", id=home.alert().id
        )  # fmt: skip


@pytest.fixture
def living(pool: ConnectionPool[Any], clock: StoryClock) -> Living:
    with pool.connection() as connection:
        series.ensure(connection, clock.now())
        village.seed(
            connection, homes=24, seed=SEED, now=clock.now(), timezone="Asia/Shanghai", locale="zh-CN", sms="outbox"
        )
    return Living(pool, clock)


def test_every_simulated_press_comes_to_its_end(living: Living) -> None:
    homes = [living.simulated(number) for number in range(1, 25)]
    for home in homes:
        home.press(f"sim-{home.button}-1", test=home is homes[0])
    living.forward(minutes=25)
    alerts = [home.alert() for home in homes]
    assert {alert.state for alert in alerts} == {"closed"}
    outcomes = Counter(alert.outcome for alert in alerts)
    assert outcomes["helped"] > 10
    assert outcomes["test"] == 1
    assert alerts[0].outcome == "test"
    told = [alert.timeline().count("told") for alert in alerts]
    assert max(told) > 1, "nobody was slow, it never climbed"
    went = [home for home in homes if "arrived" in home.heard()]
    assert went
    assert all(home.heard() == ["accepted", "en_route", "arrived", "closed"] for home in went)
    assert {channel for home in homes for _, channel in living.acts(home)} == {"simulation"}
    proven = "select count(*) from visits where state = 'completed' and arrived_proof ? 'lat'"
    assert living.one(proven) == len(went)


def test_a_press_with_anybody_elses_id_is_left_to_people(living: Living) -> None:
    home = living.simulated(1)
    home.press("my-own-press")
    living.forward(minutes=20)
    assert living.acts(home) == []
    assert "climbed" in home.alert().timeline()


def test_a_real_button_in_a_simulated_home_is_left_to_people(living: Living) -> None:
    home = living.simulated(1)
    living.device("my-button", home.id, "button")
    home.says("help", b'{"id":"sim-1"}', uid="my-button")
    living.forward(minutes=20)
    assert living.acts(home) == []


def test_a_vendor_s_simulated_button_is_answered_by_them_too(living: Living) -> None:
    home = living.simulated(1)
    living.run("update devices set format = 'tasmota', topic = uid where uid = %(uid)s", uid=home.button)
    # what the gateway makes of a vendor's press has an id of the gateway's
    home.press("tasmota-20261124T021358-1")
    living.forward(minutes=25)
    assert home.alert().state == "closed"
    assert {channel for _, channel in living.acts(home)} == {"simulation"}


def test_an_unreadable_press_is_left_to_people(living: Living) -> None:
    home = living.simulated(1)
    home.says("help", b"\xff")
    living.forward(minutes=20)
    assert living.acts(home) == []


def test_a_press_of_somebody_elses_that_joins_makes_it_a_matter_of_people(living: Living) -> None:
    home = living.simulated(2)
    home.press("sim-1")
    until_state(living, home, "accepted", "en_route")
    before = living.acts(home)
    home.press("not-simulated")
    living.forward(minutes=40)
    assert living.acts(home) == before
    assert home.alert().state != "closed"


@pytest.mark.parametrize("joins", [False, True])
def test_an_alert_by_hand_is_left_to_people(living: Living, joins: bool) -> None:
    home = living.simulated(3)
    living.staffed = False
    if joins:
        home.press("sim-1")
    with living.pool.connection() as connection:
        desk.raise_by_hand(
            connection, kind="help", home_id=home.id, resident_id=None, text="he telephoned", actor=BOSS,
            now=living.clock.now(),
        )  # fmt: skip
    living.staffed = True
    living.forward(minutes=20)
    assert not {channel for _, channel in living.acts(home)} & {"simulation"}
    assert home.alert().state == "notified"


def until_state(living: Living, home: Home, *states: str) -> None:
    for _ in range(400):
        if home.alert().state in states:
            return
        living.forward(seconds=4)
    raise AssertionError(f"never {states}: {home.alert().timeline()}")


def test_a_human_who_accepts_keeps_it(living: Living) -> None:
    home = living.simulated(4)
    home.press("sim-1")
    with living.pool.connection() as connection:
        desk.accept(connection, alert_id=home.alert().id, actor=BOSS, now=living.clock.now())
    # not so long that his silence counts: then the next ones are told, simulated ones too
    living.forward(minutes=14)
    assert living.acts(home) == [("accepted", "console")]


def test_a_human_who_accepts_for_a_simulated_responder_moves_it_himself(living: Living) -> None:
    home = living.simulated(4)
    home.press("sim-1")
    staff_id = living.one("select staff_id from messages where alert_id = %(id)s", id=home.alert().id)
    with living.pool.connection() as connection:
        desk.accept(connection, alert_id=home.alert().id, actor=BOSS, for_staff=staff_id, now=living.clock.now())
    # not so long that his silence counts: then the next ones are told, simulated ones too
    living.forward(minutes=14)
    assert living.acts(home) == [("accepted", "console")]


def test_a_human_who_moves_the_visit_on_has_it_from_then_on(living: Living) -> None:
    home = living.simulated(5)
    home.press("sim-1")
    until_state(living, home, "en_route")
    with living.pool.connection() as connection:
        dispatch.arrive(
            connection, visit_id=home.alert().visit(), actor=BOSS, proof=Proof(), now=living.clock.now()
        )  # fmt: skip
    living.forward(minutes=30)
    assert [what for what, channel in living.acts(home) if channel == "simulation"] == ["accepted", "en_route"]
    assert home.alert().state == "arrived"


def test_a_human_who_passes_it_on_lets_the_next_one_answer(living: Living) -> None:
    home = living.simulated(6)
    home.press("sim-1")
    until_state(living, home, "accepted", "en_route")
    with living.pool.connection() as connection:
        desk.escalate(connection, alert_id=home.alert().id, actor=BOSS, now=living.clock.now())
    living.forward(minutes=40)
    assert home.alert().state == "closed"
    assert living.acts(home)[-1] == ("closed", "simulation")


def test_several_at_once_do_nothing_twice(living: Living) -> None:
    living.staffed = False
    homes = [living.simulated(number) for number in range(1, 13)]
    for home in homes:
        home.press(f"sim-{home.button}")
    for _ in range(60):
        living.clock.forward(timedelta(seconds=20))
        threads = [
            threading.Thread(
                target=simulated_staff.look,
                args=(living.pool,),
                kwargs={"seed": SEED, "pace": PACE, "now": living.clock.now()},
            )
            for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        living.settle()
    for home in homes:
        timeline = home.alert().timeline()
        assert home.alert().state == "closed"
        once = {what: timeline.count(what) for what in ("accepted", "en_route", "arrived", "visit_completed", "closed")}
        assert set(once.values()) <= {0, 1}, timeline


def test_the_loop_answers_until_it_is_stopped(living: Living) -> None:
    living.staffed = False
    home = living.simulated(7)
    home.press("sim-1", test=True)
    stop = threading.Event()
    thread = threading.Thread(
        target=simulated_staff.run, args=(living.pool, living.clock, stop), kwargs={"seed": SEED, "pace": 1000.0}
    )
    thread.start()

    def closed() -> bool:
        living.forward(seconds=5)
        return home.alert().state == "closed"

    try:
        until(closed, 30)
    finally:
        stop.set()
        thread.join(5)
    assert not thread.is_alive()
    assert home.alert().outcome == "test"


# What is decided, without a database

AT = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
LATER = AT + timedelta(hours=3)
RAISED = Standing(
    number=1, state=AlertState.NOTIFIED, test=False, cancelled=False, accepted_at=None, en_route_at=None,
    arrived_at=None, visit_id=None, visit_state=None, completed_at=None, holder=None, resident="张桂英", lat=None, lon=None,
    in_human_hands=False, told=(Told(11, AT, "+8613800010001", False),),
)  # fmt: skip
ACCEPTED = replace(
    RAISED,
    state=AlertState.ACCEPTED,
    accepted_at=AT,
    holder=Holder(7, "兰晓"),
    visit_id=3,
    visit_state=VisitState.ACCEPTED,
)


def decided(standing: Standing, numbers: int = 1000, now: datetime = LATER) -> Counter[str]:
    """Return what is decided about that many alerts."""
    acts = [next_act(replace(standing, number=number), seed=1, pace=1, now=now) for number in range(numbers)]
    return Counter(act.digit if isinstance(act, Answer) else type(act).__name__ for act in acts)


def test_most_who_are_told_accept_some_pass_on_and_some_are_silent() -> None:
    found = decided(RAISED)
    assert 640 < found["1"] < 760
    assert 70 < found["2"] < 130
    assert 160 < found["NoneType"] < 240


def test_nobody_answers_before_ten_seconds_and_all_who_do_within_a_minute() -> None:
    assert decided(RAISED, now=AT + timedelta(seconds=9.9)) == {"NoneType": 1000}
    assert decided(RAISED, now=AT + timedelta(seconds=60)) == decided(RAISED)


def test_whoever_is_told_late_surely_accepts() -> None:
    told = tuple(Told(row, AT, "+8613800010001", row < 4) for row in range(5))
    assert decided(replace(RAISED, told=told)) == {"1": 1000}


def test_what_was_answered_is_not_answered_again() -> None:
    answered = replace(RAISED, told=(replace(RAISED.told[0], answered=True),))
    assert decided(answered) == {"NoneType": 1000}


def test_each_step_follows_the_one_before_in_its_time() -> None:
    here = ACCEPTED
    assert decided(here).keys() == {"Depart", "Close"}
    assert decided(here, now=AT + timedelta(seconds=29)) == {"NoneType": 1000}
    here = replace(here, state=AlertState.EN_ROUTE, en_route_at=AT, visit_state=VisitState.EN_ROUTE)
    assert decided(here) == {"Arrive": 1000}
    assert decided(here, now=AT + timedelta(minutes=2.9)) == {"NoneType": 1000}
    assert decided(here, now=AT + timedelta(minutes=15)) == {"Arrive": 1000}
    here = replace(here, state=AlertState.ARRIVED, arrived_at=AT, visit_state=VisitState.ARRIVED)
    assert decided(here) == {"Complete": 1000}
    here = replace(here, completed_at=AT, visit_state=VisitState.COMPLETED)
    assert decided(here) == {"Close": 1000}
    assert decided(replace(here, in_human_hands=True)) == {"NoneType": 1000}
    assert decided(replace(here, holder=None)) == {"NoneType": 1000}


def test_a_test_is_closed_by_telephone_with_whom_one_spoke() -> None:
    act = next_act(replace(ACCEPTED, test=True), seed=1, pace=1, now=LATER)
    assert act == Close(Outcome.TEST, "张桂英")


def test_a_call_that_the_home_took_back_mostly_ends_by_telephone() -> None:
    found = decided(replace(ACCEPTED, cancelled=True))
    assert 750 < found["Close"] < 850


def test_the_outcome_told_at_the_door_is_the_one_it_is_closed_with() -> None:
    at_door = replace(ACCEPTED, state=AlertState.ARRIVED, arrived_at=AT, visit_state=VisitState.ARRIVED)
    done = replace(at_door, visit_state=VisitState.COMPLETED, completed_at=AT)
    for number in range(100):
        completed, closed = (
            next_act(replace(each, number=number), seed=1, pace=1, now=LATER) for each in (at_door, done)
        )
        assert isinstance(completed, Complete)
        assert isinstance(closed, Close)
        assert completed.outcome == closed.outcome
    assert isinstance(next_act(ACCEPTED, seed=1, pace=1, now=LATER), Depart | Close)
    en_route = replace(ACCEPTED, state=AlertState.EN_ROUTE, en_route_at=AT)
    assert next_act(en_route, seed=1, pace=1, now=LATER) == Arrive()
