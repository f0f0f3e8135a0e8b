"""What does a press do? It raises an alert, or joins the one that is open for its home."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection, Cursor

from alerts import raising, record, test_call
from alerts.model import HELP, HOME, UNANSWERED, Actor, AlertState, Invalid, UnknownPlace, severity_of
from alerts.patience import patience
from alerts.raising import Place
from storage import sql

queries = sql.load("alerts")

RETELL_AFTER = timedelta(minutes=1)
"""People already told are told again at most this often (CONTRACT section 3)."""


@dataclass(frozen=True, slots=True)
class Press:
    """A help call as the desk needs it.

    `address`: what a hub calls the device that was pressed, where that is not registered and the hub stands for it.
    """

    device_uid: str
    call_id: str
    at: datetime
    test: bool = False
    source: str | None = None
    readable: bool = True
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose press it is: its place, None where it is not registered; the language of who lives there; the open help alert
    of that place; the test that is announced there. Other presses of the place wait until the transaction ends."""

    place: Place | None
    language: str | None
    open_alert: tuple[int, AlertState, bool, datetime | None] | None
    announced: test_call.Announced | None


class AskedCaller:
    """What is asked of a caller before the answer to another question has come: `read` waits for all of it."""

    def __init__(self, connection: Connection[Any], uid: str, call_id: str, at: datetime, now: datetime) -> None:
        self._held = connection.execute(queries.hold_caller, {"uid": uid})
        # a statement of its own: what the lock waited for is only seen by one that begins after it
        self._open = connection.execute(queries.open_help_alert_of_caller, {"uid": uid})
        self._announced = connection.execute(
            queries.test_announced_to, {"uid": uid, "call_id": call_id, "at": at, "now": now}
        )

    def read(self) -> Caller:
        """Return the answers."""
        held, found, announced = self._held.fetchone(), self._open.fetchone(), self._announced.fetchone()
        assert held is not None  # noqa: S101 - it always returns one row
        home_id, area, resident_id, language, _ = held
        place = Place(home_id, area, resident_id) if home_id is not None else None
        open_alert = None if found is None else (found[0], AlertState(found[1]), *found[2:4])
        return Caller(place, language, open_alert, None if announced is None else test_call.Announced(announced[0]))


class Opened:
    """The alert that a press raised or joined; its number is waited for only where it is asked for."""

    def __init__(self, alert: int | Cursor[Any]) -> None:
        self._alert = alert

    @property
    def alert_id(self) -> int:
        """The alert's number."""
        if isinstance(self._alert, int):
            return self._alert
        self._alert = raising.number(self._alert)
        return self._alert


def open_or_join(connection: Connection[Any], *, press: Press, caller: Caller, now: datetime) -> Opened:
    """Raise a help alert for a press whose call was noted, or add it to the one that is open for its place.

    An unregistered device's alert goes to the top area's responders. The caller of this lets it be seen by `raising.wake` after
    the commit, once the home has been told: whoever is woken works on the same processors, and would have the home wait.
    Where that is not come to, engine and pages look within seconds all the same.
    """
    place = caller.place or Place(None, _top_area(connection), None)
    verdict = test_call.judge(
        says_test=press.test, source=press.source, readable=press.readable, announced=caller.announced
    )
    detail = {"device": press.device_uid, "call": press.call_id}
    if verdict.window is not None:
        detail["test_window"] = verdict.window
    if press.source:
        detail["source"] = press.source
    if not press.readable:
        detail["unreadable"] = "yes"
    if press.address:
        detail["address"] = press.address
    if caller.open_alert is None:
        return Opened(
            raising.insert(
                connection, kind=HELP, place=place, device_uid=press.device_uid, call_id=press.call_id, test=verdict.test,
                text=None, actor=HOME, detail=detail, raised_at=press.at, now=now,
            )
        )  # fmt: skip
    alert_id = caller.open_alert[0]
    _join(connection, caller.open_alert, place, test=verdict.test, actor=HOME, detail=detail, now=now)
    note_alert_of_call(connection, press.device_uid, press.call_id, alert_id)
    _tell_home_how_far(connection, alert_id, press, now)
    return Opened(alert_id)


def note_alert_of_call(
    connection: Connection[Any], device_uid: str, call_id: str, alert_id: int, *, what: str = "help"
) -> None:
    """Write down which alert a help call, or its cancelling, is about."""
    connection.execute(
        queries.join_call_to_alert,
        {"device_uid": device_uid, "call_id": call_id, "what": what, "alert_id": alert_id},
    )


def raise_by_hand(
    connection: Connection[Any],
    *,
    kind: str,
    home_id: int | None,
    resident_id: int | None,
    text: str | None,
    actor: Actor,
    now: datetime,
) -> int:
    """Raise an alert for a telephone call or a neighbour; joins the home's open help alert. Returns its id.

    Raises UnknownPlace when neither the home nor the resident is in the registry.
    """
    if resident_id is not None:
        found = connection.execute(queries.place_of_resident, {"resident_id": resident_id}).fetchone()
        if found is None or (home_id is not None and found[0] != home_id):
            raise UnknownPlace("resident", resident_id)
    elif home_id is not None:
        found = connection.execute(queries.place_of_home, {"home_id": home_id}).fetchone()
        if found is None:
            raise UnknownPlace("home", home_id)
    else:
        raise Invalid("an alert needs a home or a resident; name one of the registry")
    place = Place(*found)
    detail = {"text": text} if text else {}
    raising.wake(connection)
    if kind == HELP:
        connection.execute(queries.lock_press, {"place": _key(place.home_id, None)})
        row = connection.execute(queries.open_help_alert, {"home_id": place.home_id, "device_uid": None}).fetchone()
        if row is not None:
            _join(connection, row, place, test=False, actor=actor, detail=detail, now=now)
            return int(row[0])
    return raising.number(
        raising.insert(
            connection, kind=kind, place=place, device_uid=None, test=False, text=text, actor=actor, detail=detail,
            raised_at=now, now=now,
        )
    )  # fmt: skip


