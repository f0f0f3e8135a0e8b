"""How do open pages learn of changes at once? One feed a process reads the log of changes and tells all who listen.

What is async is here, and in the route of `GET /api/v1/stream`, which sends each change: nothing waits for the database
on the event loop. The rows of `stream_log` are the truth, the notice on `anju_stream` only wakes. `pages` renders a whole
page anew on change, once for all who watch the same one.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Protocol, TypeVar

import psycopg
import structlog
from anyio import CapacityLimiter, to_thread
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse
from prometheus_client import Gauge
from starlette.types import Message, Send

from api import auth, stream_log, watches
from api.context import Context, Principal
from api.stream_log import Change, Position, Tail
from storage.notify import Listener

log = structlog.get_logger("api.stream")
T = TypeVar("T")

HEARTBEAT_S = 15.0
"""A comment this often keeps proxies from closing the line, and asks whether the session still holds."""
SAFETY_NET_S = 5.0
"""The log is looked at this often even when no notice came."""
GAP_RECHECK_S = 1.0
QUEUE_LIMIT = 1000
"""Changes that wait for one client; a slower one is dropped and resumes where it was."""
SEND_WITHIN_S = 30.0
"""A client that takes nothing for this long is dropped."""
RENDER_EVERY_S = 0.2
"""A page is rendered at most this often, however much changes."""
RETRY_S = 1.0

listening = Gauge("anju_stream_clients", "Open event streams of this process")


class Ended(Exception):
    """The feed is closed, or this client was too slow: the stream ends, and the client may come again."""


class _Listener(Protocol):
    """Whoever hears of changes. Called on the event loop; must not wait."""

    def hear(self, change: Change) -> None: ...

    def end(self) -> None: ...


class Client:
    """One event stream's place in the feed: what it has not taken yet, bounded."""

    def __init__(self, principal: Principal) -> None:
        self.principal = principal
        self._waiting: asyncio.Queue[Change | None] = asyncio.Queue(QUEUE_LIMIT)
        self._ended = False

    def hear(self, change: Change) -> None:
        """Keep a change until it is taken, where this user may see it."""
        if self._ended or not self.principal.sees(change.path):
            return
        if self._waiting.full():
            log.warning("a client is too slow and was dropped", username=self.principal.username)
            self.end()
            return
        self._waiting.put_nowait(change)

    def end(self) -> None:
        """Let the stream end; what was not taken is forgotten."""
        self._ended = True
        while not self._waiting.empty():
            self._waiting.get_nowait()
        self._waiting.put_nowait(None)

    @property
    def is_caught_up(self) -> bool:
        """Whether there is nothing that this client has not taken yet."""
        return self._waiting.empty()

    async def next(self, within_s: float) -> Change | None:
        """Return the next change, None when there was none for so long. Raises Ended."""
        if self._ended:
            raise Ended
        try:
            change = await asyncio.wait_for(self._waiting.get(), within_s)
        except TimeoutError:
            return None
        if change is None:
            raise Ended
        return change


class Page:
    """A rendered page that any number of clients watch; the newest is all they need."""

    def __init__(self, feed: "Feed", principal: Principal, render: Callable[[], str]) -> None:
        self.watchers = 0
        self._feed = feed
        self._principal = principal
        self._render = render
        self._dirty = asyncio.Event()
        self._dirty.set()
        self._ended = False
        self._html = ""
        self._version = 0
        self._fresh = asyncio.Event()
        self.task = asyncio.get_running_loop().create_task(self._keep_rendered())

    def hear(self, change: Change) -> None:
        """The page is out of date, where it shows this change's area."""
        if self._principal.sees(change.path):
            self._dirty.set()

    def end(self) -> None:
        """Let the streams of all watchers end."""
        self._ended = True
        self._fresh.set()

    async def next(self, seen: int, within_s: float) -> tuple[int, str] | None:
        """Return the newest version after `seen` and its number, None when there was none for so long. Raises Ended."""
        if self._version == seen and not self._ended:
            try:
                await asyncio.wait_for(self._fresh.wait(), within_s)
            except TimeoutError:
                return None
        if self._ended:
            raise Ended
        return self._version, self._html

    async def _keep_rendered(self) -> None:
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            pause_s = RENDER_EVERY_S
            try:
                self._html = await self._feed.in_thread(self._render)
            except Exception:
                # the guard of a loop: whatever is wrong with one rendering, the page is tried again
                log.exception("a page could not be rendered")
                self._dirty.set()
                pause_s = RETRY_S
            else:
                self._version += 1
                self._fresh.set()
                self._fresh = asyncio.Event()
            await asyncio.sleep(pause_s)


