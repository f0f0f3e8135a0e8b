"""The mutations that every format is tried with are many, and the same for the same seed."""

from devices.formats.payload import NotReadable, json_value
from tests.unit.formats.mutations import mutations

SAMPLES = [
    ("bedroom/sos", b'{"action":"emergency","battery":100}'),
    ("bridge/state", b"online"),
    ("a/b", b'[{"c":[1,2]}]'),
]


def test_the_same_seed_makes_the_same_mutations() -> None:
    assert list(mutations(SAMPLES, 300, 7)) == list(mutations(SAMPLES, 300, 7))
    assert list(mutations(SAMPLES, 300, 7)) != list(mutations(SAMPLES, 300, 8))


def test_many_differ_from_the_samples_and_many_are_still_json() -> None:
    made = list(mutations(SAMPLES, 2000, 1))
    assert len(made) == 2000
    assert len(set(made)) > 1200
    assert 300 < sum(_is_read(payload) for _, payload in made) < 1900


def _is_read(payload: bytes) -> bool:
    """Say whether it is JSON that can be kept; anything but a value or a reason ends the test."""
    try:
        json_value(payload)
    except NotReadable:
        return False
    return True
