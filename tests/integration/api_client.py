"""A caller of the HTTP API as a script is one: real HTTP, JSON both ways, a session of its own, problems read as such.

`with calling(pool, clock, database) as api:` serves the whole app and gives a caller without a session;
`api.being("operator", area="county")` makes a user with that role and logs him in.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from typing import Any

import httpx
from psycopg_pool import ConnectionPool

from api import auth
from tests.clock import StoryClock
from tests.integration.by_twilio import served

API = "/api/v1"
PASSWORD = "correct horse battery staple"
_numbers = count(1)


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: Any
    text: str
    headers: httpx.Headers

    def __getitem__(self, key: str) -> Any:
        """Return a member of the body."""
        return self.body[key]

    @property
    def items(self) -> list[Any]:
        """Return the items of a list."""
        assert self.status == 200, self.text
        found: list[Any] = self.body["items"]
        return found

    def ok(self, status: int = 200) -> "Answer":
        """The request was served with that status."""
        assert self.status == status, f"{self.status}: {self.text}"
        return self

    def problem(self, status: int, *words: str) -> "Answer":
        """The request was refused with that status in a problem document (RFC 9457) whose text has these words."""
        assert self.status == status, f"{self.status}: {self.text}"
        assert self.headers["content-type"] == "application/problem+json"
        assert self.body["status"] == status
        assert self.body["title"]
        assert self.body["type"]
        for word in words:
            assert word in self.body["detail"], f"{word!r} is not in {self.body['detail']!r}"
        return self


@dataclass
class Api:
    """A caller, with or without a session. Paths lie under /api/v1, unless `root` says otherwise."""

    client: httpx.Client
    pool: ConnectionPool[Any]
    clock: StoryClock
    token: str | None = None
    username: str | None = None
    root: str = API
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **query: object) -> Answer:
        """GET; a query parameter that is None is left out, one named like a keyword of Python ends in `_`."""
        given = {name.rstrip("_"): value for name, value in query.items() if value is not None}
        return self.send("GET", path, params=given or None)

    def post(self, path: str, body: object = None, **more: Any) -> Answer:
        """POST a JSON body."""
        return self.send("POST", path, json=body, **more)

    def patch(self, path: str, body: object) -> Answer:
        """PATCH with a JSON body."""
        return self.send("PATCH", path, json=body)

    def delete(self, path: str) -> Answer:
        """DELETE."""
        return self.send("DELETE", path)

    def send(self, method: str, path: str, **more: Any) -> Answer:
        """Send any request."""
        headers = {**self.headers, **({"Authorization": f"Bearer {self.token}"} if self.token else {})}
        heard = self.client.request(method, self.root + path, headers=headers, **more)
        is_json = heard.headers.get("content-type", "").partition(";")[0].endswith("json")
        return Answer(heard.status_code, heard.json() if is_json and heard.content else None, heard.text, heard.headers)

    def pages(self, path: str, **query: object) -> list[list[Any]]:
        """Read a list to its end by its cursors; returns the items of each page."""
        pages: list[list[Any]] = []
        cursor = None
        while True:
            page = self.get(path, **query, cursor=cursor).ok()
            pages.append(page.items)
            cursor = page["next"]
            if cursor is None:
                return pages

    def all(self, path: str, **query: object) -> list[Any]:
        """Read a list to its end; returns all items."""
        return [item for page in self.pages(path, **query) for item in page]

    def being(
        self, role: str, area: str | None = None, *, staff: int | str | None = None, username: str | None = None
    ) -> "Api":
        """Make a user with that role within that area (None: everything), log him in, return him as a caller."""
        name = username or f"{role}-{next(_numbers)}"
        with self.pool.connection() as connection:
            connection.execute(
                "insert into users (username, password_hash, role, area, staff_id, created_at)"
                " values (%(username)s, %(hash)s, %(role)s, %(area)s, %(staff)s, %(now)s)",
                {
                    "username": name, "hash": _hash(), "role": role, "area": area,
                    "staff": None if staff is None else int(staff), "now": self.clock.now(),
                },
            )  # fmt: skip
        return self.logged_in(name, PASSWORD)

    def logged_in(self, username: str, password: str) -> "Api":
        """Log somebody in; returns him as a caller."""
        token = self.anonymous().post("/session", {"username": username, "password": password}).ok()["token"]
        return Api(self.client, self.pool, self.clock, token, username)

    def anonymous(self) -> "Api":
        """Return a caller without a session."""
        return Api(self.client, self.pool, self.clock)

    def outside(self) -> "Api":
        """Return the same caller, with paths from the root: /healthz, /webhooks."""
        return Api(self.client, self.pool, self.clock, self.token, self.username, root="")

    def rows(self, query: str, **values: object) -> list[tuple[Any, ...]]:
        """Look behind the API: the rows of a query."""
        with self.pool.connection() as connection:
            return connection.execute(query.encode(), values).fetchall()

    def run(self, query: str, **values: object) -> None:
        """Change something behind the API; `%(now)s` is the story's present."""
        with self.pool.connection() as connection:
            connection.execute(query.encode(), {"now": self.clock.now(), **values})

    def audit(self) -> list[tuple[str, str, str]]:
        """Return (who, action, object) of every row of the audit log, in order."""
        return [tuple(row) for row in self.rows("select who, action, object from audit order by id")]  # type: ignore[misc]


@contextmanager
def calling(pool: ConnectionPool[Any], clock: StoryClock, database: str, **settings: Any) -> Iterator[Api]:
    """Serve the whole app; yields a caller without a session. `settings` are those of ApiSettings."""
    given: dict[str, Any] = {"sms": "outbox", "twilio_auth_token": None, "public_url": "http://127.0.0.1:8080"}
    with (
        served(pool, clock, database, **(given | settings)) as place,
        httpx.Client(base_url=place, timeout=30, trust_env=False) as client,
    ):
        yield Api(client, pool, clock)


@cache
def _hash() -> str:
    return auth.hash_password(PASSWORD)
