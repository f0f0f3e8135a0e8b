"""What is due, and what happens with it? Claims due alerts, asks the pure policy, writes messages and the next deadline.

Everything that waits, waits in a row: after any crash the next engine goes on where this one was. Any number may run;
the rows' locks are the only coordination. A batch is read, decided and written in a few statements, however many it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from psycopg import Connection

from alerts import digests, dispatch, due, holding, lifecycle, noise, oncall, policy, record
from alerts.digests import Collected
from alerts.due import Due, Silenced
from alerts.model import SYSTEM, UNANSWERED, AlertState
from alerts.noise import DigestHour
from alerts.oncall import Asked, Roster
from alerts.patience import patience
from alerts.policy import Position, Responder
from alerts.telling import INFORM, REMIND, RETELL, TELL, EngineSettings, Telling
from storage import sql

__all__ = ["EngineSettings", "run_due", "tidy"]

queries = sql.load("alerts")

CLAIM_LIMIT = 100
"""Alerts a transaction: enough to be quick in a flood, few enough that a crash repeats little and a press waits little."""
KEEP_STREAM_LOG = timedelta(days=1)
KEEP_UNDATED = timedelta(days=8)
USUAL_DIGEST_HOUR = time(9)
"""Of people who are always on call and have no shift that begins; by the installation's clock."""


@dataclass(frozen=True, slots=True)
class _Stand:
    """Where an unanswered alert stands after this look."""

    alert: Due
    position: Position
    next_step_at: datetime
    silence_id: int | None = None
    collected_for: datetime | None = None
    told: bool = False


def run_due(connection: Connection[Any], *, settings: EngineSettings, now: datetime) -> int:
    """Do what is due for up to CLAIM_LIMIT alerts, in the caller's transaction; return how much there was."""
    released = holding.release(connection, settings=settings, now=now)
    alerts = due.claim(connection, limit=CLAIM_LIMIT, now=now)
    if alerts:
        _Look(connection, alerts, settings, now).do()
    return released + len(alerts)


def tidy(connection: Connection[Any], now: datetime) -> None:
    """Drop what is no longer needed: old notices for pages, ids of undated messages, ended sessions."""
    connection.execute(queries.prune_stream_log, {"before": now - KEEP_STREAM_LOG})
    connection.execute(queries.prune_undated_messages, {"before": now - KEEP_UNDATED})
    connection.execute(queries.prune_sessions, {"before": now})


