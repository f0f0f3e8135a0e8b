"""Signs of health that vendors leave in fields of their own: read where they can be true, else not at all."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.model import Json
from devices.signs import Signs, signs

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("extra", "found"),
    [
        ({"uptime": 3600}, Signs(booted_at=AT - timedelta(hours=1))),
        ({"uptime": 12.5}, Signs(booted_at=AT - timedelta(seconds=12.5))),
        ({"booted": True}, Signs(booted_at=AT)),
        ({"booted": "2026-11-24T19:30:00+08:00"}, Signs(booted_at=AT - timedelta(minutes=30))),
        ({"occupancy": True}, Signs(occupied_at=AT)),
        ({"occupancy": False, "linkquality": 87}, Signs(linkquality=87)),
    ],
)
def test_signs_are_read(extra: dict[str, Json], found: Signs) -> None:
    assert signs(extra, AT) == found


@pytest.mark.parametrize(
    "extra",
    [
        {"uptime": -1}, {"uptime": True}, {"uptime": "1T02:03:04"}, {"uptime": 1e300}, {"booted": False},
        {"booted": "yesterday"}, {"booted": "2026-11-24T11:00:00"}, {"booted": "2027-01-01T00:00:00Z"},
        {"booted": "0001-01-01T00:00:00+14:00"}, {"linkquality": 256}, {"linkquality": True}, {"occupancy": 1},
    ],
)  # fmt: skip
def test_what_cannot_be_true_is_not_read(extra: dict[str, Json]) -> None:
    assert signs(extra, AT) == Signs()


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=30)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from(["uptime", "booted", "occupancy", "linkquality"]), JSON))
def test_nothing_that_a_device_says_breaks_it(extra: dict[str, Json]) -> None:
    found = signs(extra, AT)
    assert found.booted_at is None or found.booted_at <= AT
