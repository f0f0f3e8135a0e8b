"""What does `anju bench` take? One command a benchmark: figures on standard output, progress on standard error."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Protocol

import typer

from api.bench import BenchFailed

app = typer.Typer(no_args_is_help=True, help="Measure this machine: the figures of docs/performance.md, again.")

Devices = Annotated[int, typer.Option(min=10, max=400_000, help="how many cameras are registered")]
Seconds = Annotated[float, typer.Option(min=0.5, max=86_400, help="for how long the cameras speak")]


class Figures(Protocol):
    """What a benchmark found."""

    def lines(self) -> list[str]:
        """Return a table, the claim last."""
        ...


@app.command()
def ingest(
    seconds: Seconds = 10.0,
    rate: Annotated[float, typer.Option(min=0, help="pings a second; 0: as fast as it goes")] = 0.0,
    devices: Devices = 10_000,
) -> None:
    """Patrol pings stored a second, and what part that is of what the broker alone hands over."""
    from api.bench import ingest as benchmark

    machine = _machine()
    with _failing_in_a_line():
        figures = benchmark.measure(seconds=seconds, rate=rate, devices=devices, say=_say)
    _tell(machine, figures)
    _end(figures.lost)


@app.command()
def urgent(
    presses: Annotated[
        int, typer.Option(min=1, max=100_000, help="how often the button is pressed in each phase")
    ] = 200,
    rate: Annotated[float, typer.Option(min=1, help="patrol pings a second beside the presses")] = 5_000.0,
    seconds: Seconds = 60.0,
    devices: Devices = 10_000,
    twilio: Annotated[
        bool, typer.Option("--twilio", help="by Twilio's own client to a local server in its place")
    ] = False,
) -> None:
    """From a press to `received` and to its SMS, at rest and beside a flood of patrol pings."""
    from api.bench import urgent as benchmark

    wishes = benchmark.Wishes(presses, rate, seconds, devices, twilio)
    machine = _machine()
    with _failing_in_a_line():
        figures = benchmark.measure(wishes, _say)
    _tell(machine, figures)
    _end(figures.pings.lost)


@app.command()
def sweep(devices: Devices = 100_000) -> None:
    """Finding the devices that went silent: what it costs follows how many did, not how many there are."""
    from api.bench import sweep as benchmark

    machine = _machine()
    with _failing_in_a_line():
        figures = benchmark.measure(devices=devices, say=_say)
    _tell(machine, figures)


@app.command()
def fleet(
    homes: Annotated[int, typer.Option(min=10, max=100_000, help="homes, each with a button and a camera")] = 100_000,
    minutes: Annotated[float, typer.Option(min=1, max=1_440, help="for how long, once all of them speak")] = 10.0,
    troubles: Annotated[
        float, typer.Option(min=0, help="how often a home drops off the line, as a multiple of once in 60 days")
    ] = 100.0,
) -> None:
    """How each device stands, held against the simulator's own truth, device by device."""
    from api import logs
    from api.bench import fleet as benchmark

    logs.configure()
    machine = _machine()
    with _failing_in_a_line():
        figures = benchmark.measure(benchmark.Wishes(homes, minutes, troubles), _say)
    _tell(machine, figures)
    if figures.wrong:
        _say(f"{figures.wrong} devices stood otherwise than they must")
        raise typer.Exit(1)


@app.command()
def accounts(devices: Devices = 100_000) -> None:
    """Until a broker knows that a device got another password, and what the others notice of it."""
    from api.bench import accounts as benchmark

    machine = _machine()
    with _failing_in_a_line():
        figures = benchmark.measure(devices=devices, say=_say)
    _tell(machine, figures)


@app.command()
def engine(
    alerts: Annotated[int, typer.Option(min=10, max=200_000, help="alerts that are due in one second")] = 10_000,
    closed: Annotated[int, typer.Option(min=2_000, max=10_000_000, help="closed alerts beside them")] = 1_000_000,
) -> None:
    """Alerts decided and told a second, help first, by one engine and by two; and a tick among closed alerts."""
    from api.bench import engine as benchmark

    machine = _machine()
    with _failing_in_a_line():
        figures = benchmark.measure(alerts=alerts, closed=closed, say=_say)
    _tell(machine, figures)
    if figures.lost:
        _say(f"{figures.lost} messages are missing, or left twice")
        raise typer.Exit(1)


@app.command()
def month(homes: Annotated[int, typer.Option(min=100, max=100_000, help="homes of the county")] = 20_000) -> None:
    """A month of care with injected time: nobody falls through, and the reports are the centre's own books."""
    from api import logs
    from api.bench import month as benchmark

    logs.configure()
    # each of some thousand warnings would have its line
    logging.getLogger("alerts").setLevel(logging.WARNING)
    machine = _machine()
    with _failing_in_a_line():
        figures = benchmark.measure(homes=homes, say=_say)
    _tell(machine, figures)
    if figures.differences:
        _say(f"{figures.differences} differences between the system and the centre's own books")
        raise typer.Exit(1)


def _end(lost: int) -> None:
    """End as failed where something was lost: no figure is worth that."""
    if lost:
        _say(f"{lost} pings that the broker had taken are not in the database")
        raise typer.Exit(1)


def _machine() -> str:
    from api.bench import machine

    return machine.line()


def _tell(machine: str, figures: Figures) -> None:
    sys.stdout.write("\n".join([machine, "", *figures.lines()]) + "\n")
    sys.stdout.flush()


def _say(line: str) -> None:
    sys.stderr.write(f"anju bench: {line}\n")
    sys.stderr.flush()


@contextmanager
def _failing_in_a_line() -> Iterator[None]:
    try:
        yield
    except BenchFailed as failure:
        _say(str(failure))
        raise typer.Exit(1) from None
