"""What waits between the network and the database: bounded in number and bytes, in order, and nobody waits at the end."""

import threading
from dataclasses import dataclass

import pytest

from gateway.backlog import Backlog

FOR_EVER_S = 3600.0


@dataclass(frozen=True)
class Message:
    number: int
    payload: bytes = b"x"


def filler(backlog: Backlog[Message], messages: list[Message], taken: list[bool]) -> threading.Thread:
    """A thread that puts messages in, and notes for each whether it was kept."""
    thread = threading.Thread(target=lambda: taken.extend(backlog.put(each) for each in messages), daemon=True)
    thread.start()
    return thread


@pytest.mark.parametrize("gather_s", [0.0, FOR_EVER_S])
def test_messages_come_out_in_their_order_so_many_at_a_time(gather_s: float) -> None:
    backlog: Backlog[Message] = Backlog()
    for number in range(6):
        backlog.put(Message(number))
    # gathering ends when there are as many as are asked for
    taken = [backlog.take(2, FOR_EVER_S, gather_s) for _ in range(3)]
    assert [[each.number for each in batch] for batch in taken] == [[0, 1], [2, 3], [4, 5]]
    assert backlog.take(2, 0, gather_s) == []


def test_what_comes_while_a_batch_grows_is_in_it() -> None:
    backlog: Backlog[Message] = Backlog()
    taken: list[list[Message]] = []
    taking = threading.Thread(target=lambda: taken.append(backlog.take(3, FOR_EVER_S, FOR_EVER_S)), daemon=True)
    taking.start()
    for number in range(3):
        backlog.put(Message(number))
    taking.join(10)
    assert taken == [[Message(0), Message(1), Message(2)]]


def test_a_batch_that_grows_no_more_is_taken_as_it_is() -> None:
    backlog: Backlog[Message] = Backlog()
    backlog.put(Message(0))
    assert backlog.take(2, FOR_EVER_S, 0.001) == [Message(0)]


@pytest.mark.parametrize(
    ("limits", "payload", "kept"),
    [((3, 1000), b"x", 3), ((1000, 25), b"x" * 10, 3), ((1000, 25), b"x" * 500, 1)],
)
def test_who_hears_waits_while_there_is_no_room(limits: tuple[int, int], payload: bytes, kept: int) -> None:
    backlog: Backlog[Message] = Backlog(*limits)
    messages = [Message(number, payload) for number in range(20)]
    put: list[bool] = []
    thread = filler(backlog, messages, put)
    taken: list[Message] = []
    largest = 0
    while len(taken) < len(messages):
        batch = backlog.take(1000, FOR_EVER_S)
        largest = max(largest, len(batch))
        taken += batch
    thread.join(10)
    assert taken == messages
    assert put == [True] * 20
    assert largest <= kept


def test_room_is_counted_again_after_a_part_was_taken() -> None:
    backlog: Backlog[Message] = Backlog(1000, 30)
    for number in range(3):
        backlog.put(Message(number, b"x" * 10))
    assert len(backlog.take(2, 0)) == 2
    # 10 of 30 bytes are waiting: these two fit, and are not waited for
    assert backlog.put(Message(3, b"x" * 10))
    assert backlog.put(Message(4, b"x" * 10))
    assert [each.number for each in backlog.take(9, 0)] == [2, 3, 4]


def test_closing_wakes_who_takes_and_who_puts() -> None:
    empty: Backlog[Message] = Backlog()
    taken: list[list[Message]] = []
    taking = threading.Thread(target=lambda: taken.append(empty.take(1, FOR_EVER_S)), daemon=True)
    taking.start()
    full: Backlog[Message] = Backlog(1)
    full.put(Message(0))
    put: list[bool] = []
    putting = filler(full, [Message(1), Message(2)], put)
    for backlog in (empty, full):
        backlog.close()
    taking.join(10)
    putting.join(10)
    assert (taken, put) == ([[]], [False, False])
    assert full.take(9, FOR_EVER_S) == [Message(0)]
    assert full.take(9, FOR_EVER_S) == []
