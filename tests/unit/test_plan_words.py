"""A plan's rule is said back as one says it, in both languages."""

from datetime import date, time

import pytest

from alerts.plan_words import PATTERNS, rule_of, said
from alerts.plans import UnreasonableRule, parts_of

MONDAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("rule", "english", "chinese"),
    [
        ("FREQ=DAILY", "Every day at 09:30", "每天 09:30"),
        ("FREQ=DAILY;INTERVAL=3", "Every 3 days at 09:30", "每 3 天一次，09:30"),
        ("FREQ=WEEKLY;BYDAY=FR,MO,TU,WE,TH", "Monday to Friday at 09:30", "星期一到星期五 09:30"),
        ("FREQ=WEEKLY;BYDAY=TH,MO", "Every week on Monday, Thursday at 09:30", "每周星期一、星期四 09:30"),
        ("FREQ=WEEKLY", "Every week on Monday at 09:30", "每周星期一 09:30"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=SU", "Every 2 weeks on Sunday at 09:30", "每 2 周的星期日 09:30"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "On the last day of the month at 09:30", "每月最后一天 09:30"),
        ("FREQ=MONTHLY", "Every month on day 23 at 09:30", "每月 23 日 09:30"),
        ("FREQ=DAILY;COUNT=5", "Every day at 09:30, 5 times", "每天 09:30，共 5 次"),
        ("FREQ=DAILY;UNTIL=20270131", "Every day at 09:30, until 2027-01-31", "每天 09:30，到 2027-01-31 为止"),
        (
            "FREQ=MONTHLY;BYDAY=2TU",
            "By the rule FREQ=MONTHLY;BYDAY=2TU, at 09:30",
            "按规则 FREQ=MONTHLY;BYDAY=2TU，09:30",
        ),
    ],
)
def test_a_rule_in_words(rule: str, english: str, chinese: str) -> None:
    assert said("en", rule, time(9, 30), MONDAY) == english
    assert said("zh-CN", rule, time(9, 30), MONDAY) == chinese


@pytest.mark.parametrize("pattern", list(PATTERNS))
def test_every_pattern_makes_a_rule_that_can_be_read(pattern: str) -> None:
    assert parts_of(rule_of(pattern, days=["SU", "MO"], every=2, month_day=5, own="rrule:freq=yearly"))


def test_days_come_in_the_order_of_the_week() -> None:
    assert rule_of("weekly", days=["SU", "MO"]) == "FREQ=WEEKLY;BYDAY=MO,SU"


@pytest.mark.parametrize("pattern", ["weekly", "hourly", ""])
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(UnreasonableRule):
        rule_of(pattern)
