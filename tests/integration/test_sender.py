"""The sender of the engine's process: how fast, the most urgent first, and nothing that is no longer true."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from psycopg_pool import ConnectionPool

from alerts import outbox
from alerts.channels.twilio import Twilio
from alerts.engine import EngineSettings
from alerts.service import SENDERS, Parts, Sender
from tests.clock import StoryClock
from tests.integration.by_twilio import PUBLIC_URL, ByTwilio, settings
from tests.integration.twilio_stand_in import TwilioStandIn
from tests.stories.village import Home, step


class Held(ByTwilio):
    """A village whose messages wait for the sender under test."""

    def _send(self) -> int:
        return 0


@pytest.fixture
def village(pool: ConnectionPool[Any], clock: StoryClock) -> Iterator[Held]:
    with TwilioStandIn() as stand_in:
        yield Held(pool, clock, stand_in=stand_in)


@contextmanager
def sending(village: Held, database: str, **more: Any) -> Iterator[Sender]:
    parts = Parts(
        database, village.pool, village.clock, Twilio(settings(village.stand_in)),
        EngineSettings("zh-CN", PUBLIC_URL, "twilio"), **more,
    )  # fmt: skip
    with ThreadPoolExecutor(SENDERS) as threads:
        yield Sender(parts, threads)


def let_go(village: Held, database: str, **more: Any) -> int:
    """Let a fresh sender send what it may, and return how many requests there were in all."""
    with sending(village, database, **more) as sender:
        look(sender)
    return len(village.stand_in.requests)


def look(sender: Sender) -> None:
    """Look until nothing more may leave; a place is free again only once its message has gone."""
    while sender.send_due():
        for _ in range(SENDERS):
            sender._free.acquire(timeout=10)
        for _ in range(SENDERS):
            sender._free.release()


def presses(village: Held, number: int) -> list[Home]:
    homes = [village.home("凤山村", policy=[step(0, "lan")] if not index else None) for index in range(number)]
    for home in homes:
        home.press()
    return homes


def test_no_more_leave_than_the_provider_bears(village: Held, database: str) -> None:
    presses(village, 12)
    with sending(village, database, messages_per_s=5) as sender:
        look(sender)
        assert len(village.stand_in.requests) == 5
        village.forward(seconds=1)
        look(sender)
        assert len(village.stand_in.requests) == 10
        village.forward(seconds=1)
        look(sender)
    assert len(village.stand_in.requests) == 12


def test_help_leaves_before_what_was_queued_earlier(village: Held, database: str) -> None:
    homes = presses(village, 6)
    village.run("update messages set severity = 'normal' where alert_id <> %(help)s", help=homes[5].alert().id)
    assert let_go(village, database, messages_per_s=1) == 1
    assert f"#{homes[5].alert().id}" in village.stand_in.requests[0].form["Body"]


def test_a_busy_provider_is_left_in_peace_and_everything_arrives_once(village: Held, database: str) -> None:
    homes = presses(village, 10)
    for _ in range(3):
        village.stand_in.fail(429, 20429, "Too Many Requests", Retry_After="4")
    with sending(village, database) as sender:
        look(sender)
        asked = len(village.stand_in.requests)
        assert asked <= SENDERS
        village.forward(seconds=3)
        look(sender)
        assert len(village.stand_in.requests) == asked
        for _ in range(20):
            village.forward(seconds=1)
            look(sender)
    taken = [each.form["Body"] for each in village.stand_in.requests]
    assert len(taken) == 13
    for home in homes:
        assert village.one("select state from messages where alert_id = %(id)s", id=home.alert().id) == "queued"
        assert village.one("select sid is not null from messages where alert_id = %(id)s", id=home.alert().id)


def test_what_was_accepted_between_claim_and_sending_does_not_leave(village: Held, database: str) -> None:
    (home,) = presses(village, 1)
    with village.pool.connection() as connection:
        (message,) = outbox.claim(connection, limit=10, now=village.clock.now())
    home.alert().accept("mei")
    village.forward(seconds=2)
    with sending(village, database) as sender:
        sender._free.acquire()
        sender._send_one(message)
    assert village.stand_in.requests == []
    assert village.all("select state, error, next_attempt_at from messages") == [("canceled", "alert taken", None)]


def test_a_claim_that_ran_out_is_left_to_whoever_has_it_now(village: Held, database: str) -> None:
    presses(village, 1)
    with village.pool.connection() as connection:
        (stopped,) = outbox.claim(connection, limit=10, now=village.clock.now())
    village.forward(seconds=31)
    with village.pool.connection() as connection:
        (taken_over,) = outbox.claim(connection, limit=10, now=village.clock.now())
    with sending(village, database) as sender:
        for message in (stopped, taken_over):
            sender._free.acquire()
            sender._send_one(message)
    assert len(village.stand_in.requests) == 1
    assert village.one("select attempts from messages") == 2


def test_a_refused_message_whose_alert_is_taken_meanwhile_is_not_sent_again(village: Held, database: str) -> None:
    (home,) = presses(village, 1)
    village.stand_in.fail(503, None, "busy")
    assert let_go(village, database) == 1
    home.alert().accept("mei")
    village.forward(minutes=3)
    assert let_go(village, database) == 1
    assert village.one("select state from messages") == "canceled"
