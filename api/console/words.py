"""What are states, steps and happenings called, and how is a line of a timeline said? Codes in, words out."""

from collections.abc import Mapping
from typing import Any

from alerts import assigning, dispatch, model, proofs, texts
from alerts.texts import mark
from api.i18n import Wording

ALERT_STATES = {
    "raised": mark("Raised"),
    "notified": mark("Told"),
    "accepted": mark("Accepted"),
    "en_route": mark("On the way"),
    "arrived": mark("Arrived"),
    "closed": mark("Closed"),
}
VISIT_STATES = {
    "requested": mark("Waiting for somebody to be sent"),
    "assigned": mark("Waiting to be accepted"),
    "accepted": mark("Accepted"),
    "en_route": mark("Has set out"),
    "arrived": mark("Arrived"),
    "in_service": mark("In service"),
    "completed": mark("Done, not followed up yet"),
    "followed_up": mark("Done and followed up"),
    "declined": mark("Declined"),
    "put_off": mark("Another time"),
    "failed": mark("Could not be done"),
    "cancelled": mark("Cancelled"),
}
OUTCOMES = {
    "helped": mark("Helped"),
    "false_alarm": mark("False alarm"),
    "test": mark("Test"),
    "hospital": mark("Taken to hospital"),
    "emergency_services": mark("Emergency services"),
    "no_access": mark("No access"),
    "other": mark("Other"),
}
MESSAGE_STATES = {
    "queued": mark("waiting to be sent"),
    "sending": mark("being sent"),
    "accepted": mark("on its way"),
    "scheduled": mark("on its way"),
    "sent": mark("on its way"),
    "delivered": mark("delivered"),
    "read": mark("read"),
    "undelivered": mark("not delivered"),
    "failed": mark("not delivered"),
    "canceled": mark("not needed any more"),
    "initiated": mark("being called"),
    "ringing": mark("ringing"),
    "in-progress": mark("on the phone"),
    "completed": mark("called"),
    "busy": mark("busy"),
    "no-answer": mark("no answer"),
}
MESSAGES_THAT_FAILED = frozenset({"undelivered", "failed", "busy", "no-answer"})
DEVICE_STATES = {
    "online": mark("Online"),
    "late": mark("Late"),
    "offline": mark("Offline"),
    "never": mark("Never heard"),
}
DEVICE_PROBLEMS = {
    "offline": mark("Offline"),
    "late": mark("Late"),
    "never_seen": mark("Never heard since it was registered"),
    "hub_offline": mark("Its hub is offline"),
    "camera_blind": mark("Picture frozen or dark"),
    "battery_low": mark("Battery low"),
    "battery_draining": mark("Battery soon empty"),
    "signal_weak": mark("Signal weak"),
    "device_flapping": mark("Comes and goes"),
    "clock_wrong": mark("Clock wrong"),
    "firmware_outdated": mark("Firmware outdated"),
}
SAID_BY_STATE = frozenset({"offline", "late", "never_seen"})
"""Problems that the state of a device says already."""
DEVICE_KINDS = {
    "button": mark("Button"),
    "pendant": mark("Pendant"),
    "camera": mark("Camera"),
    "hub": mark("Hub"),
    "sensor": mark("Sensor"),
}
EVENT_KINDS = {
    1: mark("Patrol ping"),
    2: mark("Telemetry"),
    3: mark("Status"),
    4: mark("Help call"),
    5: mark("Cancelled by the home"),
}
CATEGORIES = {
    "lives_alone": mark("lives alone"),
    "empty_nest": mark("empty nest"),
    "left_behind": mark("left behind"),
    "disabled": mark("disabled"),
    "destitute": mark("destitute"),
    "dementia": mark("dementia"),
    "severe_illness": mark("severe illness"),
}
SEXES = {"female": mark("female"), "male": mark("male"), "f": mark("female"), "m": mark("male")}
ROLES = {
    "admin": mark("Administrator"),
    "operator": mark("Operator"),
    "responder": mark("Responder"),
    "viewer": mark("Viewer"),
}
SOURCES = {
    "button": mark("button"),
    "pendant": mark("pendant"),
    "pull-cord": mark("pull-cord"),
    "fall": mark("fall"),
    "voice": mark("voice"),
}
CHANNELS = {
    "sms": mark("by SMS"),
    "voice": mark("by telephone"),
    "email": mark("by e-mail"),
    "chat": mark("by chat"),
    "push": mark("by push"),
    "phone": mark("by phone"),
    "console": mark("at the console"),
    "api": mark("by another system"),
}

MESSAGES = {"voice": mark("Call"), "email": mark("E-mail"), "chat": mark("Chat message"), "push": mark("Push message")}

