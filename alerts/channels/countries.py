"""What works on a phone of that country? Whether replies come back and links are let through."""

from dataclasses import dataclass

import phonenumbers


@dataclass(frozen=True, slots=True)
class Profile:
    """What a message to a number may rely on."""

    replies: bool
    links: bool


EVERYTHING = Profile(replies=True, links=True)
BY_TWILIO: dict[int, Profile] = {
    # mainland China: no two-way SMS and no URLs in a text (Twilio's guidelines for China)
    86: Profile(replies=False, links=False),
}


def profile(number: str, provider: str) -> Profile:
    """Return what works for a number in E.164 with a provider (`twilio` or `outbox`)."""
    if provider != "twilio":
        return EVERYTHING
    try:
        code = phonenumbers.parse(number).country_code
    except phonenumbers.NumberParseException:
        return EVERYTHING
    return BY_TWILIO.get(code or 0, EVERYTHING)