def _join(
    connection: Connection[Any],
    open_alert: Sequence[Any],
    place: Place,
    *,
    test: bool,
    actor: Actor,
    detail: dict[str, str],
    now: datetime,
) -> None:
    """Add a press to an open help alert, whose row and place are locked."""
    alert_id, *_ = open_alert
    _count_in(connection, open_alert, place.area, test=test, now=now)
    record.on_timeline(connection, alert_id, "pressed_again", actor, now, detail)
    record.tell_pages(connection, "alert", alert_id, place.area, now)
    connection.execute(queries.wake_engine)


def _count_in(
    connection: Connection[Any], open_alert: Sequence[Any], area: str | None, *, test: bool, now: datetime
) -> None:
    """Count one more press, or alert, in an open one; a test to which a real one comes is real from now on."""
    alert_id, state, was_test, told_at, *_ = open_alert
    still_test = was_test and test
    severity = severity_of(HELP, test=still_test)
    connection.execute(
        queries.join_alert,
        {
            "alert_id": alert_id,
            "now": now,
            "test": still_test,
            "severity": severity,
            "retell_at": max(now, told_at + RETELL_AFTER) if told_at is not None else None,
        },
    )
    if was_test and not still_test:
        asked = (area, severity, HELP)
        ask_at = now + patience(connection, [asked])[asked].of(AlertState(state))
        connection.execute(queries.is_real_after_all, {"alert_id": alert_id, "now": now, "ask_at": ask_at})


def join_by_reopening(connection: Connection[Any], *, closed_id: int, actor: Actor, now: datetime) -> int | None:
    """Let a closed help alert join the one that is open for its place now; returns that one's id, None where none is."""
    place = connection.execute(queries.place_of_alert, {"alert_id": closed_id}).fetchone()
    assert place is not None  # noqa: S101 - its row is locked by the caller
    home_id, area, device_uid = place
    row = connection.execute(queries.open_help_alert, {"home_id": home_id, "device_uid": device_uid}).fetchone()
    if row is None:
        return None
    alert_id = row[0]
    _count_in(connection, row, area, test=record.hold(connection, closed_id).test, now=now)
    record.on_timeline(connection, alert_id, "joined", actor, now, {"alert": closed_id})
    record.on_timeline(connection, closed_id, "reopened_into", actor, now, {"alert": alert_id})
    record.tell_pages(connection, "alert", alert_id, area, now)
    connection.execute(queries.wake_engine)
    return int(alert_id)


def lock_place(connection: Connection[Any], alert_id: int) -> None:
    """Let presses of this alert's home wait until the transaction ends: one of them must not open a second alert."""
    place = connection.execute(queries.place_of_alert, {"alert_id": alert_id}).fetchone()
    if place is not None:
        connection.execute(queries.lock_press, {"place": _key(place[0], place[2])})


def _key(home_id: int | None, device_uid: str | None) -> str:
    return f"help:home:{home_id}" if home_id is not None else f"help:device:{device_uid}"


def _top_area(connection: Connection[Any]) -> str | None:
    row = connection.execute(queries.top_area).fetchone()
    return str(row[0]) if row else None


def _tell_home_how_far(connection: Connection[Any], alert_id: int, press: Press, now: datetime) -> None:
    """A press that joins an alert which somebody has already: the home hears so at once."""
    alert = record.hold(connection, alert_id)
    if alert.state in UNANSWERED:
        return
    connection.execute(
        queries.tell_home_of_one_call,
        {
            "device_uid": press.device_uid,
            "call_id": press.call_id,
            "state": alert.state,
            "at": now,
        },
    )


def cancel_by_home(connection: Connection[Any], *, device_uid: str, call_id: str | None, now: datetime) -> int | None:
    """Mark the alert that the home calls a mistake; it stays open. Returns its id, None where there is none open."""
    alert_id: int | None = None
    if call_id is not None:
        row = connection.execute(queries.alert_of_call, {"device_uid": device_uid, "call_id": call_id}).fetchone()
        alert_id = row[0] if row else None
    else:
        place = connection.execute(queries.place_of_device, {"uid": device_uid}).fetchone()
        row = connection.execute(
            queries.open_help_alert, {"home_id": place[0] if place else None, "device_uid": device_uid}
        ).fetchone()
        alert_id = row[0] if row else None
    if alert_id is None:
        return None
    marked = connection.execute(queries.mark_home_cancelled, {"alert_id": alert_id, "now": now}).fetchone()
    if marked is None:
        return None
    alert = record.hold(connection, alert_id)
    record.on_timeline(connection, alert_id, "home_cancelled", HOME, now, {"device": device_uid})
    record.tell_pages(connection, "alert", alert_id, alert.area, now)
    return int(alert_id)
