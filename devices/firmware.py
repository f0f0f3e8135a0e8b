"""Is a device's firmware older than what is wanted of it? Versions as vendors write them, compared as far as they can be."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_BUILD = re.compile(r"^\d{8}-\d{6}/")
"""Shelly puts the build's time before the version: `20230913-112003/1.14.0-gcb84623`."""
_DATE = re.compile(r"^((?:19|20)\d\d)[-.]?([01]\d)[-.]?([0-3]\d)(?!\d)")
_DOTTED = re.compile(r"^[vV]?(\d{1,9}(?:[._]\d{1,9})*)")
_BEFORE = re.compile(r"^[-._]?(dev|alpha|a|beta|b|pre|rc)[-._]?(\d{1,9})?(?![a-z])", re.IGNORECASE)
_STAGES = {"dev": 0, "alpha": 1, "a": 1, "beta": 2, "b": 2, "pre": 3, "rc": 4}
_FINAL = 5


@dataclass(frozen=True, slots=True)
class Wanted:
    """A version that is wanted; None: of every area, kind or model. `path`: the area's, '/city/county/'."""

    path: str | None
    kind: str | None
    model: str | None
    version: str


@dataclass(frozen=True, slots=True)
class _Version:
    dated: bool
    numbers: tuple[int, ...]
    stage: tuple[int, int]


def is_older(have: str, wanted: str) -> bool | None:
    """Say whether a version is older than the wanted one; None where the two cannot be compared.

    A test version is older than the version it leads to; a build's hash or date behind the number does not count.
    """
    if have.strip() == wanted.strip():
        return False
    first, second = _read(have), _read(wanted)
    if first is None or second is None or first.dated != second.dated:
        return None
    length = max(len(first.numbers), len(second.numbers))
    return (_padded(first.numbers, length), first.stage) < (_padded(second.numbers, length), second.stage)


def is_readable(text: str) -> bool:
    """Say whether a version can be compared with others at all."""
    return _read(text) is not None


def wanted_of(all_wanted: Sequence[Wanted], *, path: str, kind: str, model: str | None) -> str | None:
    """Return the version wanted of a device: the nearest area's, its model's before its kind's before everybody's."""
    fitting = [
        each
        for each in all_wanted
        if (each.path is None or path.startswith(each.path))
        and (each.kind is None or each.kind == kind)
        and (each.model is None or each.model == model)
    ]
    if not fitting:
        return None
    best = max(fitting, key=lambda each: (len(each.path or ""), each.model is not None, each.kind is not None))
    return best.version


def is_outdated(all_wanted: Sequence[Wanted], *, path: str, kind: str, model: str | None, fw: str | None) -> bool:
    """Say whether a device has an older version than is wanted of it; no where nothing is known or wanted."""
    wanted = wanted_of(all_wanted, path=path, kind=kind, model=model)
    return wanted is not None and fw is not None and is_older(fw, wanted) is True


def _read(text: str) -> _Version | None:
    rest = _BUILD.sub("", text.strip())
    dated = _DATE.match(rest)
    if dated is not None:
        return _Version(True, tuple(int(part) for part in dated.groups()), (_FINAL, 0))
    dotted = _DOTTED.match(rest)
    if dotted is None:
        return None
    numbers = tuple(int(part) for part in re.split(r"[._]", dotted[1]))
    before = _BEFORE.match(rest[dotted.end() :])
    stage = (_FINAL, 0) if before is None else (_STAGES[before[1].lower()], int(before[2] or 0))
    return _Version(False, numbers, stage)


def _padded(numbers: tuple[int, ...], length: int) -> tuple[int, ...]:
    return numbers + (0,) * (length - len(numbers))
