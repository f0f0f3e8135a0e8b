"""First-time call failure and the alarms of each responder, as telecare and alarm management measure them."""

import pytest

from api import watches
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


def watching(api: Api, who: Api) -> tuple[int, str]:
    """Return a user as `watches` knows him: his id and his name."""
    assert who.username is not None
    ((user_id,),) = api.rows("select id from users where username = %(name)s", name=who.username)
    return user_id, who.username


def test_the_alarms_raised_before_each_operators_eyes_are_counted(api: Api, village: Village) -> None:
    homes = [village.home("凤山村", policy=[step(0, "lan")] if not number else None) for number in range(14)]
    village.home("白塔村")
    near, far = api.being("operator"), api.being("operator", area="白塔村")
    user_id, name = watching(api, near)
    began = village.clock.now()
    with village.pool.connection() as connection:
        # two windows at once, and an alert before either is none of his
        homes[12].press()
        village.forward(seconds=1)
        first, second = (watches.begin(connection, user_id, village.clock.now()) for _ in range(2))
        elsewhere = watches.begin(connection, watching(api, far)[0], village.clock.now())
    for home in homes[:11]:
        home.press()
    village.forward(minutes=20)
    with village.pool.connection() as connection:
        for each in (first, second, elsewhere):
            watches.go_on(connection, each, village.clock.now())
    homes[11].press()
    # his last sign of life was over 15 s ago
    village.forward(minutes=1)
    homes[13].press()
    village.forward(minutes=1)
    report = api.being("viewer").get("/reports/response", from_=began.isoformat()).ok()
    rates = {each["username"]: each for each in report["operators"]}
    rate = rates[name]
    assert (rate["alarms"], rate["busiest_10_min"], rate["periods"], rate["floods"]) == (12, 11, 2, 1)
    assert rate["watched_s"] == pytest.approx(20 * 60 + 15)
    assert rate["alarms_per_10_min"] == pytest.approx(12 / (rate["watched_s"] / 600))
    assert rates[watching(api, far)[1]]["alarms"] == 0


def test_whoever_has_the_board_open_is_written_down(api: Api, village: Village) -> None:
    village.home("凤山村", policy=[step(0, "lan")])
    operator = api.being("operator")
    headers = {"Authorization": f"Bearer {operator.token}"}
    with api.client.stream("GET", "/board/stream", headers=headers) as board:
        lines = board.iter_lines()
        while not next(lines).startswith("event: page"):
            pass
        ((user_id, seen),) = api.rows("select user_id, seen_at = began_at from watches")
    assert (user_id, seen) == (watching(api, operator)[0], True)
