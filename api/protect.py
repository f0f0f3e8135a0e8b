"""What holds for every request and answer? A limit to the body, the path prefix, and the headers browsers obey."""

from fastapi import HTTPException
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

BODY_LIMIT = 1024 * 1024
"""Bytes of the largest body that is read."""

HEADERS = {
    "content-security-policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    # people's data is not left in the caches of shared machines; static files say otherwise themselves
    "cache-control": "no-store",
}
"""What every answer says where its route says nothing else."""


class Protect:
    """Wraps the whole app; plain ASGI, so that streams pass unbuffered."""

    def __init__(self, app: ASGIApp, root_path: str = "") -> None:
        self._app = app
        self._root_path = root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        # works for a proxy that takes the prefix away and for one that leaves it: the router looks whether it is there
        scope["root_path"] = scope.get("root_path") or self._root_path
        await self._app(scope, _limited(scope, receive), send_with_headers)


def _limited(scope: Scope, receive: Receive) -> Receive:
    """Return a `receive` that stops at the limit, whatever length the caller announced."""
    announced = Headers(scope=scope).get("content-length", "")
    too_much = announced.isdecimal() and (len(announced) > 18 or int(announced) > BODY_LIMIT)
    seen = 0

    async def limited() -> Message:
        nonlocal seen
        if too_much:
            raise HTTPException(413)
        message = await receive()
        if message["type"] == "http.request":
            seen += len(message.get("body", b""))
            if seen > BODY_LIMIT:
                raise HTTPException(413)
        return message

    return limited
