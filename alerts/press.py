"""What does a press do? It raises an alert, or joins the one that is open for its home."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection

from alerts import record, test_call
from alerts.model import HELP, HOME, SYSTEM, UNANSWERED, Actor, Invalid, UnknownPlace, severity_of
from storage import sql

queries = sql.load("alerts")

RETELL_AFTER = timedelta(minutes=1)
"""People already told are told again at most this often (CONTRACT section 3)."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an alert is: a home, its area and who lives there; all None for an unregistered device."""

    home_id: int | None
    area: str | None
    resident_id: int | None


@dataclass(frozen=True, slots=True)
class Press:
    """A help call as the desk needs it. `claimed_at` is the home's own time where it said one that cannot be true."""

    device_uid: str
    call_id: str
    at: datetime
    test: bool = False
    source: str | None = None
    readable: bool = True


@dataclass(frozen=True, slots=True)
class Opened:
    """The alert that a press raised or joined."""

    alert_id: int
    joined: bool


def open_or_join(connection: Connection[Any], *, press: Press, now: datetime) -> Opened:
    """Raise a help alert for a press, or add the press to the one that is open for its home."""
    place, verdict = _where_and_whether_test(connection, press, now)
    detail = {"device": press.device_uid, "call": press.call_id}
    if verdict.window is not None:
        detail["test_window"] = verdict.window
    if press.source:
        detail["source"] = press.source
    if not press.readable:
        detail["unreadable"] = "yes"
    opened = _open_or_join(
        connection, kind=HELP, place=place, device_uid=press.device_uid, test=verdict.test, text=None,
        actor=HOME, detail=detail, raised_at=press.at, now=now,
    )  # fmt: skip
    if opened.joined:
        _tell_home_how_far(connection, opened.alert_id, press, now)
    return opened


