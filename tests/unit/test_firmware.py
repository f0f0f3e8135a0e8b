"""Which firmware is older, in the spellings of vendors, and which version is wanted of a device."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.firmware import Wanted, is_older, is_outdated, is_readable, wanted_of

DOTTED = st.lists(st.integers(0, 999), min_size=1, max_size=4).map(lambda parts: ".".join(map(str, parts)))


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("1.4.1", "1.4.2"),
        ("1.9", "1.10"),
        ("v1.2", "1.2.1"),
        ("V1.2", "v1.3"),
        ("1.2.0-beta.1", "1.2.0"),
        ("1.2.0-beta.1", "1.2.0-beta2"),
        ("2.0.0-alpha", "2.0.0rc1"),
        ("20230913-112003/1.14.0-gcb84623", "20241011-114455/1.14.1-gbf89ed5"),
        ("20241011-114455/1.14.0-gcb84623", "1.14.1"),
        ("14.2.0(release-tasmota)", "14.3.0(release-tasmota32)"),
        ("2024-03-01", "2024-11-05"),
        ("20240301", "2024-11-05"),
        ("2024.3.1", "2024.11.2"),
        ("0.16.1-e664cb2", "0.17.0-f0d8aa1"),
        ("1_0_9", "1_0_10"),
    ],
)
def test_older_and_newer(older: str, newer: str) -> None:
    assert is_older(older, newer) is True
    assert is_older(newer, older) is False


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1.4", "1.4.0"),
        ("v1.4", "1.4"),
        ("1.14.0-gcb84623", "20230913-112003/1.14.0-g99"),
        ("abc", "abc"),
        (" 1.4", "1.4"),
    ],
)
def test_the_same(one: str, other: str) -> None:
    assert is_older(one, other) is False
    assert is_older(other, one) is False


@pytest.mark.parametrize(("one", "other"), [("abc", "1.4"), ("20240301", "1.4"), ("", "1"), ("1.4", "final")])
def test_what_cannot_be_compared_is_not_guessed(one: str, other: str) -> None:
    assert is_older(one, other) is None


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_text_breaks_it_and_never_are_both_older(one: str, other: str) -> None:
    assert not (is_older(one, other) is True and is_older(other, one) is True)
    assert (is_older(one, other) is None) == (is_older(other, one) is None)


@given(DOTTED, DOTTED, DOTTED)
def test_order_is_an_order(first: str, second: str, third: str) -> None:
    assert is_readable(first)
    if is_older(first, second) and is_older(second, third):
        assert is_older(first, third)


def test_the_nearest_area_then_the_model_then_the_kind_holds() -> None:
    everywhere = Wanted(None, None, None, "1")
    cameras = Wanted(None, "camera", None, "2")
    model = Wanted(None, None, "X1", "3")
    county = Wanted("/c/", None, None, "4")
    village = Wanted("/c/v/", "camera", "X1", "5")
    wanted = [village, everywhere, county, cameras, model]
    assert wanted_of(wanted, path="/c/v/", kind="camera", model="X1") == "5"
    assert wanted_of(wanted, path="/c/w/", kind="camera", model="X1") == "4"
    assert wanted_of(wanted, path="/d/", kind="camera", model="X1") == "3"
    assert wanted_of(wanted, path="/d/", kind="camera", model=None) == "2"
    assert wanted_of(wanted, path="/d/", kind="hub", model=None) == "1"
    assert wanted_of([village], path="/d/", kind="camera", model="X1") is None


def test_a_device_whose_firmware_is_not_known_is_not_outdated() -> None:
    wanted = [Wanted(None, None, None, "1.2")]
    assert not is_outdated(wanted, path="/c/", kind="hub", model=None, fw=None)
    assert not is_outdated(wanted, path="/c/", kind="hub", model=None, fw="nightly")
    assert is_outdated(wanted, path="/c/", kind="hub", model=None, fw="1.1")
