"""The warnings of care by their thresholds, and how a case goes on."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.care import cases
from alerts.care.cases import Case, CaseNotThere, CaseState, SamePerson
from alerts.care.festivals import festivals
from alerts.model import Severity
from alerts.proofs import distance_m
from alerts.rules import RULES
from alerts.rules.base import Level, Reading
from alerts.rules.facts import CareFacts, HomeFacts, VisitFacts

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)
HOUR = timedelta(hours=1)
BAD, GOOD = Level.BAD, Level.GOOD
PROMISED = VisitFacts(1, "clean", due_to=NOW - HOUR)
DONE = VisitFacts(
    2, "clean", arrived_at=NOW - 2 * HOUR, completed_at=NOW - HOUR, told_at=NOW - HOUR, over=True, usual_minutes=90
)
HURRIED = replace(DONE, id=3, completed_at=NOW - 2 * HOUR + timedelta(minutes=20))


def read(rule: str, facts: HomeFacts, **own: int) -> Reading:
    known = RULES[rule]
    assert known.judge is not None
    return known.judge(facts, known.thresholds(own), NOW)


def of(*visits: VisitFacts, **more: datetime) -> HomeFacts:
    return HomeFacts(visits=visits, **more)


def test_a_gap_is_told_when_somebody_of_the_home_is_late() -> None:
    late, ahead = CareFacts(NOW - HOUR), CareFacts(NOW + HOUR, high=True)
    assert read("care_gap", HomeFacts()).level is GOOD
    assert read("care_gap", HomeFacts(care=(ahead,))) == Reading(GOOD, look_at=NOW + HOUR)
    found = read("care_gap", HomeFacts(care=(ahead, late)))
    assert (found.level, found.since, found.severity, found.said) == (BAD, NOW - HOUR, None, "2026-11-24")
    assert read("care_gap", HomeFacts(care=(CareFacts(NOW, high=True),))).severity is Severity.HIGH
    assert read("care_gap", HomeFacts(care=(late,)), grace_h=2) == Reading(GOOD, look_at=NOW + HOUR)


def test_a_promised_visit_is_overdue_after_its_grace_until_somebody_arrives() -> None:
    assert read("visit_overdue", of(PROMISED)).said == "1: 60 min"
    assert read("visit_overdue", of(PROMISED), grace_min=61).look_at == NOW + timedelta(minutes=1)
    for fine in (replace(PROMISED, arrived_at=NOW), replace(PROMISED, over=True), replace(PROMISED, due_to=None)):
        assert read("visit_overdue", of(fine)).level is GOOD


def test_a_visit_is_too_short_below_a_share_of_the_usual_minutes() -> None:
    assert read("visit_too_short", of(DONE)).level is GOOD
    assert read("visit_too_short", of(HURRIED)) == Reading(BAD, said="3: 20 min / 90 min")
    assert read("visit_too_short", of(HURRIED), below_pct=22).level is GOOD
    assert read("visit_too_short", of(replace(HURRIED, of_alert=True))).level is GOOD
    assert read("visit_too_short", of(replace(HURRIED, usual_minutes=None))).level is GOOD


def test_a_visit_is_elsewhere_past_a_distance_or_by_a_wrong_code() -> None:
    far = replace(DONE, away_m=501.0)
    assert read("visit_elsewhere", of(far)) == Reading(BAD, said="2: 501 m")
    assert read("visit_elsewhere", of(replace(far, away_m=499.0))).level is GOOD
    assert read("visit_elsewhere", of(replace(DONE, wrong_code=True))) == Reading(BAD, said="2")
    assert read("visit_elsewhere", of(replace(far, of_alert=True))).level is BAD
    assert read("visit_elsewhere", of(far), away_m=600).level is GOOD


def test_a_doubt_ends_when_confirmed_when_closed_or_when_made_good() -> None:
    later = replace(DONE, id=9, told_at=NOW)
    assert read("visit_too_short", of(replace(HURRIED, confirmed=True))).level is GOOD
    assert read("visit_too_short", of(HURRIED, later)).level is GOOD
    assert read("visit_too_short", of(HURRIED, replace(later, service="meals"))).level is BAD
    assert read("visit_too_short", of(DONE, HURRIED)).level is BAD
    assert read("visit_too_short", of(HURRIED, short_answered_at=NOW)).level is GOOD
    # a second one after that is a new doubt
    assert read("visit_too_short", of(HURRIED, short_answered_at=NOW - 3 * HOUR)).level is BAD
    # a visit for an alert makes no cleaning good
    assert read("visit_too_short", of(HURRIED, replace(later, service=None, of_alert=True))).level is BAD


def test_what_is_closed_by_hand_and_stands_is_told_again() -> None:
    assert [name for name, rule in RULES.items() if rule.insists_s] == ["care_gap", "visit_overdue"]


def test_a_case_goes_its_way_and_somebody_else_confirms_it() -> None:
    found = Case(4)
    cases.may_assign(found)
    cases.may_make_good(found)
    for step in (cases.may_report, lambda case: cases.may_confirm(case, names=frozenset(), staff_id=None)):
        with pytest.raises(CaseNotThere, match="case 4 is found"):
            step(found)
    good = replace(found, made_good_at=NOW, by="李兰", staff_id=7)
    with pytest.raises(CaseNotThere, match="made good already"):
        cases.may_assign(good)
    for names, staff_id in ((frozenset({"李兰"}), None), (frozenset({"lan"}), 7)):
        with pytest.raises(SamePerson, match="somebody else"):
            cases.may_confirm(good, names=names, staff_id=staff_id)
    cases.may_confirm(good, names=frozenset({"mei"}), staff_id=8)
    confirmed = replace(good, confirmed_at=NOW)
    cases.may_report(confirmed)
    with pytest.raises(CaseNotThere, match="list already"):
        cases.may_report(replace(confirmed, reported_at=NOW))


@given(st.lists(st.sampled_from(["assign", "made_good", "confirm", "report"]), max_size=12))
def test_whatever_is_tried_a_case_only_goes_forward(tried: list[str]) -> None:
    case, states = Case(1, by="a"), list(CaseState)
    for step in tried:
        before = case.state
        try:
            if step == "assign":
                cases.may_assign(case)
                case = replace(case, assigned_at=NOW)
            elif step == "made_good":
                cases.may_make_good(case)
                case = replace(case, made_good_at=NOW)
            elif step == "confirm":
                cases.may_confirm(case, names=frozenset({"b"}), staff_id=None)
                case = replace(case, confirmed_at=NOW)
            else:
                cases.may_report(case)
                case = replace(case, reported_at=NOW)
        except CaseNotThere:
            assert case.state is before
        assert states.index(case.state) >= states.index(before)
        assert case.confirmed_at is None or case.made_good_at is not None


def test_a_degree_of_latitude_is_111_km() -> None:
    assert distance_m(24, 100, 25, 100) == pytest.approx(111_195, abs=1)
    assert distance_m(24, 100, 24, 101) == pytest.approx(101_581, abs=100)
    assert distance_m(24, 100, 24, 100) == 0


def test_the_festivals_ahead_each_once_with_the_week_before() -> None:
    found = {each.key: each for each in festivals("CN", "zh_CN", NOW, timezone="Asia/Shanghai")}
    assert list(found) == ["CN 2027 元旦", "CN 2027 春节"]
    spring = found["CN 2027 春节"]
    assert (spring.until_at - spring.from_at).days >= 10
    later = festivals("CN", "zh_CN", NOW + timedelta(days=60), timezone="Asia/Shanghai")
    assert {each.key for each in later} >= {"CN 2027 春节", "CN 2027 清明节"}
