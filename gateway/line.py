"""How does a lane hear all that is registered? By one session for the contract's own topics, and further ones for vendors'.

All of them fill one backlog. What the further sessions are subscribed to changes with the registry, and no session is lost
by it; it is written down before the broker is asked, for a broker keeps a session's subscriptions and tells nobody.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import paho.mqtt.client as paho
import structlog
from psycopg import Connection

from devices import vendor_rows
from gateway import subscriptions
from gateway.backlog import Backlog
from gateway.broker import MAX_ACK_PENDING
from gateway.client import BrokerAddress, BrokerClient, Heard
from storage.clock import Clock

log = structlog.get_logger("gateway.line")

ROOM = subscriptions.ACKNOWLEDGEMENTS_OF_A_SESSION // MAX_ACK_PENDING
"""Filters of a session, as the NATS server of ours counts them."""
MANY_SESSIONS = 20


class Line:
    """A lane's sessions at the broker, taken from as if they were one."""

    def __init__(self, lane: str, address: BrokerAddress, filters: Sequence[str], clock: Clock) -> None:
        self._lane = lane
        self._address = address
        self._clock = clock
        self._own = tuple(filters)
        self._backlog: Backlog[Heard] = Backlog()
        self._main = BrokerClient(address, f"anju-{lane}", filters, clock, backlog=self._backlog)
        self._further: dict[int, BrokerClient] = {}
        self._listens = False

    @property
    def connected(self) -> bool:
        """Say whether all that is registered is heard right now."""
        return self._main.connected and self._listens and all(each.connected for each in self._further.values())

    def start(self) -> None:
        """Connect in the background; the further sessions come with `listen`."""
        self._main.start()

    def stop(self) -> None:
        """Disconnect; the broker keeps the sessions and what was not acknowledged."""
        self._main.stop()
        for each in self._further.values():
            each.stop()

    def listen(self, connection: Connection[Any], wanted: Collection[str]) -> bool:
        """Hear what these filters let through, and no longer what they do not; `connection` autocommits.

        Returns whether all is so; False while the broker has not let go of something: then ask again.
        """
        held = vendor_rows.subscriptions(connection, self._lane)
        left = {each for client in self._further.values() for each in client.left()}
        forgotten = [each for each in left if each not in wanted]
        if forgotten:
            vendor_rows.forget_subscriptions(connection, self._lane, forgotten)
            for client in self._further.values():
                client.forget(forgotten)
            held = {each: session for each, session in held.items() if each not in forgotten}
        plan = subscriptions.plan(subscriptions.fewest(wanted, self._own), held, ROOM)
        if plan.come:
            vendor_rows.note_subscriptions(connection, self._lane, plan.come)
        for session in sorted({*held.values(), *plan.come.values()}):
            come = [each for each, where in plan.come.items() if where == session]
            go = [each for each, where in plan.go.items() if where == session]
            stay = [each for each, where in held.items() if where == session and each not in plan.go]
            self._change(session, stay, come, go)
        self._listens = True
        return not plan.go

    def _change(self, session: int, stay: list[str], come: list[str], go: list[str]) -> None:
        client = self._further.get(session)
        if client is not None:
            # What is leaving already is not asked for again: the client does that whenever it connects. But what is wanted
            # again before its leaving was written down would else be held by the rows alone, and heard by nobody.
            asked = client.filters
            client.change_filters(
                [each for each in (*stay, *come) if each not in asked], [each for each in go if each in asked]
            )
            return
        client = BrokerClient(
            self._address,
            f"anju-{self._lane}-{session + 1}",
            [*stay, *come],
            self._clock,
            backlog=self._backlog,
            tolerant=True,
        )
        client.change_filters((), go)
        self._further = {**self._further, session: client}
        if len(self._further) == MANY_SESSIONS:
            log.warning("many sessions at the broker; let base topics share their first level", lane=self._lane)
        client.start()

    def take(self, limit: int, wait_s: float, gather_s: float = 0.0) -> list[Heard]:
        """Return up to `limit` messages: waits up to `wait_s` for the first, and gathers more for up to `gather_s`."""
        return self._backlog.take(limit, wait_s, gather_s)

    def wake(self) -> None:
        """Let nobody wait in `take` any more: who takes is about to end."""
        self._backlog.close()

    def acknowledge(self, messages: Iterable[Heard]) -> None:
        """Tell the broker that these are stored."""
        batch = list(messages)
        self._main.acknowledge(batch)
        for client in self._further.values():
            client.acknowledge(batch)

    def publish(self, topic: str, payload: bytes) -> paho.MQTTMessageInfo:
        """Send at QoS 1, not retained."""
        return self._main.publish(topic, payload)
