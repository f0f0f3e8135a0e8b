"""Times, ages and numbers as each reader writes them."""

from datetime import UTC, date, datetime, timedelta

import pytest

from api.i18n import Wording, choose, phone

ZH = Wording("zh-CN", "Asia/Shanghai")
EN = Wording("en", "Asia/Shanghai")
NOW = datetime(2026, 11, 24, 16, 10, tzinfo=UTC)  # 00:10 on the 25th in Shanghai


@pytest.mark.parametrize(
    ("seconds", "chinese", "english"),
    [
        (-5, "00:00", "00:00"),
        (72, "01:12", "01:12"),
        (3599, "59:59", "59:59"),
        (9060, "2:31:00", "2:31:00"),
        (86400 + 7200, "1天2时", "1 d 2 h"),
    ],
)
def test_a_running_time_reads_like_a_clock(seconds: int, chinese: str, english: str) -> None:
    until = NOW + timedelta(seconds=seconds)
    assert (ZH.span(NOW, until), EN.span(NOW, until)) == (chinese, english)


def test_a_night_shift_reads_the_last_hours_without_their_day() -> None:
    assert ZH.moment(NOW - timedelta(minutes=20), NOW) == "23:50:00"
    assert ZH.moment(NOW - timedelta(hours=13), NOW) == "11月24日 11:10"
    assert EN.moment(NOW - timedelta(hours=13), NOW) == "24 Nov 11:10"
    assert EN.moment(NOW - timedelta(days=400), NOW) == "21 Oct 2025 00:10"


def test_a_stretch_names_its_day_once() -> None:
    start = NOW + timedelta(days=2)
    assert ZH.stretch(start, start + timedelta(hours=1), NOW) == "11月27日 00:10 – 01:10"
    assert ZH.stretch(NOW, NOW + timedelta(hours=1), NOW) == "00:10 – 01:10"
    assert ZH.stretch(NOW, None, NOW) == "00:10"


def test_an_age_turns_on_the_birthday_where_the_reader_is() -> None:
    assert ZH.age(date(1944, 11, 25), NOW) == "82岁"
    assert ZH.age(date(1944, 11, 26), NOW) == "81岁"
    assert EN.age(date(1944, 11, 25), NOW) == "aged 82"
    assert ZH.age(None, NOW) == ""
    assert ZH.age(date(2150, 1, 1), NOW) == ""


def test_how_long_ago_is_never_in_the_future() -> None:
    assert ZH.ago(NOW - timedelta(minutes=3), NOW) == "3分钟前"
    assert EN.ago(NOW - timedelta(minutes=3), NOW) == "3 minutes ago"
    assert EN.ago(NOW + timedelta(seconds=30), NOW) == "1 second ago"


def test_numbers_and_names_in_the_readers_way() -> None:
    assert EN.number(98412) == "98,412"
    assert ZH.listing(["兰晓", "梅芳"]) == "兰晓、梅芳"
    assert (ZH.own_name, EN.own_name) == ("中文", "English")


def test_the_first_wish_that_is_a_language_of_ours_holds() -> None:
    assert choose(None, "fr", "en", "zh-CN") == "en"
    assert choose(None, "xx") == "zh-CN"


def test_a_phone_number_is_parted_for_the_eye() -> None:
    assert phone("+8613800000001") == "+86 138 0000 0001"
    assert phone("<script>") == "<script>"