class Feed:
    """Reads the log of changes once for the whole process and tells all who listen."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._tail = Tail()
        self._listeners: set[_Listener] = set()
        self._pages: dict[tuple[object, ...], Page] = {}
        self._threads = CapacityLimiter(4)
        self._wake = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._notices = Listener(context.database_url, ["anju_stream"], self._noticed, name="stream")
        self._started: asyncio.Task[None] | None = None
        self._pump: asyncio.Task[None] | None = None
        self.told = Position(0, frozenset())
        self.closed = False

    async def start(self) -> None:
        """Begin to listen; who calls while that goes on waits for it. Raises what the database raises."""
        if self._started is None or (self._started.done() and self._started.exception() is not None):
            self._started = self._loop.create_task(self._start())
        await asyncio.shield(self._started)

    async def _start(self) -> None:
        await self.in_thread(lambda: self._with_connection(self._tail.start))
        self.told = self._tail.position
        self._notices.start()
        self._pump = self._loop.create_task(self._read_on())

    def close(self) -> None:
        """End all streams and stop reading. Only on the event loop; from elsewhere use `close`, the function."""
        self.closed = True
        for listener in list(self._listeners):
            listener.end()
        if self._pump is not None:
            self._pump.cancel()
        for page in self._pages.values():
            page.task.cancel()
        if self._notices.is_alive():
            self._loop.run_in_executor(None, self._notices.stop)

    async def in_thread(self, work: Callable[[], T]) -> T:
        """Do blocking work in a thread; few at a time, and not those of the ordinary requests."""
        return await to_thread.run_sync(work, limiter=self._threads)

    async def replay(self, last: Position) -> list[Change] | None:
        """Return what a client who was at `last` missed; None when that cannot be told any more."""
        position = self._tail.position
        return await self.in_thread(
            lambda: self._with_connection(lambda connection: stream_log.replay(connection, last, position))
        )

    @contextmanager
    def client(self, principal: Principal) -> Iterator[Client]:
        """Hear of each change while the block lasts."""
        client = Client(principal)
        self._listeners.add(client)
        listening.inc()
        try:
            yield client
        finally:
            listening.dec()
            self._listeners.discard(client)

    @contextmanager
    def page(self, key: tuple[object, ...], principal: Principal, render: Callable[[], str]) -> Iterator[Page]:
        """Watch the page of that key while the block lasts; the first watcher's `render` serves all."""
        page = self._pages.get(key)
        if page is None:
            page = self._pages[key] = Page(self, principal, render)
            self._listeners.add(page)
        page.watchers += 1
        listening.inc()
        try:
            yield page
        finally:
            listening.dec()
            page.watchers -= 1
            if page.watchers == 0:
                page.task.cancel()
                self._listeners.discard(page)
                self._pages.pop(key, None)

    def _noticed(self, _channel: str, _payload: str) -> None:
        """Called in the listener's thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake.set)

    async def _read_on(self) -> None:
        while True:
            try:
                more = await self._read_once()
            except Exception as error:
                # the guard of a loop: the rows wait, and are read when the database is back
                log.warning("the log of changes could not be read", error=type(error).__name__, exc_info=error)
                await asyncio.sleep(RETRY_S)
                continue
            if more:
                continue
            wait_s = GAP_RECHECK_S if self._tail.position.gaps else SAFETY_NET_S
            try:
                await asyncio.wait_for(self._wake.wait(), wait_s)
            except TimeoutError:
                continue

    async def _read_once(self) -> bool:
        """Read what is new and tell it; return whether there may be more at once."""
        self._wake.clear()
        logged, changes = await self.in_thread(lambda: self._with_connection(self._changes))
        for change in changes:
            for listener in list(self._listeners):
                listener.hear(change)
        self.told = self._tail.position
        return logged == stream_log.BATCH

    def _changes(self, connection: psycopg.Connection[Any]) -> tuple[int, list[Change]]:
        before = self._tail.position.newest
        logged = self._tail.read(connection)
        return len(logged), stream_log.changes(connection, logged, self._tail.position, before=before)

    def _with_connection(self, work: Callable[[psycopg.Connection[Any]], T]) -> T:
        with self._context.pool.connection() as connection:
            return work(connection)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Let the process's feed end with the app."""
    yield
    feed: Feed | None = getattr(app.state, "feed", None)
    if feed is not None:
        feed.close()


