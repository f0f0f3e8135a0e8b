"""What changes, as it happens? The event stream of another system, which goes on where it was after any break."""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse

from api import auth, stream_log
from api.auth import Viewer
from api.context import Principal
from api.fields import Text
from api.problems import invalid
from api.stream import HEARTBEAT_S, RETRY_S, Client, Ended, EventStream, Feed, event, feed_of
from api.stream_log import Change, Position
from api.work.asked import Several

router = APIRouter(tags=["stream"])

EVENTS = ("alert", "visit", "device")


@router.get(
    "/stream",
    response_class=StreamingResponse,
    responses={200: {"description": "Server-Sent Events", "content": {"text/event-stream": {}}}},
)
async def follow(
    request: Request,
    caller: Viewer,
    events: Several = None,
    last_event_id: Annotated[Text | None, Header(max_length=2000, description="the last `id:` that was heard")] = None,
    last: Annotated[
        Text | None, Query(alias="last_event_id", max_length=2000, description="the same, where no header can be set")
    ] = None,
) -> EventStream:
    """Send each change of an alert, a visit or a device that the caller may see: the object as it now is.

    Whoever says what he heard last is first told what he missed, each object once; who was away for too long hears
    `reload`, and loads everything anew. A comment comes when nothing else did. The stream ends with the session.
    """
    for name in events or []:
        if name not in EVENTS:
            raise invalid("events", name, f"use some of {', '.join(EVENTS)}")
    feed = await feed_of(request.app)
    follower = _Follower(feed, request, caller, events or EVENTS)
    return EventStream(follower.hear(last_event_id or last))


class _Follower:
    """One client of the stream. `at`: what he has been told, or may not be told."""

    def __init__(self, feed: Feed, request: Request, principal: Principal, events: Collection[str]) -> None:
        self._feed = feed
        self._context = request.app.state.context
        self._token = auth.session_token(request) or ""
        self._principal = principal
        self._events = events
        self._asked_at = asyncio.get_running_loop().time()
        self.at = feed.told

    async def hear(self, said: str | None) -> AsyncIterator[bytes]:
        """Send what was missed, then what comes. `said`: what he heard last, as it was given to him then."""
        # he hears of what comes before he is told what he missed: nothing falls between the two
        with self._feed.client(self._principal) as client:
            self.at = self._feed.told
            missed: Sequence[Change] | None = []
            if said:
                since = stream_log.position_of(said)
                missed = None if since is None else await self._feed.replay(since)
                self.at = self._feed.told if since is None or missed is None else since
            yield f"retry: {int(RETRY_S * 1000)}\nid: {self.at}\n".encode()
            yield event("reload", "{}") if missed is None else b"\n"
            told = Told(self.at, missed or [])
            for change in missed or []:
                self.at |= change.heard
                if change.event in self._events and self._principal.sees(change.path):
                    yield change.frame(self.at)
            try:
                async for frame in self._live(client, told):
                    yield frame
            except Ended:
                return

    async def _live(self, client: Client, told: "Told") -> AsyncIterator[bytes]:
        while await self._still_holds():
            change = await client.next(HEARTBEAT_S)
            if change is None:
                if client.is_caught_up:
                    self.at |= self._feed.told
                yield f": beat\nid: {self.at}\n\n".encode()
                continue
            self.at |= change.heard
            if change.event in self._events and not told.before(change):
                yield change.frame(self.at)

    async def _still_holds(self) -> bool:
        """Ask at times whether the session is still that of the same user, with the same rights."""
        now = asyncio.get_running_loop().time()
        if now - self._asked_at < HEARTBEAT_S:
            return True
        self._asked_at = now
        found = await self._feed.in_thread(lambda: auth.principal_of(self._context, self._token))
        return found == self._principal


class Told:
    """What a client knew when live changes began: those among them are not told to him again.

    Of one object the rows come in the order of their transactions, which waited for each other at the object's own row.
    """

    def __init__(self, came_with: Position, replayed: Sequence[Change]) -> None:
        self._came_with = came_with
        self._replayed = {(change.event, change.ref): change.id for change in replayed}

    def before(self, change: Change) -> bool:
        """Say whether he was told of it then, or of a later one of the same object."""
        return self._came_with.has(change.id) or change.id <= self._replayed.get((change.event, change.ref), 0)
