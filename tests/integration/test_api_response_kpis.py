"""First-time call failure and the alarms of each responder, as telecare and alarm management measure them."""

import pytest

from tests.integration.api_client import Api
from tests.integration.test_api_reports import api, village
from tests.stories.village import Village, step

__all__ = ["api", "village"]


def test_a_press_that_was_sent_again_did_not_get_through_at_the_first_try(api: Api, village: Village) -> None:
    homes = [village.home("凤山村", policy=[step(0, "lan")] if not number else None) for number in range(4)]
    for number, home in enumerate(homes):
        home.press("a")
        if number == 0:
            home.press("a")
            home.press("a")
    # the first one's text failed too: it is one failure; the second one's text failed
    for home in homes[:2]:
        village.run("update messages set state = 'failed' where alert_id = %(id)s", id=home.alert().id)
    # another press is no re-send
    homes[2].press("b")
    village.settle()
    total = api.being("viewer").get("/reports/response", area="town").ok()["total"]
    assert (total["alerts"], total["resent"]) == (4, 1)
    assert total["first_time_failure_share"] == pytest.approx(2 / 4)
    assert total["first_message_failed_share"] == pytest.approx(2 / 4)


def test_the_alarms_of_each_responder_are_counted_in_ten_minutes(api: Api, village: Village) -> None:
    homes = [
        village.home("凤山村", policy=[step(0, "lan"), step("15 min", "mei")] if not number else None)
        for number in range(12)
    ]
    # 10:13 in the story: the ten minutes end at 10:20
    for home in homes[:11]:
        home.press()
    village.forward(minutes=7)
    homes[11].press()
    village.forward(minutes=3)
    began = village.clock.now().replace(hour=2, minute=0, second=0)
    report = api.being("viewer").get("/reports/response", area="town", from_=began.isoformat()).ok()
    (lan,) = report["responders"]
    assert (lan["name"], lan["alarms"], lan["busiest_10_min"], lan["periods"], lan["floods"]) == ("lan", 12, 11, 2, 1)
    minutes = (village.clock.now() - began).total_seconds() / 60
    assert lan["alarms_per_10_min"] == pytest.approx(12 / (minutes / 10))
