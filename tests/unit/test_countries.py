"""What works on a phone of which country."""

import pytest

from alerts.channels.base import masked
from alerts.channels.countries import EVERYTHING, ONE_WAY, Profile, profile, ways


@pytest.mark.parametrize(
    ("number", "provider", "works"),
    [
        ("+8613812345601", "twilio", Profile(replies=False, links=False)),
        ("+8613812345601", "aliyun", Profile(replies=False, links=False)),
        ("+8613812345601", "outbox", Profile(replies=True, links=True)),
        # Hong Kong, Macau and Taiwan are not mainland China
        ("+85261234567", "twilio", Profile(replies=True, links=True)),
        ("+85366123456", "twilio", Profile(replies=True, links=True)),
        ("+886912345678", "twilio", Profile(replies=True, links=True)),
        ("+4915112345678", "twilio", Profile(replies=True, links=True)),
        ("+14155550123", "twilio", Profile(replies=True, links=True)),
        ("not a number", "twilio", Profile(replies=True, links=True)),
        ("", "twilio", Profile(replies=True, links=True)),
    ],
)
def test_profile(number: str, provider: str, works: Profile) -> None:
    assert profile(number, provider) == works


@pytest.mark.parametrize(
    ("channels", "works", "urgent", "voice", "told"),
    [
        (("sms",), ONE_WAY, True, True, ("sms", "voice")),
        (("sms", "voice"), ONE_WAY, True, True, ("sms", "voice")),
        (("voice",), ONE_WAY, True, True, ("voice",)),
        (("sms",), ONE_WAY, False, True, ("sms",)),
        (("sms",), ONE_WAY, True, False, ("sms",)),
        (("sms",), EVERYTHING, True, True, ("sms",)),
        (("sms", "push", "email"), EVERYTHING, True, True, ("sms",)),
    ],
)
def test_how_a_telephone_is_told(
    channels: tuple[str, ...], works: Profile, urgent: bool, voice: bool, told: tuple[str, ...]
) -> None:
    assert ways(channels, works, urgent=urgent, voice=voice) == told


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("+8613812345601", "+86******01"),
        ("The 'To' number +4915112345678 is bad", "The 'To' number +49******78 is bad"),
        ("call 13812345601 or +4915112345678", "call 138******01 or +49******78"),
        ("code 21211", "code 21211"),
    ],
)
def test_numbers_are_hidden_in_logs(text: str, shown: str) -> None:
    assert masked(text) == shown
