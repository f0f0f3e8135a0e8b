"""Which thresholds hold for a device or a home? The usual ones, with what wider and then narrower scopes want otherwise."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from alerts.rules.base import F, NotAThreshold, Rule, T


@dataclass(frozen=True, slots=True)
class Scope:
    """For whom something is set: an area with all below it (None: everywhere), there a kind of device; a home; a device.

    `own`: the thresholds that differ; `enabled`: None where the wider scope says.
    """

    own: Mapping[str, object] = field(default_factory=dict)
    enabled: bool | None = None
    path: str | None = None
    device_kind: str | None = None
    home_id: int | None = None
    device_id: int | None = None

    @property
    def narrowness(self) -> tuple[int, int, int]:
        """What a narrower scope has more of: devices before homes before areas, lower areas and kinds before others."""
        rank = 2 if self.device_id is not None else 1 if self.home_id is not None else 0
        return rank, len(self.path or ""), int(self.device_kind is not None)


@dataclass(frozen=True, slots=True)
class Place:
    """A device, a home (without a device and its kind), or an area (without either)."""

    path: str
    home_id: int | None = None
    device_id: int | None = None
    device_kind: str | None = None


def applies(scope: Scope, place: Place) -> bool:
    """Say whether a scope is also for that place."""
    if scope.device_id is not None:
        return scope.device_id == place.device_id
    if scope.home_id is not None:
        return scope.home_id == place.home_id
    return (scope.path is None or place.path.startswith(scope.path)) and scope.device_kind in (None, place.device_kind)


def holding(rule: Rule[F, T], scopes: Collection[Scope], place: Place) -> tuple[T, bool]:
    """Return a rule's thresholds at a place, and whether it is asked there at all."""
    if not scopes:
        return rule.usual, True
    ours = sorted((each for each in scopes if applies(each, place)), key=lambda each: each.narrowness)
    own: dict[str, object] = {}
    enabled = True
    for scope in ours:
        own |= {name: value for name, value in scope.own.items() if _is_known(rule, name, value)}
        enabled = enabled if scope.enabled is None else scope.enabled
    return rule.thresholds(own), enabled


def _is_known(rule: Rule[F, T], name: str, value: object) -> bool:
    """Say whether this version knows a threshold: another one may have written it, and no warning may end for that."""
    try:
        rule.thresholds({name: value})
    except NotAThreshold:
        return False
    return True
