"""What can be typed after `anju`? Each command reads the settings, builds what it needs, and says its errors in a line."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from api import children
from api import settings as settings_module
from api.bench.cli import app as bench
from api.settings import BadSetting
from api.simulator_cli import add_commands as add_simulator

app = typer.Typer(
    name="anju", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    help="Video patrol, one-button help and door-to-door service for old people living at home.",
)  # fmt: skip
SIMULATED_HOMES = 24
"""A village on the screen; none where real phones would ring."""

users = typer.Typer(no_args_is_help=True, help="Who may log in.")
devices = typer.Typer(no_args_is_help=True, help="What stands in the homes.")
app.add_typer(users, name="user")
app.add_typer(devices, name="device")
app.add_typer(bench, name="bench")
add_simulator(app)


def main() -> None:
    """Run the command line: exit status 0 done, 1 failed, 2 wrong usage."""
    children.end_with_parent()
    with _errors_in_a_line():
        app()


@app.command()
def up(
    homes: Annotated[
        int | None, typer.Option(min=0, max=100_000, help="homes of the simulated village  [default: 24]")
    ] = None,
    http_port: Annotated[int | None, typer.Option(min=1, max=65535, help="console and API  [default: 8080]")] = None,
    mqtt_port: Annotated[int, typer.Option(min=1, max=65535, help="embedded broker")] = 1883,
    data: Annotated[Path | None, typer.Option(help="folder of all data  [default: anju-data]")] = None,
    no_simulator: Annotated[bool, typer.Option("--no-simulator", help="no simulated village")] = False,
    reset: Annotated[bool, typer.Option("--reset", help="throw away what is in the folder first")] = False,
) -> None:
    """Run the whole system: embedded database and broker, every role, and a simulated village."""
    from api import up as up_module

    settings = settings_module.read(http_port=http_port, data_dir=data)
    if homes is None:
        homes = 0 if settings.phones_ring else SIMULATED_HOMES
    wishes = up_module.Wishes(mqtt_port, 0 if no_simulator else homes, reset)
    raise typer.Exit(up_module.up(settings, wishes, tell=_tell, say=_say))


@app.command()
def gateway(
    lane: Annotated[list[str] | None, typer.Option(help="urgent or bulk; both unless named")] = None,
) -> None:
    """Carry what homes say from the broker into the database, and replies back."""
    from api import folder, roles
    from gateway.service import LANES

    lanes = lane or list(LANES)
    for each in lanes:
        if each not in LANES:
            raise typer.BadParameter(f"{each!r} is no lane; there are {', '.join(LANES)}", param_hint="--lane")
    raise typer.Exit(roles.run_gateway(folder.placed(), lanes))


@app.command()
def broker(
    kind: Annotated[str, typer.Argument(help="mosquitto, nats or emqx")],
    users: Annotated[
        Path | None,
        typer.Option(
            "--folder", help="where Mosquitto or the NATS server reads its users", file_okay=False, exists=True
        ),
    ] = None,
    pid_file: Annotated[
        Path | None, typer.Option(help="whose process is told to read them anew; else somebody else has to tell it")
    ] = None,
) -> None:
    """Keep a broker of your own up with the registry: who may connect, and what he may say and hear."""
    from api import folder, roles

    if kind not in list(roles.BrokerKind):
        raise typer.BadParameter(f"{kind!r} is no broker; there are {', '.join(roles.BrokerKind)}", param_hint="KIND")
    wanted = roles.BrokerKind(kind)
    if users is None and wanted is not roles.BrokerKind.EMQX:
        raise typer.BadParameter("name the folder where it reads its users", param_hint="--folder")
    raise typer.Exit(roles.run_broker(folder.placed(), wanted, users or Path(), pid_file))


@app.command()
def alerts() -> None:
    """Decide what a person must answer, and tell people until one does."""
    from api import folder, roles

    raise typer.Exit(roles.run_alerts(folder.placed()))


@app.command()
def api() -> None:
    """Serve HTTP: the console, the API and the webhooks."""
    from api import folder, roles

    raise typer.Exit(roles.run_api(folder.placed()))


@app.command()
def migrate() -> None:
    """Bring the database's schema up to this version."""
    from storage import migrate as migrations
    from storage.clock import SystemClock

    with _database(migrated=False) as url:
        ran = migrations.migrate(url, SystemClock().now())
    for name in ran:
        _tell(f"ran {name}")
    _tell(f"the schema is at {migrations.newest():04d}")


