"""How does the whole system come up in one command? Database, broker and roles as children of ours, watched until we end."""

import os
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import FrameType

import psycopg
import structlog

from api import auth, folder, logs
from api.children import Child
from api.folder import Running
from api.settings import PREFIX, Settings, kept_secret, secret_key
from devices import scenario
from gateway import broker, follow
from gateway.broker import BrokerRefusedUsers, BrokerWouldNotStart, EmbeddedBroker
from gateway.follow import Follower, KeptEmbedded
from storage import sql
from storage.clock import SystemClock
from storage.embedded import DatabaseWouldNotStart, EmbeddedPostgres
from storage.migrate import migrate

queries = sql.load("api")
log = structlog.get_logger("api.up")

READY_WITHIN_S = 120.0
LOOK_EVERY_S = 0.25
BEAT_EVERY_S = 5.0
BROKER_USER = "anju.insider"
"""The gateway on the embedded broker: hears all homes, and speaks to them in replies only. No device has a dot."""
SIMULATOR_USER = "anju.simulator"
"""Speaks for homes that are not there: the simulated village's, a log's that is played back."""
PRESS_EVERY = timedelta(minutes=5)
"""In the simulated village, however large: that shows life and leaves time to look."""
ROLES_THAT_BEAT = ("gateway-urgent", "gateway-bulk", "alerts")


class PortInUse(Exception):
    """Port {port} of {host} is in use; choose another with {option}."""

    def __init__(self, host: str, port: int, option: str) -> None:
        super().__init__(f"port {port} of {host} is in use; end what uses it, or choose another with {option}")


class NotReady(Exception):
    """It did not get ready within {READY_WITHIN_S} s: {why}."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the command line asked of `anju up`. `homes`: of the simulated village, 0 for none."""

    mqtt_port: int
    homes: int
    reset: bool


class _Stopped(BaseException):
    """Somebody asked us to end."""


def up(settings: Settings, wishes: Wishes, *, tell: Callable[[str], None], say: Callable[[str], None]) -> int:
    """Run everything until SIGINT or SIGTERM. `tell`: the lines that the contract promises; `say`: progress."""
    logs.configure()
    with _signals_raise(), ExitStack() as stack:
        try:
            _run(settings, wishes, stack, tell, say)
        except _Stopped:
            # from here on nothing cuts the ending short
            for each in (signal.SIGINT, signal.SIGTERM):
                signal.signal(each, signal.SIG_IGN)
            say("ending ...")
    say("ended")
    return 0


def _run(
    settings: Settings, wishes: Wishes, stack: ExitStack, tell: Callable[[str], None], say: Callable[[str], None]
) -> None:
    place = stack.enter_context(folder.held(settings.data_dir))
    if wishes.reset:
        say("throwing away what is in the data folder")
        folder.empty(place)
    _check_port(settings.http_host, settings.http_port, "--http-port or ANJU_HTTP_PORT")
    if settings.mqtt_url is None:
        _check_port(settings.http_host, wishes.mqtt_port, "--mqtt-port")
    system = _System(settings, wishes, place, stack, say)
    system.start()
    system.wait_ready()
    password = system.first_admin()
    tell(f"console: {system.console}")
    tell(f"mqtt: {system.mqtt_address}")
    if password is not None:
        tell(f"admin password: {password}")
    tell("ready")
    system.watch()