class _Look:
    """One batch of due alerts: each is decided on its own, all are read and written together."""

    def __init__(
        self, connection: Connection[Any], alerts: Sequence[Due], settings: EngineSettings, now: datetime
    ) -> None:
        self._connection = connection
        self._settings = settings
        self._now = now
        self._again = [each for each in alerts if each.next_step_at > now]
        self._unanswered = [each for each in alerts if each.next_step_at <= now and each.state in UNANSWERED]
        self._silent = [each for each in alerts if each.next_step_at <= now and each.state not in UNANSWERED]
        self._alerts = alerts
        words = due.words(connection, {each.id: each.device_uid or "" for each in alerts})
        self._telling = Telling(settings, words, now)
        self._stands: list[_Stand] = []
        self._collected: list[Collected] = []
        self._taken_back: list[Due] = []

    def do(self) -> None:
        """Decide and write."""
        self._tell_again()
        self._next_steps()
        self._follow_up()
        told = self._telling.write(self._connection)
        self._store(told)
        self._tell_pages()

    # Nobody has it yet ----------------------------------------------------------------------------------------------

    def _next_steps(self) -> None:
        alerts = self._unanswered
        if not alerts:
            return
        asked = {each.id: Asked(each.area, each.kind, each.severity) for each in alerts}
        rosters = oncall.load_rosters(self._connection, set(asked.values()), self._now)
        silences = due.silences(self._connection, alerts, self._now)
        low = [each for each in alerts if noise.is_collected(each.kind, each.severity, test=each.test)]
        hours = due.digest_hours(self._connection, low) if low else {}
        for each in alerts:
            roster = rosters[asked[each.id]]
            self._say_what_ended(each, silences.get(each.id))
            if each.id in silences:
                self._hush(each, silences[each.id])
            elif each in low and (each.collected_for is None or each.collected_for <= self._now):
                self._collect(each, roster, hours.get(each.area or ""))
            else:
                self._next_step(each, roster)

    def _say_what_ended(self, alert: Due, silenced: Silenced | None) -> None:
        if alert.silence_id is not None and silenced is None:
            self._telling.line(alert.id, "silence_ended")
        if alert.snoozed_until is not None and alert.snoozed_until <= self._now:
            self._telling.line(alert.id, "snooze_ended")

    def _hush(self, alert: Due, silenced: Silenced) -> None:
        """It stays raised, and is told when the silence ends."""
        if alert.silence_id != silenced.id:
            detail = {"until": silenced.until.isoformat(), "reason": silenced.reason, "silence": silenced.id}
            self._telling.line(alert.id, "silenced", detail)
        self._stands.append(_Stand(alert, alert.position, silenced.until, silence_id=silenced.id))

    def _collect(self, alert: Due, roster: Roster, hour: DigestHour | None) -> None:
        """It waits for the text of the next shift, or is in this one's."""
        usual = DigestHour(USUAL_DIGEST_HOUR, self._settings.timezone)
        move = policy.next_move(roster.policies, Position(None), roster.on_call, self._now)
        shift_ends = min((each.until for each in move.tell if each.until is not None), default=None)
        following = noise.next_digest(shift_ends, hour, usual, self._now)
        if alert.collected_for is None:
            self._telling.line(alert.id, "collected", {"until": following.isoformat()})
        elif move.tell:
            self._collected += [Collected(alert.id, each, following) for each in move.tell]
        else:
            for happening in move.happenings:
                self._telling.line(alert.id, happening.what, dict(happening.detail))
            following = self._now + noise.NOBODY_WAIT_LOW
        self._stands.append(_Stand(alert, alert.position, following, collected_for=following))

    def _next_step(self, alert: Due, roster: Roster) -> None:
        """Tell the next ones, and note where the alert then stands."""
        move = policy.next_move(roster.policies, alert.position, roster.on_call, self._now)
        for happening in move.happenings:
            self._telling.line(alert.id, happening.what, dict(happening.detail))
        self._telling.tell(alert, move.tell, TELL)
        self._stands.append(_Stand(alert, move.position, move.next_step_at, collected_for=alert.collected_for))

    # The home pressed again -----------------------------------------------------------------------------------------

    def _tell_again(self) -> None:
        """Whoever has the alert, or has been told of it, hears that the home pressed again."""
        told = due.told(self._connection, self._again)
        goers = due.goers(self._connection, [each for each in self._again if each.state not in UNANSWERED])
        for alert in self._again:
            people = told[alert.id]
            if alert.state not in UNANSWERED:
                theirs = {alert.accepted_by_staff, goers.get(alert.id)} - {None}
                people = {staff_id: people.get(staff_id, ("sms",)) for staff_id in theirs if staff_id is not None}
            self._telling.tell(alert, [Responder(each, "", channels=way) for each, way in people.items()], RETELL)

    # Somebody has it, and nothing was heard since -------------------------------------------------------------------

    def _follow_up(self) -> None:
        """He is asked once; then the next ones are told, and he hears so."""
        if not self._silent:
            return
        goers = due.goers(self._connection, self._silent)
        times = patience(self._connection, {(each.area, each.severity, each.kind) for each in self._silent})
        for alert in self._silent:
            theirs = list(dict.fromkeys(each for each in (alert.accepted_by_staff, goers.get(alert.id)) if each))
            people = [Responder(staff_id, "") for staff_id in theirs]
            if lifecycle.is_given_up(alert.state, alert.asked_at):
                self._take_back(alert, people)
                continue
            self._telling.line(alert.id, "follow_up", {"state": alert.state})
            self._telling.tell(alert, people, REMIND)
            those = times[alert.area, alert.severity, alert.kind]
            wait = those.arrived if alert.state is AlertState.ARRIVED else those.asked
            self._connection.execute(
                queries.store_follow_up,
                {"alert_id": alert.id, "now": self._now, "next_step_at": self._now + wait},
            )

    def _take_back(self, alert: Due, people: Sequence[Responder]) -> None:
        """Whoever has it stays silent: the alert goes to the next ones, at once."""
        self._telling.line(alert.id, "taken_back", {"state": alert.state, "name": self._holder(alert)})
        self._telling.tell(alert, people, INFORM)
        self._taken_back.append(alert)

    def _holder(self, alert: Due) -> str:
        return record.hold(self._connection, alert.id).holder

    # Written down ---------------------------------------------------------------------------------------------------

    def _store(self, told: set[int]) -> None:
        inside = digests.write(self._connection, self._collected, settings=self._settings, now=self._now)
        self._say_collected(inside)
        told = told | {alert_id for alert_id, _ in inside}
        if self._again:
            again = [each.id for each in self._again]
            self._connection.execute(queries.store_retold, {"alert_ids": again, "now": self._now})
        for alert in self._taken_back:
            dispatch.end_of_alert(self._connection, alert_id=alert.id, actor=SYSTEM, now=self._now)
            self._connection.execute(queries.set_released, {"alert_id": alert.id, "now": self._now})
        if self._stands:
            stands = self._stands
            self._connection.execute(
                queries.store_moves,
                {
                    "now": self._now,
                    "alert_ids": [each.alert.id for each in stands],
                    "told": [each.alert.id in told for each in stands],
                    "policy_areas": [each.position.area for each in stands],
                    "policy_ids": [each.position.policy_id for each in stands],
                    "rounds": [each.position.round for each in stands],
                    "steps": [each.position.step for each in stands],
                    "next_step_at": [each.next_step_at for each in stands],
                    "silence_ids": [each.silence_id for each in stands],
                    "collected_for": [each.collected_for for each in stands],
                },
            )

    def _say_collected(self, inside: set[tuple[int, int]]) -> None:
        """Write down who has which low alert in his text of the shift."""
        if not self._collected:
            return
        names = {each.responder.staff_id: each.responder.name for each in self._collected}
        later = Telling(self._settings, {}, self._now)
        for each in self._collected:
            staff_id = each.responder.staff_id
            if (each.alert_id, staff_id) in inside:
                detail = {"name": names[staff_id], "channel": "sms", "staff": staff_id}
                later.line(each.alert_id, "told_digest", detail)
            else:
                later.line(each.alert_id, "collected", {"until": each.shift_ends.isoformat()})
        later.write(self._connection)

    def _tell_pages(self) -> None:
        self._connection.execute(
            queries.tell_pages_of_alerts,
            {
                "at": self._now,
                "areas": [each.area for each in self._alerts],
                "refs": [str(each.id) for each in self._alerts],
            },
        )