@app.command()
def doctor() -> None:
    """Check configuration, database, broker, clock and Twilio, and say what to mend."""
    from api import doctor as doctor_module

    findings = doctor_module.examine()
    for each in findings:
        _tell(each.line)
    raise typer.Exit(0 if all(each.well for each in findings) else 1)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="a CSV file of areas, homes, residents, devices or staff")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what is wrong with it")] = False,
) -> None:
    """Bring residents, homes, devices or staff in; of a file with a bad row nothing is kept."""
    import psycopg

    from api import bulk
    from storage.clock import SystemClock

    with _database() as url, psycopg.connect(url) as connection:
        report = bulk.import_file(
            connection, file, now=SystemClock().now(), dry_run=dry_run, progress=_now_and_then("rows are in")
        )
    for line in report.lines():
        _say(line)
    for line in report.passwords():
        _tell(line)


@app.command()
def export(table: Annotated[str, typer.Argument(help="areas, homes, residents, devices or staff")]) -> None:
    """Write a table as CSV to standard output, as `anju import` reads it."""
    import psycopg

    from api import bulk

    with _database() as url, psycopg.connect(url) as connection:
        for line in bulk.export(connection, table):
            sys.stdout.write(line)


@users.command("add")
def user_add(
    name: Annotated[str, typer.Argument(help="what he logs in with")],
    role: Annotated[str, typer.Option(help="admin, operator, responder or viewer")],
    area: Annotated[
        str | None, typer.Option(help="code of the area that he sees, with all below; else everything")
    ] = None,
    staff: Annotated[int | None, typer.Option(help="id of the staff member that he is")] = None,
) -> None:
    """Make a user; prints his one-time password."""
    import psycopg

    from api import accounts
    from storage.clock import SystemClock

    with _database() as url, psycopg.connect(url) as connection:
        password = accounts.add_user(
            connection, username=name, role=role, area=area, staff_id=staff, now=SystemClock().now()
        )
    _tell(password)


@devices.command("add")
def device_add(
    uid: Annotated[str, typer.Argument(help="3 to 64 of A-Z a-z 0-9 _ -")],
    kind: Annotated[str, typer.Option(help="button, pendant, camera, hub or sensor")],
    home: Annotated[int, typer.Option(help="id of the home that it stands in")],
    speaks: Annotated[str, typer.Option("--format", help="how it speaks: anju, or a vendor's")] = "anju",
    topic: Annotated[
        str | None, typer.Option(help="its base topic; of a device behind a hub, what the hub calls it")
    ] = None,
    hub: Annotated[str | None, typer.Option(help="uid of the hub that it speaks through")] = None,
) -> None:
    """Put a device into the registry; prints its MQTT password, once."""
    from api import audit
    from api.accounts import COMMAND_LINE
    from devices import registry
    from gateway import follow
    from storage.clock import SystemClock
    from storage.pool import open_pool

    now = SystemClock().now()
    with _database() as url, open_pool(url, name="command-line", max_size=1) as pool:
        with pool.connection() as connection:
            password = registry.add_device(
                connection, uid=uid, kind=kind, home_id=home, format=speaks, topic=topic, hub=hub, now=now
            )
            audit.record(connection, COMMAND_LINE, action="add", object=f"device {uid}", now=now)
        follow.wait_known(pool, now)
    _tell(password)