class _System:
    """All the parts, in the order in which they are started; the stack ends them in the other one."""

    def __init__(
        self, settings: Settings, wishes: Wishes, place: Path, stack: ExitStack, say: Callable[[str], None]
    ) -> None:
        self._settings = settings
        self._wishes = wishes
        self._place = place
        self._stack = stack
        self._say = say
        self._postgres: EmbeddedPostgres | None = None
        self._broker: EmbeddedBroker | None = None
        self._children: list[Child] = []
        self._database_url = settings.database_url or ""
        self._follower: Follower | None = None
        self._started_at = SystemClock().now()
        shown = "127.0.0.1" if settings.http_host in ("0.0.0.0", "::") else settings.http_host  # noqa: S104
        self._host = f"[{shown}]" if ":" in shown else shown
        self.console = settings.public_url or f"http://{self._host}:{settings.http_port}"
        self.mqtt_address = _without_password(settings.mqtt_url) or f"mqtt://{self._host}:{wishes.mqtt_port}"

    def start(self) -> None:
        """Start everything."""
        now = SystemClock().now()
        if self._settings.database_url is None:
            self._postgres = self._stack.enter_context(EmbeddedPostgres(self._place, say=self._say))
            self._database_url = self._postgres.url
        for name in migrate(self._database_url, now):
            self._say(f"brought the schema up: {name}")
        if self._wishes.homes:
            with psycopg.connect(self._database_url) as connection:
                self._seed_village(connection, now)
        mqtt_url = simulator_url = self._settings.mqtt_url
        if mqtt_url is None or simulator_url is None:
            mqtt_url, simulator_url = self._start_broker()
        environment = self._environment(mqtt_url)
        folder.say_running(self._place, Running(self._database_url, mqtt_url, self.console, simulator_url))
        self._stack.callback((self._place / "running.json").unlink, missing_ok=True)
        self._stack.callback(self._end_children)
        for name, arguments in self._roles():
            its_own = {PREFIX + "MQTT_URL": simulator_url} if name == "simulator" else {}
            child = Child(name, arguments, {**environment, **its_own}, self._place / "log")
            self._children.append(child)
            child.start()

    def _roles(self) -> Iterator[tuple[str, list[str]]]:
        yield "gateway-urgent", ["gateway", "--lane", "urgent"]
        yield "gateway-bulk", ["gateway", "--lane", "bulk"]
        yield "alerts", ["alerts"]
        yield "api", ["api"]
        if self._wishes.homes:
            rate = scenario.rate_for(self._wishes.homes, PRESS_EVERY)
            yield "simulator", ["simulate", "--homes", str(self._wishes.homes), "--rate", f"{rate:g}", "--staff"]

    def _environment(self, mqtt_url: str) -> dict[str, str]:
        given = {
            "DATABASE_URL": self._database_url,
            "MQTT_URL": mqtt_url,
            "DATA_DIR": str(self._place),
            "HTTP_HOST": self._settings.http_host,
            "HTTP_PORT": str(self._settings.http_port),
            "SECRET_KEY": self._settings.secret_key or secret_key(self._settings),
        }
        return {**os.environ, **{PREFIX + name: value for name, value in given.items()}}

    def _seed_village(self, connection: psycopg.Connection[tuple[object, ...]], now: datetime) -> None:
        from api import village

        village.seed(
            connection, homes=self._wishes.homes, seed=1, now=now, timezone=self._settings.timezone,
            locale=self._settings.locale, sms="twilio" if self._settings.phones_ring else "outbox",
        )  # fmt: skip

    def _start_broker(self) -> tuple[str, str]:
        """Start the embedded broker; returns its address for the gateway, and for the simulator."""
        self._broker = self._stack.enter_context(
            EmbeddedBroker(
                self._place / "broker", host=self._settings.http_host, port=self._wishes.mqtt_port, say=self._say
            )
        )
        password = kept_secret(self._place, "broker_password")
        simulators = kept_secret(self._place, "simulator_password")
        insiders = [broker.gateway_user(BROKER_USER, password), broker.simulator_user(SIMULATOR_USER, simulators)]
        self._follower = Follower(KeptEmbedded(self._broker, insiders))
        # where no session of ours is there yet, the broker would keep nothing for us: homes are let in once one is
        with psycopg.connect(self._database_url) as connection:
            devices = [] if self._broker.is_new else broker.users_of_registry(connection)
        self._broker.start([*insiders, *devices])
        place = f"{self._host}:{self._wishes.mqtt_port}"
        return f"mqtt://{BROKER_USER}:{password}@{place}", f"mqtt://{SIMULATOR_USER}:{simulators}@{place}"

    def wait_ready(self) -> None:
        """Wait until every role says that it is up, and the console answers. Raises NotReady."""
        began = said = time.monotonic()
        with psycopg.connect(self._database_url, autocommit=True) as connection:
            while True:
                missing = self._missing(connection)
                if not missing:
                    break
                for child in self._children:
                    ended = child.look()
                    if ended is not None:
                        raise NotReady(f"{ended.name} ended with {ended.status}: {ended.last_words}")
                now = time.monotonic()
                if now - began > READY_WITHIN_S:
                    raise NotReady(
                        f"not up after {READY_WITHIN_S:.0f} s: {', '.join(missing)}; see {self._place / 'log'}"
                    )
                if now - said > 1:
                    self._say(f"waiting for {', '.join(missing)} ({now - began:.0f} s)")
                    said = now
                time.sleep(0.03)
            if self._follower is not None:
                self._follower.bring_up(connection, SystemClock().now())

    def first_admin(self) -> str | None:
        """Make the first administrator where there is no user yet, and return his password."""
        with psycopg.connect(self._database_url) as connection:
            return auth.create_first_admin(connection, SystemClock().now())

    def _missing(self, connection: psycopg.Connection[tuple[object, ...]]) -> list[str]:
        rows = connection.execute(queries.roles_up_since, {"since": self._started_at}).fetchall()
        up_now = {str(role) for (role,) in rows}
        missing = [role for role in ROLES_THAT_BEAT if role not in up_now]
        return missing if missing or self._console_answers() else ["the console"]

    def _console_answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://{self._host}:{self._settings.http_port}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def watch(self) -> None:
        """Start again what ends, and let the broker follow the registry, until somebody asks us to end."""
        while True:
            try:
                self._watch()
            except BrokerRefusedUsers as error:
                log.error("the broker does not follow the registry", error=str(error))
            except psycopg.Error as error:
                log.warning("database out of reach", error=(str(error).splitlines() or [""])[0])
            self._look_after_parts()
            time.sleep(LOOK_EVERY_S)

    def _watch(self) -> None:
        """Return when the database was started anew: our connection is gone with the one before."""
        with psycopg.connect(self._database_url, autocommit=True) as connection:
            connection.execute(f"listen {follow.CHANNEL}")
            # what changed before we listened
            heard, beat_at = True, 0.0
            while True:
                now = SystemClock().now()
                if self._follower is not None and heard:
                    self._follower.bring_up(connection, now)
                elif self._follower is not None and time.monotonic() - beat_at > BEAT_EVERY_S:
                    self._follower.beat(connection, now)
                    beat_at = time.monotonic()
                if self._look_after_parts():
                    return
                heard = bool(list(connection.notifies(timeout=LOOK_EVERY_S, stop_after=1)))

    def _look_after_parts(self) -> bool:
        """Start again what has ended; return whether that was the database."""
        for child in self._children:
            ended = child.look()
            if ended is not None:
                log.error("a role ended; started again", role=ended.name, status=ended.status, said=ended.last_words)
        try:
            if self._broker is not None and not self._broker.alive():
                log.error("the broker ended; started again")
                self._broker.start()
            if self._postgres is not None and not self._postgres.alive():
                log.error("the database ended; started again")
                self._postgres.start()
                return True
        except (BrokerWouldNotStart, DatabaseWouldNotStart) as error:
            log.error("it does not start; tried again", error=str(error))
        return False

    def _end_children(self) -> None:
        for child in self._children:
            child.ask_to_end()
        for child in self._children:
            child.wait_ended()


def _check_port(host: str, port: int, option: str) -> None:
    if not broker.port_is_free(host, port):
        raise PortInUse(host, port, option)


def _without_password(url: str | None) -> str | None:
    if url is None:
        return None
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"


@contextmanager
def _signals_raise() -> Iterator[None]:
    """Let SIGINT and SIGTERM end whatever we wait for."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise _Stopped

    before = {each: signal.signal(each, stop) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