# {what} of a timeline row: its sentence. Places are filled from its detail; see `_places`.
_HAPPENINGS = {
    "raised": mark("Pressed for help"),
    "pressed_again": mark("Pressed again"),
    "home_cancelled": mark("The home says it was a mistake; the alert stays open"),
    "told": mark("{message} to {name}"),
    "told_retell": mark("{message} to {name}: pressed again"),
    "told_remind": mark("{message} to {name}: asked how far he is"),
    "told_inform": mark("{message} to {name}: others are told now"),
    "told_digest": mark("In the text of the shift to {name}"),
    "told_bundled": mark("{message} to {name}, together with others"),
    "tell_later": mark("{message} to {name} follows unless answered"),
    "held": mark("{message} to {name} held back: he got many; it follows"),
    "collected": mark("Not urgent: told with the text of the next shift"),
    "silenced": mark("Silenced: nobody is told until that ends"),
    "silence_ended": mark("The silence is over"),
    "snoozed": mark("{who} put it off"),
    "snooze_ended": mark("Put off no longer"),
    "taken_back": mark("{name} was not heard: the next ones are told"),
    "reopened": mark("{who} opened it again"),
    "reopened_into": mark("{who} opened it again: it goes on as #{alert}"),
    "joined": mark("{who} opened #{alert} again: it goes on here"),
    "delivered": mark("{message} reached {name}"),
    "not_delivered": mark("{message} did not reach {name}"),
    "accepted": mark("{name} accepted"),
    "declined": mark("{name} passed it on"),
    "escalated": mark("{who} passed it on to the next"),
    "note": mark("{who}: {text}"),
    "closed": mark("{who} closed it: {outcome}"),
    "en_route": mark("{name} set out"),
    "arrived": mark("{name} is there"),
    "visit_assigned": mark("{who} sent {name}"),
    "visit_accepted": mark("{who} takes the visit"),
    "visit_declined": mark("{name} cannot go"),
    "visit_put_off": mark("{who} put the visit off"),
    "visit_begun": mark("{who} begins"),
    "visit_completed": mark("Visit done: {outcome}"),
    "visit_failed": mark("The visit could not be done"),
    "visit_cancelled": mark("The visit was cancelled"),
    "follow_up": mark("Nothing heard since; asked again"),
    "nobody_on_call": mark("Nobody is on call for step {step} in {area}"),
    "no_policy": mark("No policy says who answers here"),
    "repeated": mark("Told again from the start, round {round}"),
    "climbed": mark("Climbs to {area}"),
    "no_answer_again": mark("{who} looked in again: no answer"),
    "fell_again": mark("Another fall was reported"),
}
_IN_TEST_WINDOW = {
    "test": mark("a test was announced here"),
    "again": mark("a test was announced here, but this device pressed again: taken for real"),
    "fall": mark("a test was announced here, but nobody tests falls: taken for real"),
    "unreadable": mark("a test was announced here, but this cannot be read: taken for real"),
}
_BY_HAND = mark("{who} raised it by hand")
_UNREACHABLE = mark("{name} cannot be told, and a shift for {area} has nobody else")
_FOR_SOMEBODY = mark("{who} accepted for {name}")
_UNREADABLE = mark("A help message came that cannot be read")
_UNCOVERED = mark("Nobody covers a shift")
_RULES = {
    "fall": mark("Somebody fell, a device says"),
    "device_offline": mark("A device fell silent"),
    "hub_offline": mark("A hub fell silent"),
    "area_outage": mark("Many devices fell silent together"),
}
_CLOSED_ITSELF = mark("Closed by itself: {outcome}")
_JUST_NOTED = "{text}"
GOOD = frozenset(
    {"delivered", "accepted", "en_route", "arrived", "visit_completed", "visit_accepted", "closed", "heard"}
)
BAD = frozenset(
    {"not_delivered", "nobody_on_call", "no_policy", "visit_failed", "visit_declined", "climbed", "taken_back"}
)


def problems_told(counts: Mapping[str, int], asked: str) -> list[str]:
    """Return the problems that the list can be kept to: those that are there, and the one that it is kept to."""
    told = [code for code in DEVICE_PROBLEMS if code not in ("offline", "late")]
    return [code for code in told if counts.get(code) or code == asked]


def named(w: Wording, names: Mapping[Any, str], code: Any) -> str:
    """Return what a code is called; one that is not known as it is."""
    return w.gettext(names[code]) if code in names else str(code)


def kind(w: Wording, code: str, *, test: bool = False) -> str:
    """Return what a kind of alert is called."""
    _ = w.gettext
    name = texts.kind_name(w.language, code)
    return _("TEST {what}", what=name) if test else name


