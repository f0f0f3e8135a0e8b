"""The event stream over real HTTP: what changes is told at once, to whom it concerns, and after a break nothing is missed."""

import queue
import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from prometheus_client import REGISTRY
from psycopg_pool import ConnectionPool

from alerts import desk
from alerts.model import Actor
from api import stream_log
from api.routes import stream as route
from api.stream_log import Change, Position, position_of
from devices import telemetry
from devices.model import StatusChange
from devices.telemetry import Received
from storage.pool import open_pool
from tests.clock import StoryClock
from tests.integration.api_client import Api, calling
from tests.integration.brokers import until
from tests.integration.listening import hearing
from tests.integration.work_fixtures import api, village
from tests.stories.village import Village, step

__all__ = ["api", "village"]

OFFICE = Actor("office", "api", username="office")


def raise_one(connection: Any, home_id: int, village: Village) -> int:
    return desk.raise_by_hand(
        connection, kind="worry", home_id=home_id, resident_id=None, text=None, actor=OFFICE, now=village.clock.now()
    )


def test_a_press_and_every_step_after_it_is_told_as_it_happens(api: Api, village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan")])
    with hearing(api.being("viewer")) as ear:
        ear.opened()
        home.press()
        states = []
        while "notified" not in states:
            frame = ear.next()
            if frame.event == "alert":
                states.append(frame.data["state"])
        home.alert().accept("lan")
        seen = {}
        while set(seen) != {"alert", "visit"} or seen["alert"]["state"] != "accepted":
            frame = ear.next()
            seen[frame.event] = frame.data
    assert seen["alert"]["accepted_by_name"] == "lan"
    assert (seen["visit"]["state"], seen["visit"]["alert"]) == ("accepted", seen["alert"]["id"])
    read = dict(api.being("viewer").get(f"/alerts/{home.alert().id}").ok().body)
    del read["timeline"]
    assert seen["alert"] == read


def test_a_device_that_goes_offline_is_told(api: Api, village: Village) -> None:
    home = village.home("凤山村")
    with hearing(api.being("viewer"), events="device") as ear:
        ear.opened()
        with api.pool.connection() as connection:
            device = telemetry.known_devices(connection, [home.button])[home.button]
            said = Received(StatusChange(home.button, online=False), village.clock.now())
            telemetry.store(connection, [(device, said)], village.clock.now())
        frame = ear.next()
    assert (frame.event, frame.data["uid"], frame.data["health"]["state"]) == ("device", home.button, "offline")


def test_only_what_was_asked_for_is_told(api: Api, village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan")])
    with hearing(api.being("viewer"), events="visit,device") as ear:
        ear.opened()
        home.press()
        home.alert().accept("lan")
        assert ear.next().event == "device"
        assert ear.next().event == "visit"


def test_an_event_that_there_is_not_is_refused(api: Api) -> None:
    api.being("viewer").get("/stream", events="alert,weather").problem(422, "use some of alert, visit, device")


def test_without_a_session_nothing_is_told(api: Api) -> None:
    api.get("/stream").problem(401)


def test_another_village_hears_nothing_of_it_live_and_after_a_break(api: Api, village: Village) -> None:
    here, there = village.home("凤山村"), village.home("安石村")
    neighbour = api.being("viewer", area="安石村")
    with hearing(neighbour) as ear:
        began = ear.opened().last
        here.press()
        there.press()
        assert ear.next().data["home"] == str(there.id)
    with hearing(neighbour, last=began) as ear:
        ear.opened()
        homes = {ear.next().data["home"] for _ in range(2)}
    assert homes == {str(there.id)}


def test_what_happened_during_a_break_is_told_once_as_it_now_is(api: Api, village: Village) -> None:
    homes = [village.home("凤山村") for _ in range(3)]
    viewer = api.being("viewer")
    with hearing(viewer, events="alert") as ear:
        ear.opened()
        homes[0].press()
        ear.next()
    for home in homes:
        home.press()
    with hearing(viewer, last=ear.last, events="alert") as ear:
        ear.opened()
        told = [ear.next() for _ in homes]
        homes[0].press()
        after = ear.next()
    assert [(frame.data["home"], frame.data["count"]) for frame in told] == [
        (str(homes[0].id), 2), (str(homes[1].id), 1), (str(homes[2].id), 1),
    ]  # fmt: skip
    assert (after.data["home"], after.data["count"]) == (str(homes[0].id), 3)


def test_a_break_before_anything_was_told_loses_nothing(api: Api, village: Village) -> None:
    home = village.home("凤山村")
    viewer = api.being("viewer")
    with hearing(viewer) as ear:
        ear.opened()
    home.press()
    with hearing(viewer, last=ear.last, events="alert") as again:
        assert again.opened().next().data["home"] == str(home.id)


def test_a_client_that_cannot_set_headers_resumes_by_the_address(api: Api, village: Village) -> None:
    home = village.home("凤山村")
    home.press()
    with hearing(api.being("viewer"), last_event_id="0", events="alert") as ear:
        assert ear.opened().next().data["home"] == str(home.id)


@pytest.mark.parametrize("last", ["999999", "nonsense", "5-", "-1", "9" * 30, "1-2-3-x"])
def test_who_says_what_we_never_told_loads_anew(api: Api, village: Village, last: str) -> None:
    home = village.home("凤山村")
    with hearing(api.being("viewer"), last=last, events="alert") as ear:
        assert ear.next().event == "reload"
        assert position_of(ear.last or "") is not None
        home.press()
        assert ear.next().event == "alert"


def test_who_was_away_too_long_loads_anew_and_goes_on(
    api: Api, village: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_log, "REPLAY_LIMIT", 3)
    homes = [village.home("凤山村") for _ in range(4)]
    viewer = api.being("viewer")
    with hearing(viewer) as ear:
        ear.opened()
    for home in homes:
        home.press()
    with hearing(viewer, last=ear.last, events="alert") as again:
        assert again.next().event == "reload"
    with hearing(viewer, last=again.last, events="alert") as ear:
        ear.opened()
        homes[0].press()
        assert (ear.next().data["home"], ear.last != again.last) == (str(homes[0].id), True)


def test_an_event_pruned_from_the_log_makes_clients_load_anew(api: Api, village: Village) -> None:
    home = village.home("凤山村")
    viewer = api.being("viewer")
    with hearing(viewer) as ear:
        ear.opened()
    home.press()
    home.press()
    api.run("delete from stream_log where id < (select max(id) from stream_log)")
    with hearing(viewer, last=ear.last) as again:
        assert again.next().event == "reload"


def test_silence_is_filled_with_comments_that_move_the_place_to_resume_on(
    api: Api, village: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(route, "HEARTBEAT_S", 0.2)
    home = village.home("凤山村")
    village.home("安石村")
    with hearing(api.being("viewer", area="安石村")) as ear:
        began = ear.opened().last
        home.press()
        while ear.beat().id == began:
            pass
    newest = api.rows("select max(id) from stream_log")[0][0]
    assert position_of(ear.last or "") == Position(newest, frozenset())


def test_the_stream_ends_with_its_session(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(route, "HEARTBEAT_S", 0.2)
    viewer = api.being("viewer")
    with hearing(viewer) as ear:
        ear.opened()
        api.run("delete from sessions where user_id = (select id from users where username = %(n)s)", n=viewer.username)
        ear.end()


def test_whose_area_changes_must_come_again(api: Api, village: Village, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(route, "HEARTBEAT_S", 0.2)
    village.home("凤山村")
    viewer = api.being("viewer")
    with hearing(viewer) as ear:
        ear.opened()
        api.run("update users set area = '凤山村' where username = %(name)s", name=viewer.username)
        ear.end()


def test_a_client_that_has_gone_is_forgotten(api: Api, village: Village, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(route, "HEARTBEAT_S", 0.2)
    before = REGISTRY.get_sample_value("anju_stream_clients")
    with hearing(api.being("viewer")) as ear:
        ear.opened()
        assert REGISTRY.get_sample_value("anju_stream_clients") == (before or 0) + 1
    until(lambda: REGISTRY.get_sample_value("anju_stream_clients") == before)


def test_a_transaction_that_commits_after_a_later_one_is_told_live_and_after_a_break(
    api: Api, village: Village, database: str
) -> None:
    first, second, third = (village.home("凤山村") for _ in range(3))
    viewer = api.being("viewer")
    with hearing(viewer, events="alert") as ear, psycopg.connect(database) as slow:
        ear.opened()
        raise_one(slow, first.id, village)
        with api.pool.connection() as quick:
            raise_one(quick, second.id, village)
        assert ear.next().data["home"] == str(second.id)
        broken_off = ear.last
        with hearing(viewer, last=broken_off, events="alert") as other:
            other.opened()
            slow.commit()
            assert ear.next().data["home"] == str(first.id)
            assert other.next().data["home"] == str(first.id)
    with hearing(viewer, last=broken_off, events="alert") as again:
        again.opened()
        assert again.next().data["home"] == str(first.id)
        with api.pool.connection() as quick:
            raise_one(quick, third.id, village)
        assert again.next().data["home"] == str(third.id)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_over_many_breaks_with_many_writers_nothing_is_lost_and_nothing_told_twice(
    api: Api, village: Village, database: str, seed: int
) -> None:
    writers, each_raises = 6, 25
    homes = [village.home("凤山村") for _ in range(writers)]
    viewer = api.being("viewer")
    chance = random.Random(seed)
    raised: list[int] = []

    def write(number: int) -> None:
        own = random.Random(seed * 100 + number)
        for _ in range(each_raises):
            with pool_of_writers.connection() as connection:
                alert_id = raise_one(connection, homes[number].id, village)
                # the later this transaction ends, the more that began after it have ended before it
                connection.execute("select pg_sleep(%s)", (own.random() * 0.02,))
                if own.random() < 0.15:
                    connection.rollback()
                else:
                    raised.append(alert_id)

    told: list[int] = []
    with (
        open_pool(database, name="writers", max_size=writers) as pool_of_writers,
        ThreadPoolExecutor(writers) as threads,
    ):
        with hearing(viewer) as ear:
            last = ear.opened().last
        work = [threads.submit(write, number) for number in range(writers)]
        done, heard = False, True
        while heard or not done:
            done, heard = all(each.done() for each in work), False
            with hearing(viewer, last=last, events="alert") as ear:
                for _ in range(chance.randint(1, 12)):
                    try:
                        told.append(int(ear.next(within_s=1).data["id"]))
                    except queue.Empty:
                        break
                    heard = True
            last = ear.last
        for each in work:
            each.result()
    assert sorted(told) == sorted(raised)


def test_a_server_that_ends_ends_its_streams_and_another_goes_on_from_there(
    pool: ConnectionPool[Any], clock: StoryClock, database: str, village: Village
) -> None:
    homes = [village.home("凤山村") for _ in range(2)]
    with calling(pool, clock, database) as api:
        viewer = api.being("viewer")
        with hearing(viewer, events="alert") as ear:
            ear.opened()
            with pool.connection() as connection:
                raise_one(connection, homes[0].id, village)
            ear.next()
            last = ear.last
    with pool.connection() as connection:
        raise_one(connection, homes[1].id, village)
    with calling(pool, clock, database) as api:
        viewer = Api(api.client, pool, clock, viewer.token)
        with hearing(viewer, last=last, events="alert") as ear:
            ear.opened()
            assert ear.next().data["home"] == str(homes[1].id)


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (Position(20, frozenset()), "20"),
        (Position(20, frozenset({15, 18, 21})), "20-15-18"),
        (Position(200, frozenset(range(100, 180))), "99"),
    ],
)
def test_a_position_is_written_so(at: Position, text: str) -> None:
    assert str(at) == text


def test_two_positions_together_have_what_either_has() -> None:
    one, other = Position(20, frozenset({15, 18})), Position(30, frozenset({18, 12, 25}))
    both = one | other
    assert both == other | one
    assert [row_id for row_id in range(1, 40) if both.has(row_id)] == [
        row_id for row_id in range(1, 40) if one.has(row_id) or other.has(row_id)
    ]


def test_what_was_told_before_the_live_changes_is_not_told_again() -> None:
    def change(row_id: int, ref: str) -> Change:
        return Change(row_id, Position(row_id, frozenset()), "alert", ref, None, "{}")

    told = route.Told(came_with=Position(20, frozenset({15, 18})), replayed=[change(15, "a"), change(24, "b")])
    live = [(14, "x"), (15, "a"), (18, "c"), (20, "x"), (22, "b"), (23, "d"), (24, "b"), (25, "b"), (26, "a")]
    assert [row_id for row_id, ref in live if not told.before(change(row_id, ref))] == [18, 23, 25, 26]
