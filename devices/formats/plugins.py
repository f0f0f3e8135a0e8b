"""Which formats do other packages bring, and can they be trusted with a press?

A package names its formats as entry points of the group `anju.formats` (docs/formats.md). One that cannot be used is refused
with the package's name and the mend; one that raises where a format must not is answered for: what it could not read is
kept, and is help where presses come by it.
"""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import TypeVar

import structlog

from devices.formats.base import Format, Said
from devices.model import Unreadable

log = structlog.get_logger("devices.formats")

GROUP = "anju.formats"
_NAME = re.compile(r"[a-z][a-z0-9_-]{1,39}")
_Answer = TypeVar("_Answer")


class PluginRefused(Exception):
    """format {name} of the package {package}: {why and the mend}."""

    def __init__(self, entry: EntryPoint, why: str) -> None:
        super().__init__(f"format {entry.name!r} of the package {package_of(entry)}: {why}")


def load(taken: Collection[str]) -> dict[str, Format]:
    """Return the formats that other packages bring, by name; those that cannot be used are logged and left out."""
    found: dict[str, Format] = {}
    for entry in sorted(entry_points(group=GROUP), key=lambda each: (each.name, package_of(each))):
        try:
            found[entry.name] = plugged_in(entry, (*taken, *found))
        except PluginRefused as why:
            log.error("format_refused", package=package_of(entry), format=entry.name, reason=str(why))
    return found


def plugged_in(entry: EntryPoint, taken: Collection[str]) -> Format:
    """Return an entry point's format, guarded. Raises PluginRefused."""
    if not _NAME.fullmatch(entry.name):
        raise PluginRefused(entry, "a name has 2 to 40 of a-z 0-9 _ - and begins with a letter; rename the entry point")
    if entry.name in taken:
        raise PluginRefused(
            entry, "another format has that name; rename the entry point, or remove one of the packages"
        )
    try:
        plugin = entry.load()
    except Exception as error:
        why = f"{entry.value} cannot be imported ({type(error).__name__}: {error}); mend or remove the package"
        raise PluginRefused(entry, why) from error
    missing = [
        name for name, wanted in (("name", str), ("calls", bool)) if not isinstance(getattr(plugin, name, None), wanted)
    ]
    missing += [name for name in ("filters", "grants", "split", "read") if not callable(getattr(plugin, name, None))]
    if missing or isinstance(plugin, type):
        lacks = f"lacks {', '.join(missing)}" if missing else "is a class"
        raise PluginRefused(entry, f"{entry.value} {lacks}; it must be an instance of devices.formats.base.Format")
    if plugin.name != entry.name:
        raise PluginRefused(entry, f"the format calls itself {plugin.name!r}; give the entry point that name")
    return Guarded(plugin, package_of(entry))


def package_of(entry: EntryPoint) -> str:
    """Return the name of the package that declares an entry point."""
    return entry.dist.name if entry.dist is not None else "(unknown)"


class Guarded:
    """Another package's format, kept to the promise that nothing of it raises."""

    def __init__(self, plugin: Format, package: str) -> None:
        self._plugin = plugin
        self._package = package
        self.name = plugin.name
        self.calls = plugin.calls

    def filters(self, base: str) -> Sequence[str]:
        """Return the plug-in's filters; none where it raises."""
        return self._asked("filters", lambda: tuple(self._plugin.filters(base)), ())

    def grants(self, base: str) -> Sequence[str]:
        """Return the plug-in's grants; none where it raises."""
        return self._asked("grants", lambda: tuple(self._plugin.grants(base)), ())

    def split(self, topic: str) -> Iterator[tuple[str, str]]:
        """Yield the plug-in's ways to part a topic; none where it raises."""
        nothing: tuple[tuple[str, str], ...] = ()
        yield from self._asked("split", lambda: tuple(self._plugin.split(topic)), nothing)

    def read(self, rest: str, payload: bytes) -> Sequence[Said] | Unreadable:
        """Return what the plug-in reads; where it raises, what came cannot be read, and is help where presses come by it."""
        why = f"the package {self._package} failed on it; its log line says how"
        failed: Sequence[Said] | Unreadable = Unreadable(why, is_help=self.calls)
        return self._asked("read", lambda: self._read(rest, payload), failed)

    def _read(self, rest: str, payload: bytes) -> Sequence[Said] | Unreadable:
        said = self._plugin.read(rest, payload)
        return said if isinstance(said, Unreadable) else tuple(said)

    def _asked(self, what: str, ask: Callable[[], _Answer], otherwise: _Answer) -> _Answer:
        try:
            return ask()
        except Exception as error:  # noqa: BLE001 - logged, counted as unreadable, and the rest is heard
            # the error's text may hold what the home said: its kind and place are enough to mend it
            place = error.__traceback__
            while place is not None and place.tb_next is not None:
                place = place.tb_next
            line = None if place is None else f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}"
            log.error(
                "format_failed",
                package=self._package,
                format=self.name,
                asked=what,
                error=type(error).__name__,
                at=line,
            )
            return otherwise
