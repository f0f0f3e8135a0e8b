"""The simulated village in a real registry: settled once, grown when more is asked for, and never where SMS leaves."""

import re
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import takewhile
from time import monotonic
from typing import Any

import msgspec
import psycopg
import pytest
from psycopg_pool import ConnectionPool

from alerts import cover, oncall
from api import village
from api.village import MessagesWouldLeave, Village
from devices import scenario
from devices.formats import anju
from gateway import inbox
from gateway.client import Heard
from gateway.inbox import Registry
from storage import series
from tests.clock import StoryClock

TABLES = (
    "areas", "homes", "residents", "devices", "device_latest", "staff", "rotas", "rota_members", "policies",
    "policy_steps",
)  # fmt: skip


@pytest.fixture
def connection(pool: ConnectionPool[Any], clock: StoryClock) -> Iterator[psycopg.Connection[Any]]:
    with pool.connection() as opened:
        series.ensure(opened, clock.now())
        yield opened


def settle(connection: psycopg.Connection[Any], clock: StoryClock, homes: int = 24, **other: Any) -> Village:
    wanted: dict[str, Any] = {"seed": 1, "timezone": "Asia/Shanghai", "locale": "zh-CN", **other}
    return village.seed(connection, homes=homes, now=clock.now(), **wanted)


def rows(connection: psycopg.Connection[Any], query: str) -> list[tuple[Any, ...]]:
    return connection.execute(query.encode()).fetchall()


def counts(connection: psycopg.Connection[Any]) -> dict[str, int]:
    return {table: rows(connection, f"select count(*) from {table}")[0][0] for table in TABLES}


PEOPLE = """
select devices.uid, homes.area, homes.address, homes.lat, homes.lon, homes.key_note, residents.name,
  residents.birth_date, residents.category, residents.notes, residents.contacts
from homes join residents on residents.home_id = homes.id join devices on devices.home_id = homes.id
order by devices.uid
"""


def test_every_home_has_a_resident_a_button_and_a_camera(
    connection: psycopg.Connection[Any], clock: StoryClock
) -> None:
    found = settle(connection, clock)
    assert [each.number for each in found.homes] == list(range(1, 25))
    assert found.homes[0].button == "sim-btn-0001"
    assert found.homes[23].camera == "sim-cam-0024"
    assert {each.utc_offset_s for each in found.homes} == {8 * 3600}
    have = counts(connection)
    assert (have["homes"], have["residents"], have["devices"], have["device_latest"]) == (24, 24, 48, 48)
    people = rows(connection, PEOPLE)
    ages = {(clock.now().date() - row[7]).days / 365.2425 for row in people}
    assert 68 <= min(ages) <= max(ages) < 97
    assert all(abs(lat - 24.58) < 0.5 and abs(lon - 99.92) < 0.5 for _, _, _, lat, lon, *_ in people)
    assert all(row[8] for row in people)
    assert all(contact["phone"].startswith("+86138000") for row in people for contact in row[10])
    assert len({(row[1], row[2]) for row in people}) == 24, "two homes have one address"


def test_its_devices_have_no_password(connection: psycopg.Connection[Any], clock: StoryClock) -> None:
    settle(connection, clock)
    assert rows(connection, "select count(*) from devices where password_hash is not null") == [(0,)]


def test_somebody_answers_at_every_step_from_the_village_to_the_county(
    connection: psycopg.Connection[Any], clock: StoryClock
) -> None:
    settle(connection, clock)
    for (area,) in rows(connection, "select distinct area from homes"):
        chain = rows(
            connection,
            f"select above.code, above.level from areas as here join areas as above"
            f" on starts_with(here.path, above.path) where here.code = '{area}' order by length(above.path) desc",
        )
        assert [level for _, level in chain] == ["village", "township", "county", "city"]
        for later in (timedelta(), timedelta(days=3), timedelta(weeks=5)):
            found = [oncall.who(connection, area=code, at=clock.now() + later) for code, _ in chain[:3]]
            assert [each.area for each in found if each] == [code for code, _ in chain[:3]]
            steps = [step for each in found if each for step in each.steps]
            assert all(step.responders for step in steps)
            in_village = [step.responders[0] for step in found[0].steps] if found[0] else []
            assert in_village[0].staff_id != in_village[1].staff_id, "the second person is the first one"
            assert in_village[-1].channels == ("sms", "voice")
    phones = [phone for (phone,) in rows(connection, "select phone from staff")]
    assert len(set(phones)) == len(phones)
    assert all(phone.startswith(village.STAFF_PHONES) and len(phone) == 14 for phone in phones)


def test_nobody_is_warned_of_a_hole_in_it(connection: psycopg.Connection[Any], clock: StoryClock) -> None:
    settle(connection, clock)
    assert cover.look_ahead(connection, locale="zh-CN", now=clock.now()) == 0


def test_the_second_start_changes_nothing(connection: psycopg.Connection[Any], clock: StoryClock) -> None:
    first = settle(connection, clock)
    people, have = rows(connection, PEOPLE), counts(connection)
    clock.forward(timedelta(days=3))
    assert settle(connection, clock) == first
    assert settle(connection, clock, homes=10) == first
    assert (rows(connection, PEOPLE), counts(connection)) == (people, have)


