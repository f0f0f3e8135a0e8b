"""A village, the console in front of it on a real server, and real Chromium to look at it with."""

import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import sync_playwright
from psycopg_pool import ConnectionPool

from alerts.channels.webpush import public_key, vapid_key
from api import app as app_module
from api import auth
from api.context import ApiSettings, Context
from storage import series
from tests import needs
from tests.clock import StoryClock
from tests.stories.village import Village

CHROMIUM_ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--autoplay-policy=document-user-activation-required",
]  # fmt: skip
PASSWORD = "correct horse battery"
WIDE = (1440, 900)
PHONE = (390, 844)
WAIT_MS = 10_000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever asks for the console here opens Chromium."""
    for item in items:
        if item.path.parent == Path(__file__).parent and "console" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """One Chromium for all tests; each page has a context, and so a profile, of its own."""
    path = needs.chromium()
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class Console:
    """The console of a village, served for real."""

    village: Village
    context: Context
    chromium: Any
    port: int
    complaints: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)
    _contexts: list[Any] = field(default_factory=list)
    _server: uvicorn.Server | None = None
    _thread: threading.Thread | None = None

    @property
    def base(self) -> str:
        """What all addresses start with."""
        return self.context.settings.public_url

    def start(self) -> None:
        """Serve; after a stop, again at the same address."""
        config = uvicorn.Config(
            app_module.create_app(self.context), host="127.0.0.1", port=self.port, log_config=None, access_log=False,
            timeout_graceful_shutdown=1,
        )  # fmt: skip
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, name="console", daemon=True)
        self._thread.start()
        while not self._server.started:
            assert self._thread.is_alive(), "the server did not start"
            self._thread.join(0.01)

    def stop(self) -> None:
        """End the server, as a restart would: open streams are cut."""
        assert self._server is not None
        assert self._thread is not None
        self._server.should_exit = True
        self._thread.join(20)
        assert not self._thread.is_alive(), "the server did not end"

    def user(self, name: str, role: str = "operator", *, area: str | None = None, staff: str | None = None) -> None:
        """Make a user; `staff`: whose phone he has."""
        self.village.run(
            "insert into users (username, password_hash, role, area, staff_id, created_at)"
            " values (%(name)s, %(hash)s, %(role)s, %(area)s, %(staff)s, %(now)s)",
            name=name, hash=auth.hash_password(PASSWORD), role=role, area=area,
            staff=self.village.phone(staff).staff_id if staff else None,
        )  # fmt: skip

    def page(self, size: tuple[int, int] = WIDE, language: str | None = None, theme: str = "light") -> Any:
        """Open a browser of somebody's own; whatever its console complains of fails the test at the end."""
        context = self.chromium.new_context(
            viewport={"width": size[0], "height": size[1]}, color_scheme=theme, locale="zh-CN"
        )
        context.set_default_timeout(WAIT_MS)
        if language is not None:
            context.add_cookies([{"name": "anju_language", "value": language, "url": self.base}])
        self._contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: self._complain(message.type, message.text))
        page.on("pageerror", lambda error: self._complain("error", str(error)))
        return page

    def log_in(self, name: str, *, to: str = "/", page: Any = None, **how: Any) -> Any:
        """Log somebody in, in a browser of his own, and open a page."""
        page = page or self.page(**how)
        page.goto(f"{self.base}/login?next={to}")
        page.fill("[name=username]", name)
        page.fill("[name=password]", PASSWORD)
        page.click("main button")
        page.wait_for_url(lambda url: "/login" not in url)
        return page

    def expect_complaint(self, pattern: str) -> None:
        """A step of the test provokes this: the browser may write it down."""
        self.expected.append(pattern)

    def _complain(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(text)

    def close(self) -> None:
        """Close all browsers, end the server, and fail on complaints that no step of the test provoked."""
        for context in self._contexts:
            context.close()
        self.stop()
        unexpected = [each for each in self.complaints if not any(re.search(known, each) for known in self.expected)]
        assert not unexpected, f"the browser complained: {unexpected}"


@pytest.fixture
def console(database: str, pool: ConnectionPool[Any], clock: StoryClock, chromium: Any) -> Iterator[Console]:
    """A village with its console; its time is the story's."""
    with pool.connection() as connection:
        series.ensure(connection, clock.now())
    port = _free_port()
    settings = ApiSettings(
        public_url=f"http://127.0.0.1:{port}", secret_key="k" * 40, push_key=public_key(vapid_key("k" * 40))
    )
    made = Console(Village(pool, clock), Context(pool, clock, settings, database), chromium, port)
    made.start()
    yield made
    made.close()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
