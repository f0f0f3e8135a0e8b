"""What can be done with an alert, by whom, and which of it is the one next step."""

import pytest

from alerts.model import AlertState
from alerts.visits import VisitState
from api.auth import principal
from api.console.acts import Acts, Standing, acts
from api.context import Principal

LAN, MEI = 1, 2


def somebody(role: str, staff_id: int | None = None) -> Principal:
    return principal(user_id=7, username="x", role=role, area=None, path=None, is_root=None, staff_id=staff_id)


FRESH = Standing(AlertState.NOTIFIED, None, None, None)
NOBODY_SENT = Standing(AlertState.ACCEPTED, None, VisitState.REQUESTED, None)
LAN_GOES = Standing(AlertState.EN_ROUTE, LAN, VisitState.EN_ROUTE, LAN)
LAN_IS_THERE = Standing(AlertState.ARRIVED, LAN, VisitState.ARRIVED, LAN)
VISITED = Standing(AlertState.ARRIVED, LAN, None, None)
CLOSED = Standing(AlertState.CLOSED, LAN, None, None)


@pytest.mark.parametrize(
    ("standing", "operator", "lan"),
    [
        (FRESH, "accept", "accept"),
        (NOBODY_SENT, "dispatch", ""),
        (LAN_GOES, "arrive", "arrive"),
        (LAN_IS_THERE, "complete", "complete"),
        (VISITED, "close", ""),
        (CLOSED, "", ""),
    ],
)
def test_there_is_one_next_step(standing: Standing, operator: str, lan: str) -> None:
    assert acts(somebody("operator"), standing).next == operator
    assert acts(somebody("responder", LAN), standing).next == lan


def test_a_viewer_can_do_nothing() -> None:
    for standing in (FRESH, LAN_GOES, CLOSED):
        assert acts(somebody("viewer"), standing) == Acts()


def test_a_closed_alert_takes_notes_only() -> None:
    assert acts(somebody("admin"), CLOSED) == Acts(note=True)


def test_a_responder_moves_his_own_visit_only() -> None:
    assert acts(somebody("responder", LAN), LAN_GOES).step == "arrive"
    for another in (MEI, None):
        can = acts(somebody("responder", another), LAN_GOES)
        assert (can.step, can.take_back, can.close, can.dispatch) == ("", False, False, False)


def test_nobody_is_taken_back_from_the_door() -> None:
    assert acts(somebody("operator"), LAN_GOES).take_back
    assert not acts(somebody("operator"), LAN_IS_THERE).take_back


def test_only_operators_send_and_close() -> None:
    assert not acts(somebody("responder", LAN), FRESH).dispatch
    assert not acts(somebody("responder", LAN), LAN_IS_THERE).close
    assert acts(somebody("operator"), FRESH).dispatch
