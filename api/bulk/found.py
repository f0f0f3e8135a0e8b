"""What came of a file? How many rows were new, or everything that is wrong with it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from api.problems import shown
from devices import refused

SHOWN_AT_MOST = 100


class BadCell(Exception):
    """line {line}, column {column}: {value}: {message}."""

    def __init__(self, line: int, column: str, value: object, message: str) -> None:
        where = f"line {line}, column {column}" if column else f"line {line}"
        told = "" if value is None or value == "" else f" {shown(value)!r}:"
        super().__init__(f"{where}:{told} {message}")
        self.line = line
        self.column = column
        self.value = value
        self.message = message


class BadFile(refused.Invalid):
    """{n} mistakes, nothing of the file was kept; a line for each of the first hundred."""

    def __init__(self, cells: Sequence[BadCell]) -> None:
        ordered = sorted(cells, key=lambda cell: cell.line)
        mistakes = "1 mistake" if len(ordered) == 1 else f"{len(ordered)} mistakes"
        lines = [f"{mistakes}; nothing of the file was kept", *(str(cell) for cell in ordered[:SHOWN_AT_MOST])]
        if len(ordered) > SHOWN_AT_MOST:
            lines.append(f"... and {len(ordered) - SHOWN_AT_MOST} more")
        super().__init__("\n".join(lines), field="file", value=None)
        self.cells = tuple(ordered[:SHOWN_AT_MOST])
        self.count = len(ordered)


class NotAFile(refused.Invalid):
    """{path} {why}."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path} {why}", field="file", value=str(path))


class UnknownTable(refused.Invalid):
    """there is no table {name}; use one of the known ones."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(f"there is no table {name!r}; use one of {', '.join(known)}", field="table", value=name)


@dataclass(frozen=True, slots=True)
class Report:
    """What was brought in. `issued`: uid and MQTT password of each new device, told here and nowhere else."""

    table: str
    added: int
    unchanged: int
    dry_run: bool = False
    issued: tuple[tuple[str, str], ...] = ()

    def lines(self) -> Iterator[str]:
        """Yield what there is to say, for whoever brought the file in."""
        verb = "would be added" if self.dry_run else "added"
        yield f"{self.table}: {self.added} {verb}, {self.unchanged} there already as they are in the file"

    def passwords(self) -> Iterator[str]:
        """Yield the devices' passwords as lines of CSV; nothing where there are none."""
        if self.issued:
            yield "uid,mqtt_password"
            yield from (f"{uid},{password}" for uid, password in self.issued)
