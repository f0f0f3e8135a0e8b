"""What can be typed to have homes speak that are not there? `anju simulate`, `anju record`, `anju replay`."""

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from devices.stories import STORIES


def add_commands(app: typer.Typer) -> None:
    """Give an application these commands."""
    for command in (simulate, record, replay):
        app.command()(command)


def simulate(
    homes: Annotated[int, typer.Option(min=1, max=100_000, help="how many homes")],
    rate: Annotated[float, typer.Option(min=0, help="how often they press, as a multiple of one in 20 days")] = 1.0,
    seed: Annotated[int, typer.Option(help="another one: other lives")] = 1,
    staff: Annotated[
        bool, typer.Option("--staff/--no-staff", help="simulated staff answer the simulated presses")
    ] = True,
    speak: Annotated[
        str | None,
        typer.Option(
            "--format", help="what the homes speak: anju, a vendor's format or mixed  [default: as registered]"
        ),
    ] = None,
    story: Annotated[str | None, typer.Option(help=f"a story instead of a life: {', '.join(STORIES)}")] = None,
    speed: Annotated[float, typer.Option(help="how many times quicker than in life the story is told")] = 1.0,
) -> None:
    """Let simulated homes live on the configured broker (pings, presses, flat batteries, drop-outs), or tell a story."""
    from api import folder, simulating
    from devices import scenario, stories, voices

    wishes = simulating.Wishes(homes, rate, seed, staff, speak, story, speed)
    if story is None and speed != 1:
        raise typer.BadParameter("a life has its own time; name a --story to be told quicker", param_hint="--speed")
    try:
        raise typer.Exit(simulating.run(folder.placed(speaks=True), wishes, _say))
    except scenario.BadRate as error:
        raise typer.BadParameter(str(error), param_hint="--rate") from None
    except voices.UnknownVoice as error:
        raise typer.BadParameter(str(error), param_hint="--format") from None
    except (stories.UnknownStory, stories.TooFewHomes) as error:
        raise typer.BadParameter(str(error), param_hint="--story") from None
    except stories.BadSpeed as error:
        raise typer.BadParameter(str(error), param_hint="--speed") from None


def replay(
    file: Annotated[Path, typer.Argument(help="a log of anju record or mosquitto_sub; see docs/simulator.md")],
    speed: Annotated[float, typer.Option(help="how many times quicker than it was heard")] = 1.0,
    start: Annotated[str | None, typer.Option("--from", help="leave out what was heard before this time")] = None,
    end: Annotated[str | None, typer.Option("--to", help="leave out what was heard from this time on")] = None,
    topic_prefix: Annotated[
        list[str] | None, typer.Option(help="OLD=NEW: how a topic begins, and how it is to begin; may be given again")
    ] = None,
    now: Annotated[
        bool, typer.Option("--now", help="move the times within the messages too, as if it happened now")
    ] = False,
) -> None:
    """Play a recorded MQTT log back to the configured broker, each message in its time."""
    from api import folder, recordings
    from devices import recording

    if not 0 < speed < float("inf"):
        raise typer.BadParameter(f"{speed}: a number over 0 is wanted", param_hint="--speed")
    try:
        topics = recording.mapping(topic_prefix or [])
    except recording.BadMapping as error:
        raise typer.BadParameter(str(error), param_hint="--topic-prefix") from None
    playback = recordings.Playback(speed, _instant(start, "--from"), _instant(end, "--to"), topics, now)
    raise typer.Exit(recordings.replay(folder.placed(speaks=True), file, playback, _say))


def record(
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="a new file  [default: standard output]")
    ] = None,
    topic: Annotated[
        list[str] | None, typer.Option(help="a topic filter; may be given again  [default: anju/v1/#]")
    ] = None,
) -> None:
    """Write down what is heard on the configured broker, a line of JSON a message, until Ctrl-C."""
    from api import folder, recordings
    from devices.formats import anju

    raise typer.Exit(recordings.record(folder.placed(), output, topic or [f"{anju.PREFIX}#"], _say))


def _instant(text: str | None, option: str) -> datetime | None:
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise typer.BadParameter(
            f"{text!r} is no time with an offset, as 2026-11-24T08:30:00+08:00", param_hint=option
        )  # fmt: skip
    return at


def _say(line: str) -> None:
    """Write how far it is, for whoever watches."""
    sys.stderr.write(f"anju: {line}\n")
    sys.stderr.flush()
