"""The words: each language has its own, values are never interpreted, and an SMS takes as few parts as it can."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts import texts
from alerts.texts import GSM_BASIC, GSM_EXTENDED, gettext, segments

ANY_TEXT = st.text(max_size=400)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", 1),
        ("求" * 70, 1),
        ("求" * 71, 2),
        ("求" * 134, 2),
        ("求" * 135, 3),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("{" * 80, 1),
        ("{" * 81, 2),
        ("a" * 159 + "\N{EM DASH}", 3),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("a" * 159 + "€", 2),
        # an extension character is not parted: 152 septets and the first half of € do not make a part of 153
        ("a" * 152 + "€" + "a" * 151, 2),
        ("a" * 152 + "€" + "a" * 152, 3),
        # nor is an emoji: 66 units and its first half do not make a part of 67
        ("求" * 66 + "😀" + "求" * 65, 2),
        ("求" * 66 + "😀" + "求" * 66, 3),
    ],
)
def test_segments_as_phones_count_them(text: str, parts: int) -> None:
    assert segments(text) == parts


def test_the_gsm_tables_are_whole() -> None:
    # 128 places of the basic table less the escape; ten in the extension (3GPP TS 23.038, 6.2.1)
    assert (len(GSM_BASIC), len(GSM_EXTENDED)) == (127, 10)


@given(ANY_TEXT, ANY_TEXT)
def test_more_text_never_takes_fewer_segments(text: str, more: str) -> None:
    assert segments(text) <= segments(text + more) <= max(1, len((text + more).encode("utf-16-le", "surrogatepass")))


@given(ANY_TEXT)
def test_segments_hold_the_text_and_not_more_than_a_part_too_many(text: str) -> None:
    units = len(text.encode("utf-16-le", "surrogatepass")) // 2
    if any(sign not in GSM_BASIC | GSM_EXTENDED for sign in text) and units > 70:
        assert units / 67 <= segments(text) <= units / 66 + 1


def test_each_language_has_its_words_and_any_other_hears_chinese() -> None:
    assert gettext("en", "Help call") == "Help call"
    assert gettext("zh-CN", "Help call") == gettext(None, "Help call") == gettext("tlh", "Help call") == "求助"


@pytest.mark.parametrize("name", ["{number}", "{0}", "{name.__class__}", "%s", "{", "}", "{{x}}", "\0", "\ud800"])
def test_what_people_wrote_is_never_interpreted(name: str) -> None:
    assert name in texts.taken("en", number=7, name=name)
    assert name in texts.tell("zh-CN", kind="help", who=name, where=name, number=7, link=None, replies=True)


def test_the_sms_says_what_who_where_the_number_and_how_to_answer() -> None:
    said = texts.tell(
        "zh-CN", kind="help", who="张桂英", where="凤山镇 凤山村 3组12号", number=4821,
        link="https://anju.example/alerts/4821", replies=True,
    )  # fmt: skip
    assert said == (
        "【安居】求助 #4821：张桂英，凤山镇 凤山村 3组12号。回1接单，2转下一位。 https://anju.example/alerts/4821"
    )
    assert segments(said) == 2


def test_the_sms_in_english() -> None:
    said = texts.tell(
        "en", kind="fall", who="Ann Lee", where="12 Rose Lane", number=7, link=None, replies=True, times=2, waited_min=4
    )
    assert said == ("[Anju] Fall #7: Ann Lee, 12 Rose Lane. Pressed 2 times. Waiting 4 min. Reply 1 accept, 2 pass on.")
    assert segments(said) == 1


def test_where_no_reply_and_no_link_works_the_sms_says_so_and_names_neither() -> None:
    said = texts.tell("zh-CN", kind="help", who="张桂英", where="凤山村", number=7, link=None, replies=False)
    assert said == "【安居】求助 #7：张桂英，凤山村。请在来电中按键或在工作页面接单。"
    assert segments(said) == 1


def test_the_third_text_about_one_alert_differs_from_the_second() -> None:
    def said(times: int, waited_min: int) -> str:
        return texts.tell(
            "zh-CN", kind="help", who="张桂英", where="凤山村", number=7, link=None, replies=True, times=times,
            waited_min=waited_min,
        )  # fmt: skip

    assert len({said(1, 0), said(1, 5), said(1, 10), said(2, 10), said(3, 130)}) == 5
    assert "2小时5分" in said(1, 125)


def test_a_test_press_is_called_a_test() -> None:
    said = texts.tell("zh-CN", kind="help", who="", where="btn-1", number=7, link=None, replies=True, test=True)
    assert said.startswith("【安居】测试求助 #7：btn-1。")


def test_whoever_took_it_is_asked_how_far_he_is() -> None:
    said = texts.remind("zh-CN", kind="help", who="张桂英", where="凤山村", number=7, waited_min=15)
    assert said == "【安居】您接的求助 #7：张桂英，凤山村。到哪一步了？已等15分钟。回3已到，9完成，2转下一位。"
    assert "回3" not in texts.remind("zh-CN", kind="help", who="", where="凤山村", number=7, replies=False)


def test_somebody_is_sent() -> None:
    said = {"who": "Ann Lee", "where": "12 Rose Lane", "visit": 3}
    assert texts.assigned("en", **said, alert=None, replies=True, link="https://a.example/my") == (
        "[Anju] Visit 3 is yours: Ann Lee, 12 Rose Lane. https://a.example/my"
    )
    assert texts.assigned("zh-CN", **said, alert=7, replies=True, link=None) == (
        "【安居】派您去处理 #7：Ann Lee，12 Rose Lane。回3已到，9完成，2转下一位。"
    )


def test_a_call_speaks_the_number_digit_by_digit() -> None:
    said = texts.speak("zh-CN", kind="help", who="张桂英", where="凤山村", number=4821)
    assert said == "这里是安居。求助：张桂英，凤山村。编号 4 8 2 1。接单请按1，转给下一位请按2。"


@pytest.mark.parametrize("language", texts.LANGUAGES)
@pytest.mark.parametrize("state", ["received", "accepted", "en_route", "arrived", "closed"])
def test_what_a_home_hears_is_short(language: str, state: str) -> None:
    said = texts.say(language, state)
    assert said
    # what a person of 82 takes in at one hearing: a breath
    assert len(said) <= (20 if language == "zh-CN" else 60)


def test_an_early_warning_without_a_name_is_called_as_its_rule() -> None:
    assert texts.kind_name("zh-CN", "water_running") == "water_running"
