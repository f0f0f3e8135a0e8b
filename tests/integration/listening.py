"""A client of the event stream, as another system is one: it reads frames, remembers the last `id:`, and comes again."""

import json
import queue
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.integration.api_client import Api

WAIT_S = 20.0


@dataclass(frozen=True)
class Frame:
    """An event, or a comment (event ''), and where the client then is."""

    event: str
    data: Any
    id: str | None


class StreamEnded(Exception):
    """The server ended the stream."""


@dataclass
class Ear:
    """One open stream. `last`: what to resume from."""

    response: httpx.Response
    last: str | None = None
    _frames: "queue.Queue[Frame | None]" = field(default_factory=queue.Queue)

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def next(self, within_s: float = WAIT_S) -> Frame:
        """Return the next event. Raises StreamEnded, and queue.Empty when none comes."""
        while True:
            frame = self._frames.get(timeout=within_s)
            if frame is None:
                raise StreamEnded
            self.last = frame.id or self.last
            if frame.event:
                return frame

    def opened(self) -> "Ear":
        """Wait until the server has begun: what happens from now on is told."""
        frame = self._frames.get(timeout=WAIT_S)
        assert frame is not None
        assert frame.event == ""
        self.last = frame.id
        return self

    def beat(self) -> Frame:
        """Wait for the next comment; no event may come before it."""
        frame = self._frames.get(timeout=WAIT_S)
        assert frame is not None
        assert frame.event == "", f"an event that nobody expected: {frame}"
        self.last = frame.id or self.last
        return frame

    def end(self) -> None:
        """Wait for the server to end the stream; comments may come before."""
        while (frame := self._frames.get(timeout=WAIT_S)) is not None:
            assert frame.event == "", f"an event that nobody expected: {frame}"

    def cut(self) -> None:
        """Cut the line, as a phone in a tunnel does; only closing it would wait for what is being read."""
        line: socket.socket = self.response.extensions["network_stream"].get_extra_info("socket")
        with suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)
        self._thread.join(WAIT_S)

    def _read(self) -> None:
        fields: dict[str, str] = {}
        try:
            for line in self.response.iter_lines():
                if line:
                    name, _, value = line.partition(":")
                    fields[name] = value.removeprefix(" ")
                    continue
                data = fields.get("data")
                self._frames.put(Frame(fields.get("event", ""), json.loads(data) if data else None, fields.get("id")))
                fields = {}
        except (httpx.HTTPError, httpx.StreamError):
            # the test has cut the line
            pass
        finally:
            self._frames.put(None)


@contextmanager
def hearing(api: Api, *, last: str | None = None, **query: str) -> Iterator[Ear]:
    """Open the stream, from `last` on where that is given; the line is cut at the end of the block."""
    headers = {"Authorization": f"Bearer {api.token}"} | ({"Last-Event-ID": last} if last is not None else {})
    with (
        httpx.Client(base_url=api.client.base_url, timeout=httpx.Timeout(10, read=None), trust_env=False) as client,
        client.stream("GET", f"{api.root}/stream", headers=headers, params=query) as response,
    ):
        assert response.status_code == 200, response.read()
        assert response.headers["content-type"].partition(";")[0] == "text/event-stream"
        ear = Ear(response, last)
        try:
            yield ear
        finally:
            ear.cut()
