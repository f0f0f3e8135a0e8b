"""What a provider's code leads to: the table as FACTS and the providers' own dictionaries have it."""

from datetime import timedelta

import pytest

from alerts.channels import failures
from alerts.channels.failures import Fault, judge, reworded


@pytest.mark.parametrize("code", ["21211", "30005"])
def test_a_number_that_is_none_is_not_called_either(code: str) -> None:
    failure = judge(code, "sms")
    assert (failure.fault, failure.call, failure.again_after) == (Fault.BAD, False, None)


@pytest.mark.parametrize("code", ["21614", "21635", "30006"])
def test_a_landline_takes_no_text_and_is_called(code: str) -> None:
    failure = judge(code, "sms")
    assert (failure.fault, failure.call, failure.again_after) == (Fault.NO_SMS, True, None)


def test_who_wants_no_messages_is_not_called() -> None:
    assert (judge("21610", "sms").fault, judge("21610", "sms").call) == (Fault.OPTED_OUT, False)


@pytest.mark.parametrize("code", ["21611", "30001"])
def test_a_full_queue_is_not_waited_for(code: str) -> None:
    assert (judge(code, "sms").again_after, judge(code, "sms").fault) == (None, None)


def test_a_phone_that_is_off_gets_one_more_try_and_the_next_person_is_told_beside_it() -> None:
    failure = judge("30003", "sms")
    assert failure.beside
    assert failure.again_after is not None
    assert failure.again_after >= timedelta(seconds=30)


def test_what_was_filtered_is_worded_differently() -> None:
    assert judge("30007", "sms").reworded


@pytest.mark.parametrize("code", [None, "", "99999", "isv.WHATEVER", "levitating"])
def test_a_code_that_nobody_knows_escalates_at_once(code: str | None) -> None:
    assert judge(code, "sms").beside
    assert judge(code, "voice").beside


def test_nothing_in_the_table_leaves_somebody_untold() -> None:
    """Each row calls, tries again, tells the next beside it, or (all else) lets the next be told at once."""
    for code, failure in failures.TABLE.items():
        assert failure.why, code
        assert failure.again_after is None or failure.beside or failure.reworded, code


def test_the_link_goes_and_the_words_stay() -> None:
    assert (
        reworded("【安居】求助 #7：张桂英。回1接单。 https://anju.example/alerts/7")
        == "【安居】求助 #7：张桂英。回1接单。"
    )
    assert reworded("【安居】求助 #7：张桂英。") == "【安居】求助 #7：张桂英。"
    assert reworded("[Anju] Help #7. https://a.example/alerts/7 Text 3.") == "[Anju] Help #7. Text 3."