@app.command()
def labels(
    uids: Annotated[list[str] | None, typer.Argument(help="of these devices")] = None,
    home: Annotated[int | None, typer.Option(help="of all devices of a home, by its id")] = None,
    area: Annotated[str | None, typer.Option(help="of all devices of an area and below it, by its code")] = None,
    new: Annotated[int | None, typer.Option(min=1, max=24_000, help="so many fresh uids, for boxes")] = None,
    kind: Annotated[str | None, typer.Option(help="what is in the boxes: button, pendant, camera, hub, sensor")] = None,
    model: Annotated[str | None, typer.Option(help="what stands on the boxes")] = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="an .html or .svg file")] = Path("labels.html"),
) -> None:
    """Print labels with QR codes on A4 sheets of 24; a phone's camera opens the staff page from them."""
    import psycopg

    from api import labelling
    from api import labels as drawing
    from api.roles import public_url_of

    write = drawing.WRITERS.get(output.suffix.lower())
    if write is None:
        raise typer.BadParameter(f"{output}: write it as .html or as .svg", param_hint="--output")
    if not (uids or home or area or new):
        raise typer.BadParameter("name uids, --home, --area, or --new for boxes", param_hint="UIDS")
    with _database() as url, psycopg.connect(url) as connection:
        found = labelling.fresh_labels(connection, new, kind, model) if new else []
        if uids or home or area:
            found += labelling.labels_of(connection, uids=uids or None, home_id=home, area=area)
    if not found:
        raise labelling.NothingToLabel
    address = public_url_of(settings_module.read())
    output.write_text(write(found, address), encoding="utf-8")
    for each in found:
        _tell(each.uid)
    _say(f"{len(found)} labels in {output}; they lead to {address}")


def _tell(line: str) -> None:
    """Write a line that somebody may count on."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _say(line: str) -> None:
    """Write how far it is, for whoever watches."""
    sys.stderr.write(f"anju: {line}\n")
    sys.stderr.flush()


def _now_and_then(what: str) -> Callable[[int, int], None]:
    """Return what says how many of how many are done: at most once a second, nothing of what takes less than that."""
    said = time.monotonic()

    def progress(done: int, of: int) -> None:
        nonlocal said
        if time.monotonic() - said >= 1:
            said = time.monotonic()
            _say(f"{done} of {of} {what}")

    return progress


@contextmanager
def _database(*, migrated: bool = True) -> Iterator[str]:
    from api import folder
    from storage import migrate as migrations

    with folder.database(settings_module.read(), _say) as url:
        if migrated:
            migrations.check(url)
        yield url


@contextmanager
def _errors_in_a_line() -> Iterator[None]:
    """Say what went wrong, with the value and the mend; a bug of ours keeps its trace."""
    import psycopg

    from alerts import model as alerts_model
    from api.folder import FolderInUse, FolderRefused
    from api.recordings import NoSuchLog, NothingToPlay
    from api.roles import NotConfigured
    from api.up import NotReady, PortInUse
    from api.village import MessagesWouldLeave
    from devices import refused
    from devices.player import NotTaken
    from devices.recorder import NotHeard
    from devices.recording import BadLine
    from gateway.broker import BrokerWouldNotStart, NoEmbeddedBroker
    from gateway.client import BadBrokerUrl
    from gateway.kept import NotOurUser
    from storage.embedded import DatabaseWouldNotStart, NoEmbeddedPostgres
    from storage.migrate import SchemaTooNew, SchemaTooOld

    known: tuple[type[Exception], ...] = (
        BadSetting, FolderRefused, FolderInUse, PortInUse, NotReady, NotConfigured, BadBrokerUrl, NotOurUser, BrokerWouldNotStart,
        NoEmbeddedBroker, DatabaseWouldNotStart, NoEmbeddedPostgres, SchemaTooNew, SchemaTooOld, MessagesWouldLeave,
        alerts_model.Refused, refused.Refused, NoSuchLog, NothingToPlay, NotTaken, NotHeard, BadLine,
    )  # fmt: skip
    try:
        yield
    except known as error:
        for line in str(error).splitlines():
            _say(line)
        sys.exit(1)
    except psycopg.OperationalError as error:
        _say(f"the database is out of reach: {(str(error).splitlines() or [''])[0]}; see ANJU_DATABASE_URL")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
