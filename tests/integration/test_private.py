"""What a person must be told of a resident's health is spoken to whoever goes, and is in no text."""

from collections.abc import Iterator
from typing import Any

import pytest
from psycopg_pool import ConnectionPool

from tests.clock import StoryClock
from tests.integration.by_twilio import ByTwilio, proxied, served
from tests.integration.twilio_stand_in import Asked, TwilioStandIn
from tests.stories.village import Home, step

NOTES = "心脏病，装有起搏器"


@pytest.fixture
def village(pool: ConnectionPool[Any], clock: StoryClock, database: str) -> Iterator[ByTwilio]:
    with served(pool, clock, database) as place, TwilioStandIn(post=proxied(place)) as stand_in:
        yield ByTwilio(pool, clock, stand_in=stand_in)


@pytest.fixture
def home(village: ByTwilio) -> Home:
    home = village.home("凤山村", policy=[step(0, "lan"), step("5 min", "mei")])
    village.run(
        "update residents set notes = %(notes)s, category = '{disabled}', birth_date = '1941-03-02'", notes=NOTES
    )
    village.run("update policy_steps set channels = '{sms,voice}'")
    home.press()
    return home


def call_of(village: ByTwilio, name: str) -> Asked:
    return next(each for each in village.asked(name) if each.is_call)


def test_no_text_has_health_details(village: ByTwilio, home: Home) -> None:
    village.forward(minutes=6)
    home.press()
    village.forward(minutes=2)
    village.text("lan", "1")
    village.forward(minutes=60)
    purposes = village.all("select distinct purpose from messages order by purpose")
    assert [row[0] for row in purposes] == ["inform", "remind", "retell", "tell"]
    said = " ".join(row[0] for row in village.all("select text from messages"))
    for private in (NOTES, "心脏", "disabled", "1941"):
        assert private not in said
    assert all(NOTES not in str(each.form) for each in village.stand_in.requests)


def test_a_call_says_them_after_an_accepting_digit_and_not_before(village: ByTwilio, home: Home) -> None:
    call = call_of(village, "lan")
    opening = village.stand_in.pick_up(call)
    assert NOTES not in opening.text
    heard = village.stand_in.press(call, opening, "1")
    assert f"请注意：{NOTES}" in heard.says
    assert home.alert().state == "accepted"
    # the same digit, delivered again, is answered the same
    assert village.stand_in.press(call, opening, "1").says == heard.says


def test_who_passes_it_on_does_not_hear_them(village: ByTwilio, home: Home) -> None:
    call = call_of(village, "lan")
    assert NOTES not in village.stand_in.press(call, village.stand_in.pick_up(call), "2").text


def test_who_comes_second_does_not_hear_them(village: ByTwilio, home: Home) -> None:
    call = call_of(village, "lan")
    opening = village.stand_in.pick_up(call)
    home.alert().accept("mei")
    assert NOTES not in village.stand_in.press(call, opening, "1").text


def test_a_resident_without_notes_is_no_gap_in_the_words(village: ByTwilio, home: Home) -> None:
    village.run("update residents set notes = null")
    call = call_of(village, "lan")
    assert "请注意" not in village.stand_in.press(call, village.stand_in.pick_up(call), "1").text
