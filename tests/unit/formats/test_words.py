"""Words that several vendors' devices say mean the same whoever says them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.formats.payload import clean
from devices.formats.words import online, plain, radio_address, says_help


@pytest.mark.parametrize(
    "name",
    [
        "SOS",
        "bed_sos",
        "bedSOSButton",
        "BathSos2",
        "panic-cord",
        "Emergency",
        "nurse_call",
        "help",
        "求助",
        "紧急按钮",
        "呼叫器",
    ],
)
def test_a_name_that_calls_for_help_is_known(name: str) -> None:
    assert says_help(name)


@pytest.mark.parametrize(
    "name", ["", "button", "smoke_alarm", "sosten", "helper", "recall", "call_for_heat", "voice_assistant_running", "温度", "门"]
)  # fmt: skip
def test_a_name_that_only_looks_like_it_does_not(name: str) -> None:
    assert not says_help(name)


@pytest.mark.parametrize("said", [b"online", b"Online", b"ONLINE\n", b"true", b"1"])
def test_online_has_several_spellings(said: bytes) -> None:
    assert online(said) is True


@pytest.mark.parametrize("said", [b"offline", b"Offline", b"false", b"0"])
def test_so_has_offline(said: bytes) -> None:
    assert online(said) is False


@pytest.mark.parametrize("said", [b"", b"on", b"\xff", b'{"state":"online"}', b"online" * 1000])
def test_anything_else_is_neither(said: bytes) -> None:
    assert online(said) is None


@pytest.mark.parametrize("spelling", ["38:39:8F:74:B1:4F", "38-39-8f-74-b1-4f", "38398F74B14F", "38398f74b14f"])
def test_a_radio_address_is_the_same_in_every_spelling(spelling: str) -> None:
    assert radio_address(spelling) == "38398f74b14f"


@pytest.mark.parametrize(
    "other", ["", "38398f74b14", "38:39:8f:74:b1", "zz398f74b14f", None, 5, "38:398f74b14f", "38398f74b14f\n"]
)
def test_what_is_no_radio_address_is_none(other: object) -> None:
    assert radio_address(other) is None


@given(st.binary(max_size=60))
def test_a_plain_text_can_always_be_stored(payload: bytes) -> None:
    text = plain(payload, 10)
    assert text is None or (len(text) <= 10 and clean(text))