def test_a_village_that_grew_is_the_one_that_was_asked_for_at_once(
    database: str, connection: psycopg.Connection[Any], clock: StoryClock
) -> None:
    for homes in (1, 5, 30, 150):
        settle(connection, clock, homes=homes)
    grown = rows(connection, PEOPLE), counts(connection)
    for table in reversed(TABLES):
        connection.execute(f"delete from {table}".encode())
    settle(connection, clock, homes=150)
    assert (rows(connection, PEOPLE), counts(connection)) == grown


def test_a_home_that_was_taken_out_is_not_made_again_and_says_nothing(
    connection: psycopg.Connection[Any], clock: StoryClock
) -> None:
    settle(connection, clock)
    connection.execute("update devices set removed_at = %s where uid = 'sim-cam-0007'", (clock.now(),))
    connection.execute("update devices set removed_at = %s where uid = 'sim-btn-0024'", (clock.now(),))
    found = settle(connection, clock, homes=25)
    assert {each.number for each in found.homes} == set(range(1, 26)) - {7, 24}
    assert counts(connection)["homes"] == 25


@pytest.mark.parametrize("sms", ["twilio", "something new"])
def test_it_is_refused_where_messages_really_leave(
    connection: psycopg.Connection[Any], clock: StoryClock, sms: str
) -> None:
    with pytest.raises(MessagesWouldLeave, match=f"ANJU_SMS={sms}.*--no-simulator"):
        settle(connection, clock, sms=sms)
    assert not any(counts(connection).values())


def test_an_area_that_is_there_keeps_its_own_people(connection: psycopg.Connection[Any], clock: StoryClock) -> None:
    connection.execute("insert into areas (code, name, level, path) values ('lincang', '临沧', 'city', '/lincang/')")
    connection.execute(
        "insert into areas (code, name, level, parent, path)"
        " values ('fengqing', '凤庆', 'county', 'lincang', '/lincang/fengqing/')"
    )
    settle(connection, clock)
    assert rows(connection, "select name from areas where code = 'fengqing'") == [("凤庆",)]
    assert rows(connection, "select count(*) from staff where area in ('fengqing', 'lincang')") == [(0,)]
    assert rows(connection, "select count(*) from policies where area = 'fengshan'") == [(1,)]


def test_two_who_settle_it_at_once_settle_it_once(database: str, clock: StoryClock) -> None:
    found: list[Village] = []

    def start() -> None:
        with psycopg.connect(database) as own:
            found.append(settle(own, clock))

    threads = [threading.Thread(target=start) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with psycopg.connect(database) as own:
        assert counts(own)["homes"] == 24
    assert found[0] == found[1] == found[2]


def test_in_english_nothing_of_it_is_chinese(connection: psycopg.Connection[Any], clock: StoryClock) -> None:
    settle(connection, clock, locale="en", timezone="Europe/Berlin")
    people = str(rows(connection, PEOPLE)) + str(rows(connection, "select name from staff"))
    people += str(rows(connection, "select name from areas")) + str(rows(connection, "select name from rotas"))
    assert not re.findall("[\u4e00-\u9fff\uff08\uff09\uff0c\u3002]", people)
    assert not re.findall(r"[{}]", people.replace("{'", "").replace("'}", ""))
    assert rows(connection, "select distinct timezone from rotas") == [("Europe/Berlin",)]


def test_settling_takes_no_time_worth_waiting_for(connection: psycopg.Connection[Any], clock: StoryClock) -> None:
    took: list[float] = []
    for homes in (24, 1000):
        began = monotonic()
        settle(connection, clock, homes=homes)
        took.append(monotonic() - began)
    assert took[0] < 1
    assert took[1] < 5


def test_what_its_homes_say_is_stored_and_nothing_of_it_is_put_aside(
    connection: psycopg.Connection[Any], clock: StoryClock
) -> None:
    homes = settle(connection, clock).homes
    registry = Registry()
    end = clock.now() + timedelta(hours=2)
    rate = scenario.rate_for(24, timedelta(minutes=2))
    said = list(takewhile(lambda each: each.at < end, scenario.life(homes, seed=3, start=clock.now(), rate=rate)))
    calls_said = [heard(each) for each in said if each.leaf in anju.HELP_LEAVES]
    assert calls_said
    inbox.take_urgent(connection, calls_said, end)
    inbox.take_bulk(connection, [heard(each) for each in said], registry, end)
    assert rows(connection, "select count(*) from quarantine") == [(0,)]
    leaves = Counter(each.leaf for each in said)
    stored = dict(rows(connection, "select kind, count(*) from events group by kind"))
    # patrol, telemetry: each once; a help call that was sent twice is one
    assert (stored[1], stored[2]) == (leaves["patrol"], leaves["telemetry"])
    calls = {(each.uid, each.payload["id"]) for each in said if each.leaf == "help"}
    assert rows(connection, "select count(*) from help_calls where what = 'help'") == [(len(calls),)]
    assert stored[4] == len(calls)
    seen = rows(connection, "select count(*) from device_latest where model is not null and last_seen is not null")
    assert seen == [(48,)]


def heard(said: scenario.Said, received_at: datetime | None = None) -> Heard:
    """Return a message as the gateway gets it."""
    topic = anju.topic_of(said.uid, said.leaf)
    return Heard(
        topic, msgspec.json.encode(said.payload), retained=False, received_at=received_at or said.at, mid=1, qos=1,
        session=1,
    )  # fmt: skip
