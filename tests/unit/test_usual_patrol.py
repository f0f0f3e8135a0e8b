"""A patrol ping is read in one go where it is as usual: always to the same end as key by key."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.formats import anju
from devices.formats.payload import NotReadable, clean, json_object
from devices.model import PatrolPing, Unreadable

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "id": st.text(max_size=5) | st.just("x" * 200) | st.just("x" * 201) | st.none() | st.integers(),
    "at": st.sampled_from(
        [
            None, "", "now", 5, "2026-11-24T08:30:00+08:00", "2026-11-24t08:30:00Z", "2026-11-24 08:30:00+08:00",
            "2026-11-24T08:30:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "20261124T083000Z",
            "2026-11-24T08:30:00.1234567+00:00",
        ]
    ),
    "presence": st.booleans() | st.none() | st.just(1) | st.just("true"),
    "persons": st.integers(-2, 1002) | st.just(1.0) | st.just(2.5) | st.just("2"),
    "battery": st.integers(-1, 101) | st.just(87.0) | st.just(87.4) | st.booleans() | st.just(10**30),
    "rssi": st.integers(-201, 101) | st.just(-60.5) | st.none(),
    "fw": st.text(max_size=5) | st.just("x" * 501) | st.just(1),
    "snapshot": st.text(max_size=5) | st.just("x" * 2001) | st.just([]),
    "room": st.just("堂屋") | st.just({"a": [1]}) | st.just("a\0b"),
}  # fmt: skip
PINGS = st.fixed_dictionaries({}, optional=VALUES)


@given(PINGS)
def test_in_one_go_and_key_by_key_come_to_the_same_end(said: dict[str, Any]) -> None:
    payload = json.dumps(said).encode()
    quick = anju._usual_patrol("cam-1", payload)
    read = anju.read("anju/v1/cam-1/patrol", payload)
    try:
        by_key: PatrolPing | str = anju._patrol("cam-1", json_object(payload))
    except NotReadable as why:
        by_key = str(why)
    assert quick is None or quick == by_key
    assert (read.reason if isinstance(read, Unreadable) else read) == by_key


def test_a_usual_ping_is_read_in_one_go() -> None:
    payload = b'{"id":"p1","at":"2026-11-24T08:30:00+08:00","presence":true,"persons":1,"battery":87,"rssi":-61}'
    assert anju._usual_patrol("cam-1", payload) is not None


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "ok\udc80"])
def test_what_postgresql_cannot_keep_is_seen(text: str) -> None:
    assert not clean(text)


@given(st.text())
def test_a_text_is_clean_unless_it_holds_nul_or_half_a_pair(text: str) -> None:
    assert clean(text) == ("\0" not in text and not any("\ud800" <= each <= "\udfff" for each in text))
