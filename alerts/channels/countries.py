"""What works on a phone of that country? Whether replies come back and links are let through, and so how it is told."""

from collections.abc import Sequence
from dataclasses import dataclass

import phonenumbers


@dataclass(frozen=True, slots=True)
class Profile:
    """What a message to a number may rely on."""

    replies: bool
    links: bool


EVERYTHING = Profile(replies=True, links=True)
ONE_WAY = Profile(replies=False, links=False)
BY_TWILIO: dict[int, Profile] = {
    # mainland China: no two-way SMS and no URLs in a text (Twilio's guidelines for China)
    86: ONE_WAY,
}


def profile(number: str, provider: str) -> Profile:
    """Return what works for a number in E.164 with a provider (`twilio`, `aliyun` or `outbox`)."""
    if provider == "aliyun":
        # an approved template holds no address of a site that is not registered, and answers come by another product
        return ONE_WAY
    if provider != "twilio":
        return EVERYTHING
    try:
        code = phonenumbers.parse(number).country_code
    except phonenumbers.NumberParseException:
        return EVERYTHING
    return BY_TWILIO.get(code or 0, EVERYTHING)


def ways(channels: Sequence[str], works: Profile, *, urgent: bool, voice: bool) -> tuple[str, ...]:
    """Return by which ways a telephone is told: where no reply can come back, an urgent text has a call beside it.

    `channels`: those of the policy's step. `voice`: whether anything here can call.
    """
    phone = tuple(each for each in channels if each in ("sms", "voice"))
    if urgent and voice and not works.replies and "sms" in phone and "voice" not in phone:
        return (*phone, "voice")
    return phone
