"""What a device is called: a uid that the registry takes, whatever its vendor calls it."""

import secrets

from hypothesis import given
from hypothesis import strategies as st

from devices import naming
from devices.formats.anju import UID


def test_a_uid_is_made_of_the_name_as_far_as_that_can_be_read() -> None:
    assert naming.proposed("Bedroom SOS", "0x00158d00", "button", set()) == "Bedroom-SOS"
    assert naming.proposed("Café No. 2", "x", None, set()) == "Cafe-No-2"
    assert naming.proposed("卧室按钮", "0x00158d0001", "button", set()) == "0x00158d0001"
    assert naming.proposed("卧室 SOS", "home/0x12", "button", set()) == "0x12"
    assert naming.proposed("卧室", "客厅", "button", set()).startswith("btn-")


def test_one_that_is_taken_gets_a_number() -> None:
    assert naming.proposed("sofa", "", None, {"sofa", "sofa-2"}) == "sofa-3"
    long = "a" * 64
    assert naming.proposed(long, "", None, {long}) == "a" * 62 + "-2"


@given(name=st.text(max_size=300), address=st.text(max_size=300), kind=st.sampled_from([None, "button", "hub", "x"]))
def test_whatever_it_is_called_the_registry_takes_it_and_it_is_the_same_again(
    name: str, address: str, kind: str | None
) -> None:
    found = naming.proposed(name, address, kind, set())
    assert UID.fullmatch(found)
    assert naming.proposed(name, address, kind, set()) == found
    second = naming.proposed(name, address, kind, {found})
    assert UID.fullmatch(second)
    assert second != found


def test_a_boxs_uid_says_what_is_in_it_and_is_not_misread() -> None:
    found = naming.fresh("button", secrets.choice)
    assert UID.fullmatch(found)
    assert found.startswith("btn-")
    assert not set(found.removeprefix("btn-")) & set("01lio")
