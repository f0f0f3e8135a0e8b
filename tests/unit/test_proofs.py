"""What shows that somebody was at the right door."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.proofs import Door, Place, distance_m, judge, read_code
from alerts.visits import Proof

HOME = Door("0A1B2C3D4E5F", 24.58, 99.92)
AT_DOOR = {"lat": 24.5803, "lon": 99.9204}
IN_TOWN = {"lat": 24.60, "lon": 99.95}

lats, lons = st.floats(-90, 90), st.floats(-180, 180)


@pytest.mark.parametrize(
    ("proof", "code", "place"),
    [
        (Proof(), "none", Place.UNPROVEN),
        (Proof(code=HOME.code), "right", Place.HOME),
        (Proof(code="SOMETHING"), "wrong", Place.UNPROVEN),
        (Proof(**AT_DOOR), "none", Place.HOME),
        (Proof(**IN_TOWN), "none", Place.ELSEWHERE),
        # a photograph of the label, taken along
        (Proof(**IN_TOWN, code=HOME.code), "right", Place.ELSEWHERE),
    ],
)
def test_what_a_proof_shows(proof: Proof, code: str, place: Place) -> None:
    found = judge(HOME, proof, within_m=200)
    assert (found.code, found.place) == (code, place)


def test_how_far_counts_as_there_is_set() -> None:
    assert judge(HOME, Proof(**AT_DOOR), within_m=20).place is Place.ELSEWHERE
    assert judge(HOME, Proof(**IN_TOWN), within_m=5000).place is Place.HOME


def test_a_home_without_a_place_or_no_home_at_all_proves_nothing_wrong() -> None:
    assert judge(Door("X", None, None), Proof(**IN_TOWN), within_m=200).place is Place.UNPROVEN
    assert judge(None, Proof(**IN_TOWN, code="X"), within_m=200).place is Place.UNPROVEN


@pytest.mark.parametrize(
    "scanned",
    [
        "0A1B2C3D4E5F", " 0a1b2c3d4e5f ", "0A1B-2C3D-4E5F", "0a1b 2c3d 4e5f", "https://anju.example/my/door/0A1B2C3D4E5F",
        "https://anju.example/x/my/door/0A1B2C3D4E5F/?a=b#c",
    ],
)  # fmt: skip
def test_a_code_is_read_as_it_was_scanned_or_typed(scanned: str) -> None:
    assert read_code(scanned) == HOME.code


@given(st.text())
def test_any_text_can_be_tried(text: str) -> None:
    assert judge(HOME, Proof(code=text), within_m=200).code in ("right", "wrong")


@given(lats, lons, lats, lons)
def test_a_distance_is_the_same_both_ways_and_fits_the_earth(lat: float, lon: float, up: float, across: float) -> None:
    there = distance_m(lat, lon, up, across)
    assert 0 <= there <= 20_037_509
    assert there == pytest.approx(distance_m(up, across, lat, lon), abs=1)
    assert distance_m(lat, lon, lat, lon) == 0


def test_a_degree_is_as_long_as_a_degree_is() -> None:
    assert distance_m(0, 0, 1, 0) == pytest.approx(111_195, abs=1)
    assert distance_m(60, 0, 60, 1) == pytest.approx(55_597, abs=10)
