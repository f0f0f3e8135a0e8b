"""Why was a form about devices refused, in the words of whoever filled it in? And how is what he typed read?"""

from collections.abc import Mapping
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from alerts.texts import mark
from api.i18n import Wording
from api.problems import Problem, invalids
from devices import refused

Body = TypeVar("Body", bound=BaseModel)

NUMBERS = frozenset({"patrol_every_s", "offline_after_s"})

_REFUSALS: dict[type[refused.Refused], str] = {
    refused.DeviceTaken: mark("{value} is registered already; choose another name, or remove that one first."),
    refused.TopicTaken: mark("The topic {value} is another device's, or lies within one; give it one of its own."),
    refused.UnknownHub: mark("There is no hub {value}; add the hub first."),
    refused.NotATopic: mark("{value} cannot be a topic: none of + # * > in it, no / at its ends, not below anju."),
    refused.ReplacesItself: mark("That is the device itself; scan or type the new one."),
    refused.NeedsAHub: mark("Other devices speak through it; only a hub can come in its place."),
    refused.UnknownDevice: mark("There is no device {value} here any more."),
}
_FIELDS = {
    "uid": mark("The name of a device has 3 to 64 letters, digits, _ or -."),
    "kind": mark("Choose what it is."),
    "home": mark("Choose the home where it stands."),
    "hub": mark("Choose a hub of your area, or none."),
    "topic": mark("The topic is too long, or has something unprintable in it."),
    "patrol_every_s": mark("Write a period in whole seconds, from 1 up to a year."),
    "offline_after_s": mark("Write a period in whole seconds, from 1 up to a year."),
    "format": mark("Choose how it speaks."),
}


def typed(model: type[Body], fields: Mapping[str, str]) -> Body:
    """Return what was typed into a form as the API's body; what was left empty is left out. Raises Problem 422."""
    given: dict[str, object] = {}
    for name, text in fields.items():
        if text.strip():
            plain = text.strip()
            # a number of many digits is none that anybody means; the body refuses it as text
            given[name] = (
                int(plain) if name in NUMBERS and plain.isascii() and plain.isdigit() and len(plain) < 12 else plain
            )
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise invalids(
            [(".".join(str(part) for part in each["loc"]), each.get("input"), each["msg"]) for each in error.errors()]
        ) from None


def words(w: Wording, error: refused.Refused | Problem) -> str:
    """Return why something was refused; a Problem that is no fault of the form is raised again."""
    if isinstance(error, refused.Refused):
        for each in type(error).__mro__:
            if each in _REFUSALS:
                return w.gettext(_REFUSALS[each], value=error.value)
        return w.gettext(_FIELDS[error.field]) if error.field in _FIELDS else str(error)
    if error.status not in (409, 422):
        raise error
    fields = [each["field"] for each in error.members.get("errors", [])]
    known = dict.fromkeys(_FIELDS[field] for field in fields if field in _FIELDS)
    return " ".join(w.gettext(each) for each in known) or error.detail