def _where_and_whether_test(
    connection: Connection[Any], press: Press, now: datetime
) -> tuple[Place, test_call.Verdict]:
    """Return where a press comes from, and whether it is a test by what it says and what was announced there."""
    found = connection.execute(
        queries.place_of_press, {"uid": press.device_uid, "call_id": press.call_id, "at": press.at, "now": now}
    ).fetchone()
    if found is None:
        return Place(None, _top_area(connection), None), test_call.Verdict(press.test)
    *where, pressed = found
    announced = None if pressed is None else test_call.Announced(pressed)
    return Place(*where), test_call.judge(
        says_test=press.test, source=press.source, readable=press.readable, announced=announced
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
    if kind != HELP:
        return _insert(
            connection, kind=kind, place=place, device_uid=None, test=False, text=text, actor=actor, detail=detail,
            raised_at=now, now=now,
        )  # fmt: skip
    return _open_or_join(
        connection, kind=HELP, place=place, device_uid=None, test=False, text=text, actor=actor, detail=detail,
        raised_at=now, now=now,
    ).alert_id  # fmt: skip


def raise_for_area(
    connection: Connection[Any],
    *,
    kind: str,
    area: str,
    text: str,
    actor: Actor,
    detail: dict[str, str],
    raised_at: datetime | None = None,
    now: datetime,
) -> int:
    """Raise an alert about no home: `text` says what it is about, to whoever answers in that area. Returns its id.

    `raised_at`: since when it is so, None for now.
    """
    return _insert(
        connection, kind=kind, place=Place(None, area, None), device_uid=None, test=False, text=text, actor=actor,
        detail=detail, raised_at=raised_at or now, now=now,
    )  # fmt: skip


def raise_about_device(
    connection: Connection[Any],
    *,
    kind: str,
    device_uid: str,
    text: str,
    now: datetime,
    actor: Actor = SYSTEM,
    raised_at: datetime | None = None,
) -> int:
    """Raise an early warning about a registered device, where it stands; `text` says which it is. Returns its id.

    `raised_at`: since when it is so, None for now. Raises UnknownPlace when the device is not in the registry.
    """
    found = connection.execute(queries.place_of_device, {"uid": device_uid}).fetchone()
    if found is None:
        raise UnknownPlace("device", device_uid)
    return _insert(
        connection, kind=kind, place=Place(*found), device_uid=device_uid, test=False, text=text, actor=actor,
        detail={"rule": kind, "text": text}, raised_at=raised_at or now, now=now,
    )  # fmt: skip


def raise_about_home(connection: Connection[Any], *, kind: str, home_id: int, text: str, now: datetime) -> int:
    """Raise an early warning about a home; `text` says how bad it is. Returns its id.

    Raises UnknownPlace when the home is not in the registry.
    """
    found = connection.execute(queries.place_of_home, {"home_id": home_id}).fetchone()
    if found is None:
        raise UnknownPlace("home", home_id)
    return _insert(
        connection, kind=kind, place=Place(*found), device_uid=None, test=False, text=text, actor=SYSTEM,
        detail={"rule": kind, "text": text}, raised_at=now, now=now,
    )  # fmt: skip


def _open_or_join(
    connection: Connection[Any],
    *,
    kind: str,
    place: Place,
    device_uid: str | None,
    test: bool,
    text: str | None,
    actor: Actor,
    detail: dict[str, str],
    raised_at: datetime,
    now: datetime,
) -> Opened:
    connection.execute(queries.lock_press, {"place": _key(place.home_id, device_uid)})
    row = connection.execute(queries.open_help_alert, {"home_id": place.home_id, "device_uid": device_uid}).fetchone()
    if row is None:
        alert_id = _insert(
            connection, kind=kind, place=place, device_uid=device_uid, test=test, text=text, actor=actor,
            detail=detail, raised_at=raised_at, now=now,
        )  # fmt: skip
        return Opened(alert_id, joined=False)
    alert_id, _state, was_test, told_at, _count = row
    still_test = was_test and test
    retell_at = None
    if told_at is not None:
        # a test that turns out to be real is told at once
        retell_at = now if was_test and not test else max(now, told_at + RETELL_AFTER)
    connection.execute(
        queries.join_alert,
        {
            "alert_id": alert_id,
            "now": now,
            "test": still_test,
            "severity": severity_of(kind, test=still_test),
            "retell_at": retell_at,
        },
    )
    record.on_timeline(connection, alert_id, "pressed_again", actor, now, detail)
    record.tell_pages(connection, "alert", alert_id, place.area, now)
    connection.execute(queries.wake_engine)
    return Opened(alert_id, joined=True)


def _insert(
    connection: Connection[Any],
    *,
    kind: str,
    place: Place,
    device_uid: str | None,
    test: bool,
    text: str | None,
    actor: Actor,
    detail: dict[str, str],
    raised_at: datetime,
    now: datetime,
) -> int:
    row = connection.execute(
        queries.insert_alert,
        {
            "kind": kind,
            "severity": severity_of(kind, test=test),
            "area": place.area,
            "home_id": place.home_id,
            "resident_id": place.resident_id,
            "device_uid": device_uid,
            "test": test,
            "text": text,
            "raised_at": raised_at,
            "now": now,
        },
    ).fetchone()
    alert_id = int(row[0]) if row else 0
    record.on_timeline(connection, alert_id, "raised", actor, now, detail)
    record.tell_pages(connection, "alert", alert_id, place.area, now)
    connection.execute(queries.wake_engine)
    return int(alert_id)


def join_by_reopening(connection: Connection[Any], *, closed_id: int, actor: Actor, now: datetime) -> int | None:
    """Let a closed help alert join the one that is open for its place now; returns that one's id, None where none is."""
    place = connection.execute(queries.place_of_alert, {"alert_id": closed_id}).fetchone()
    assert place is not None  # noqa: S101 - its row is locked by the caller
    home_id, area, device_uid = place
    row = connection.execute(queries.open_help_alert, {"home_id": home_id, "device_uid": device_uid}).fetchone()
    if row is None:
        return None
    alert_id, _state, test, told_at, _count = row
    retell_at = max(now, told_at + RETELL_AFTER) if told_at is not None else None
    connection.execute(
        queries.join_alert,
        {
            "alert_id": alert_id,
            "now": now,
            "test": test,
            "severity": severity_of(HELP, test=test),
            "retell_at": retell_at,
        },
    )
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