def happening(w: Wording, what: str, who: str | None, detail: Mapping[str, Any], areas: Mapping[str, str]) -> str:
    """Return a row of an alert's timeline as a sentence. `areas`: names by code."""
    if what not in _HAPPENINGS:
        return what
    _ = w.gettext
    places = _places(w, who, detail, areas)
    sentence = _HAPPENINGS[what]
    if not who:
        sentence = _by_itself(what, detail) or sentence
    if what == "raised" and who:
        sentence = _BY_HAND
    elif what == "raised" and detail.get("fault"):
        sentence = _UNREACHABLE
    elif what in ("raised", "pressed_again") and detail.get("unreadable"):
        sentence = _UNREADABLE
    elif what == "accepted" and who and detail.get("name") not in (None, who):
        sentence = _FOR_SOMEBODY
    said = _(sentence, **places)
    more = [said]
    if what in ("accepted", "declined") and detail.get("channel") in CHANNELS:
        more[0] = _("{said} ({how})", said=said, how=named(w, CHANNELS, detail["channel"]))
    if what == "raised" and detail.get("source") in SOURCES:
        more.append(named(w, SOURCES, detail["source"]))
    if what in ("raised", "pressed_again") and detail.get("address"):
        more.append(_("by {device}, which is not registered", device=detail["address"]))
    if detail.get("test_window") in _IN_TEST_WINDOW:
        more.append(named(w, _IN_TEST_WINDOW, detail["test_window"]))
    if detail.get("spoke_with"):
        more.append(_("spoke with {name}", name=detail["spoke_with"]))
    more += [str(detail[key]) for key in ("text", "note", "reason", "error") if detail.get(key) and what != "note"]
    return " · ".join(more)


def _by_itself(what: str, detail: Mapping[str, Any]) -> str | None:
    """Return the sentence for what the system did of its own accord, where it differs from a person's."""
    if what == "raised" and ("rota" in detail or "policy" in detail):
        return _UNCOVERED
    if what == "raised" and detail.get("rule") in _RULES:
        return _RULES[detail["rule"]]
    if what == "raised" and detail.get("rule") in texts.KIND_NAMES:
        return texts.KIND_NAMES[detail["rule"]]
    if what == "closed" and detail.get("channel") == "system":
        return _CLOSED_ITSELF
    return _JUST_NOTED if what == "note" else None


def said_at_home(w: Wording, state: str) -> str:
    """Return what the home heard at a step, in the reader's language."""
    return texts.say(w.language, state)


def _places(w: Wording, who: str | None, detail: Mapping[str, Any], areas: Mapping[str, str]) -> dict[str, str]:
    """Return what may stand in a sentence, every place filled."""
    _ = w.gettext
    somebody = _("somebody")
    area = str(detail.get("area", ""))
    return {
        "who": who or somebody,
        "name": str(detail.get("name") or who or somebody),
        "message": named(w, MESSAGES, detail.get("channel")) if detail.get("channel") in MESSAGES else _("SMS"),
        "text": str(detail.get("text", "")),
        "outcome": named(w, OUTCOMES, detail.get("outcome", "other")),
        "step": str(detail.get("step", "")),
        "round": str(detail.get("round", "")),
        "area": areas.get(area, area),
        "alert": str(detail.get("alert", "")),
    }


_REFUSALS: dict[type[model.Refused], str] = {
    model.AlreadyTaken: mark("{name} has it already."),
    model.AlreadyClosed: mark("This alert is closed already."),
    model.UnknownAlert: mark("This alert is not there."),
    model.UnknownVisit: mark("This visit is not there."),
    model.UnknownStaff: mark("Choose who goes; the one you chose has left."),
    model.NeedsProofOfHelp: mark(
        "A help call is closed after a completed visit, or with whom you spoke: write it down."
    ),
    model.NeverSnoozed: mark("A call for help is never put off."),
    model.NotClosed: mark("This alert is open already."),
    model.ClosedTooLongAgo: mark("This alert was closed over a day ago; raise a new one."),
    model.UnknownOutcome: mark("Choose how it ended."),
    assigning.TwoVisitsAtOnce: mark("{name} has visit {number} at that time and cannot do both."),
    assigning.OutsideWorkingHours: mark("Nobody works at that time."),
    dispatch.NeverPutOff: mark("A call for help is never put off."),
    dispatch.EndsBeforeItBegins: mark("That time ends before it begins."),
    dispatch.SayWhenAndWhy: mark("Write down why, and the other time where there is one."),
    dispatch.DueInThePast: mark("That time is over already."),
    proofs.CodeOfAnotherHome: mark("That code hangs at another door. Compare the address."),
    model.WrongOrder: mark("That step does not follow now; the page shows how far the visit is."),
    model.NobodyAssigned: mark("Nobody is sent yet; choose who goes first."),
    model.TimesRunBackwards: mark("That time lies before the step it follows."),
}


def refusal(w: Wording, error: model.Refused) -> str:
    """Return why something was refused, for the person who tried."""
    message = next((_REFUSALS[each] for each in type(error).__mro__ if each in _REFUSALS), None)
    places = {"name": getattr(error, "name", ""), "number": getattr(error, "visit_id", "")}
    return w.gettext(message, **places) if message else str(error)
