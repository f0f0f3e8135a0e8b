"""How is a log of what was heard on the broker written, and played back?"""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from api import logs, roles
from api.settings import Settings
from devices import recording
from devices.player import Player
from devices.recorder import Recorder
from devices.recording import Recorded
from gateway.client import parse_url
from storage.clock import SystemClock


class NothingToPlay(Exception):
    """{file} has no message to play: it has {messages} in all; see --from and --to."""

    def __init__(self, file: Path, messages: int) -> None:
        super().__init__(f"{file} has no message to play: it has {messages} in all; see --from and --to")


class NoSuchLog(Exception):
    """{file}: {why}; name another file."""

    def __init__(self, file: Path, why: str) -> None:
        super().__init__(f"{file}: {why}; name another file")


@dataclass(frozen=True, slots=True)
class Playback:
    """What of a log is played and how. `redate`: times within payloads move along. `topics`: beginnings that change."""

    speed: float = 1.0
    start: datetime | None = None
    end: datetime | None = None
    topics: dict[str, str] = field(default_factory=dict)
    redate: bool = False


def replay(settings: Settings, file: Path, playback: Playback, say: Callable[[str], None]) -> int:
    """Play a log to the configured broker, from now on, until its end or until told to stop.

    The whole file is read first: of one with a bad line nothing is played. Raises recording.BadLine, NothingToPlay,
    NoSuchLog, player.NotTaken.
    """
    logs.configure()
    address = parse_url(roles.needed(settings.mqtt_url, "ANJU_MQTT_URL"))
    stop = roles.stop_on_signal()
    count, lasts = _look_through(file, playback)
    say(f"{count} messages to {address!r}, in {lasts / playback.speed}; Ctrl-C ends it")
    clock = SystemClock()
    messages = recording.moved(_messages(file, playback), playback.topics)
    shifted = recording.shifted(messages, clock.now(), playback.speed, texts=playback.redate)
    played = Player(address, clock).play(shifted, stop)
    say(f"{played} of {count} messages were played")
    return 0


def _messages(file: Path, playback: Playback) -> Iterator[Recorded]:
    try:
        with file.open(encoding="utf-8", errors="surrogateescape") as lines:
            yield from recording.between(recording.read(lines), playback.start, playback.end)
    except OSError as error:
        raise NoSuchLog(file, error.strerror or str(error)) from None


def _look_through(file: Path, playback: Playback) -> tuple[int, timedelta]:
    """Return how many messages there are to play, and how long they took; raises what is wrong with the file."""
    times = [each.at for each in _messages(file, playback)]
    if not times:
        raise NothingToPlay(file, sum(1 for _ in _messages(file, Playback())))
    return len(times), max(times) - times[0]


def record(settings: Settings, file: Path | None, topics: Sequence[str], say: Callable[[str], None]) -> int:
    """Write what is heard of some topics into a file, or to standard output, until told to stop.

    Raises recorder.NotHeard, NoSuchLog where the file is there already or cannot be made.
    """
    logs.configure()
    address = parse_url(roles.needed(settings.mqtt_url, "ANJU_MQTT_URL"))
    stop = roles.stop_on_signal()
    with ExitStack() as stack:
        if file is None:
            out = sys.stdout
        else:
            try:
                # what people's homes say is theirs: for nobody else's eyes, and over nothing that is there
                file.touch(mode=0o600, exist_ok=False)
                out = stack.enter_context(file.open("w", encoding="utf-8"))
            except OSError as error:
                raise NoSuchLog(file, error.strerror or str(error)) from None

        def write(text: str) -> None:
            out.write(text)
            out.flush()

        say(f"recording {', '.join(topics)} from {address!r}; Ctrl-C ends it")
        recorder = Recorder(address, topics, write, SystemClock())
        say(f"{recorder.run(stop)} messages were recorded")
    return 0
