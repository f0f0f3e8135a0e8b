"""What is said about a visit? Its steps, its proofs, why it failed and who pays: codes in, words out."""

from collections.abc import Mapping
from typing import Any

from alerts.texts import mark
from api.console.words import CHANNELS, OUTCOMES, named
from api.i18n import Wording
from api.work.suggested import SuggestionRead

FAIL_KINDS = {
    "nobody_home": mark("Nobody opened"),
    "refused": mark("Help was refused"),
    "no_access": mark("No way in"),
    "other": mark("Other"),
}
PAYERS = {
    "self": mark("by himself"),
    "government": mark("by the government"),
    "points": mark("with points"),
    "gift": mark("as a gift"),
    "insurance": mark("by the insurance"),
    "other": mark("by others"),
}
ELEMENTS = {
    "served": mark("Who was served"),
    "server": mark("By whom"),
    "service": mark("What"),
    "place": mark("Where"),
    "start": mark("Began"),
    "end": mark("Ended"),
}
STEPS = {
    "requested": mark("{who} asked for it"),
    "assigned": mark("{who} sent {name}"),
    "accepted": mark("{who} takes the visit"),
    "en_route": mark("{who} sets out"),
    "arrived": mark("{who}: at the door"),
    "in_service": mark("{who} begins"),
    "completed": mark("Visit done: {outcome}"),
    "followed_up": mark("{who} asked how it was"),
    "declined": mark("{name} cannot go"),
    "put_off": mark("{who} put the visit off"),
    "failed": mark("The visit could not be done"),
    "cancelled": mark("The visit was cancelled"),
}
"""{what} of a row of the timeline: its sentence."""
GOOD = frozenset({"accepted", "en_route", "arrived", "in_service", "completed", "followed_up"})
BAD = frozenset({"declined", "failed"})


def step(w: Wording, what: str, who: str | None, channel: str, detail: Mapping[str, Any]) -> str:
    """Return a row of a visit's timeline as a sentence, with what was shown and said."""
    _ = w.gettext
    if what not in STEPS:
        return what
    somebody = who or (_("the system") if channel == "system" else _("somebody"))
    outcome = named(w, OUTCOMES, detail.get("outcome", "other"))
    said = [_(STEPS[what], who=somebody, name=detail.get("name") or somebody, outcome=outcome)]
    if channel in CHANNELS:
        said[0] = _("{said} ({how})", said=said[0], how=named(w, CHANNELS, channel))
    if "place" in detail:
        said += shown(w, detail)
    if detail.get("kind") in FAIL_KINDS:
        said.append(named(w, FAIL_KINDS, detail["kind"]))
    if detail.get("reason"):
        said.append(str(detail["reason"]))
    return " · ".join(said)


def shown(w: Wording, check: Mapping[str, Any]) -> list[str]:
    """Return what a proof shows, in words."""
    _ = w.gettext
    found = []
    if check.get("code") == "right":
        found.append(_("the door's code is right"))
    elif check.get("code") == "wrong":
        found.append(_("the code is no door's"))
    if check.get("distance_m") is not None:
        away = w.number(check["distance_m"])
        too_far = check.get("place") == "elsewhere"
        found.append(
            _("{metres} m from the home: elsewhere", metres=away)
            if too_far
            else _("{metres} m from the home", metres=away)
        )
    return found or [_("without proof")]


def why(w: Wording, found: SuggestionRead) -> list[str]:
    """Return what speaks for and against somebody who could go."""
    _ = w.gettext
    said = [_("free") if found.free else _("has visit {number} then", number=found.clash)]
    if not found.able:
        said.insert(0, _("lacks the skill"))
    if found.declined:
        said.insert(0, _("said no"))
    if found.on_shift:
        said.append(_("on shift"))
    if found.distance_m is not None:
        said.append(_("{km} km away", km=w.number(round(found.distance_m / 1000, 1))))
    return said