async def feed_of(app: FastAPI) -> Feed:
    """Return the process's feed, begun at first use. Raises what the database raises."""
    feed: Feed | None = getattr(app.state, "feed", None)
    if feed is None or feed.closed:
        feed = app.state.feed = Feed(app.state.context)
    await feed.start()
    return feed


class EventStream(StreamingResponse):
    """Server-Sent Events that no proxy holds back; a client that takes nothing for SEND_WITHIN_S is dropped."""

    def __init__(self, events: AsyncIterator[bytes]) -> None:
        super().__init__(events, media_type="text/event-stream", headers={"x-accel-buffering": "no"})

    async def stream_response(self, send: Send) -> None:
        """Send what comes, each piece in time."""

        async def send_in_time(message: Message) -> None:
            await asyncio.wait_for(send(message), SEND_WITHIN_S)

        try:
            await super().stream_response(send_in_time)
        except TimeoutError:
            log.warning("a client took nothing for too long and was dropped")


async def pages(
    request: Request,
    principal: Principal,
    key: tuple[object, ...],
    render: Callable[[], str],
    finish: Callable[[str], str],
    *,
    watched: bool = False,
) -> EventStream:
    """Send the page of that key at once and on every change that its user sees, as the event `page`.

    `render`: makes the page, in a thread, once for all who watch the same key; `finish`: makes it one session's own.
    `watched`: it shows alerts, and it is written down who has it open, and how long. The event `beat` comes when nothing
    else did for HEARTBEAT_S; the stream ends with the session.
    """
    feed = await feed_of(request.app)
    return EventStream(_page_events(feed, _Watch(request, principal, written=watched), key, render, finish))


class _Watch:
    """One session's line to a page, for as long as the session holds."""

    def __init__(self, request: Request, principal: Principal, *, written: bool) -> None:
        self.principal = principal
        self._context: Context = request.app.state.context
        self._token = auth.session_token(request) or ""
        self._written = written
        self._id: int | None = None

    def holds(self) -> bool:
        """Say whether the session still holds, and write down that the page is open; waits for the database."""
        if auth.principal_of(self._context, self._token) is None:
            return False
        if self._written:
            now = self._context.clock.now()
            with self._context.pool.connection() as connection:
                if self._id is None:
                    self._id = watches.begin(connection, self.principal.user_id, now)
                else:
                    watches.go_on(connection, self._id, now)
        return True


async def _page_events(
    feed: Feed, watch: _Watch, key: tuple[object, ...], render: Callable[[], str], finish: Callable[[str], str]
) -> AsyncIterator[bytes]:
    clock = asyncio.get_running_loop().time
    seen, asked_at = 0, clock()
    yield f"retry: {int(RETRY_S * 1000)}\n\n".encode()
    with feed.page(key, watch.principal, render) as page:
        try:
            while await feed.in_thread(watch.holds):
                asked_at = clock()
                while (left_s := asked_at + HEARTBEAT_S - clock()) > 0:
                    newest = await page.next(seen, left_s)
                    if newest is None:
                        yield event("beat", "")
                    else:
                        seen, html = newest
                        yield event("page", finish(html))
        except Ended:
            return


def event(name: str, data: str) -> bytes:
    """Return a Server-Sent Event without an id."""
    lines = "".join(f"data: {line}\n" for line in data.splitlines() or [""])
    return f"event: {name}\n{lines}\n".encode()
