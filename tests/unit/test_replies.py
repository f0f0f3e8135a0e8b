"""What a text means: digits are read however they were typed, and an acceptance is never guessed."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.replies import DIGITS, Reply, Verb, read

FULL_WIDTH = str.maketrans("0123456789#", "０１２３４５６７８９＃")
SPACE = st.text(alphabet=" \t\r\n　\u00a0\u200b\u200e\ufeff", max_size=3)
SEPARATOR = st.sampled_from([" ", "  ", "#", " #", "　", "，", "、", ": ", "：", ".", " no. ", " 编号", "\n"])


@pytest.mark.parametrize(
    ("body", "reply"),
    [
        ("1", Reply(Verb.ACCEPT)),
        (" 1\n", Reply(Verb.ACCEPT)),
        ("1.", Reply(Verb.ACCEPT)),
        ("“1”", Reply(Verb.ACCEPT)),
        ("１", Reply(Verb.ACCEPT)),
        ("①", Reply(Verb.ACCEPT)),
        ("1️⃣", Reply(Verb.ACCEPT)),
        ("2。", Reply(Verb.PASS_ON)),
        ("3！", Reply(Verb.ARRIVED)),
        ("9", Reply(Verb.DONE)),
        ("1 4821", Reply(Verb.ACCEPT, 4821)),
        ("1#4821", Reply(Verb.ACCEPT, 4821)),
        ("１　4821", Reply(Verb.ACCEPT, 4821)),
        ("1，４８２１号", Reply(Verb.ACCEPT, 4821)),
        ("2 编号4821", Reply(Verb.PASS_ON, 4821)),
        ("9 No. 4821.", Reply(Verb.DONE, 4821)),
        ("1 007", Reply(Verb.ACCEPT, 7)),
        ("STOP", Reply(Verb.STOP)),
        ("stop.", Reply(Verb.STOP)),
        ("ＳＴＯＰ", Reply(Verb.STOP)),
        ("退订", Reply(Verb.STOP)),
        ("停止。", Reply(Verb.STOP)),
        ("T", Reply(Verb.STOP)),
        ("td", Reply(Verb.STOP)),
        ("Start", Reply(Verb.START)),
        ("恢复", Reply(Verb.START)),
        ("help", Reply(Verb.HELP)),
        ("？", Reply(Verb.HELP)),
        ("帮助", Reply(Verb.HELP)),
    ],
)
def test_read(body: str, reply: Reply) -> None:
    assert read(body) == reply


@pytest.mark.parametrize(
    "body",
    [
        "", " ", "0", "4", "5", "8", "11", "14821", "1 4821 4822", "4821", "4821 1", "1x", "x1", "1 ok", "好", "好的", "ok",
        "yes please", "接单", "1 can't go", "1小时后到", "1个人", "1号", "3 people fell", "1/2", "1-4821", "½", "-1",
        "1 " + "9" * 19, "١", "१", "一", "stop it", "don't stop", "please STOP", "1 " * 60,
    ],
)  # fmt: skip
def test_what_is_not_clear_is_not_guessed(body: str) -> None:
    assert read(body) == Reply(Verb.UNREADABLE)


@given(
    digit=st.sampled_from(sorted(DIGITS)),
    number=st.integers(1, 10**18 - 1),
    separator=SEPARATOR,
    before=SPACE,
    after=SPACE,
    wide=st.booleans(),
)
def test_digit_and_number_are_read_however_typed(
    digit: str, number: int, separator: str, before: str, after: str, wide: bool
) -> None:
    body = f"{before}{digit}{separator}{number}{after}"
    assert read(body.translate(FULL_WIDTH) if wide else body) == Reply(DIGITS[digit], number)


@given(st.text(max_size=200) | st.text(alphabet="1239 4#,.０１好okT\n", max_size=12))
def test_anything_is_read_and_only_digits_move_an_alert(body: str) -> None:
    reply = read(body)
    if reply.verb in DIGITS.values():
        plain = unicodedata.normalize("NFKC", body).lower()
        for label in ("编号", "警报", "号", "no", "nr"):
            plain = plain.replace(label, "")
        assert all(sign in "0123456789" for sign in plain if sign.isalnum())
        assert plain.strip(" \t\r\n\"'“”‘’「」『』()[]【】" + "".join(s for s in plain if not s.isalnum()))[0] in DIGITS
    else:
        assert reply.number is None


@given(st.text(alphabet=st.characters(categories=["L"]), min_size=1, max_size=40))
def test_words_never_accept(body: str) -> None:
    assert read(body).verb in (Verb.UNREADABLE, Verb.STOP, Verb.START, Verb.HELP)
