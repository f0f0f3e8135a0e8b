"""What does a file say, row by row? Its table, the values of its cells, and whether they are what the API takes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from api.bulk import sheet, words
from api.bulk.cells import READ, NotWritten
from api.bulk.found import BadCell, BadFile
from api.bulk.words import TABLE_COLUMN, TABLES, Table
from api.problems import Problem
from devices.model import Json

AS_IT_IS = frozenset({"notes", "key_note"})
"""Texts whose spaces and ends of lines are meant."""

Body = TypeVar("Body", bound=BaseModel)


@dataclass(slots=True)
class Entry:
    """A row that says something. `headings`: what the file calls its columns."""

    line: int
    values: dict[str, Json]
    headings: dict[str, str]
    bad: list[BadCell] = field(default_factory=list)

    def refuse(self, column: str, value: object, message: str) -> None:
        """Note what is wrong with a cell."""
        self.bad.append(BadCell(self.line, self.headings.get(column, column), value, message))

    def text(self, column: str) -> str:
        """Return the text of a cell, '' where it is empty."""
        value = self.values.get(column)
        return value if isinstance(value, str) else ""

    def as_body(self, model: type[Body], **more: Json) -> Body | None:
        """Return the row as the API's body for such a thing; None, with what is wrong noted, where it is none."""
        known = {name: value for name, value in self.values.items() if name in model.model_fields}
        try:
            return model.model_validate({**known, **more})
        except ValidationError as error:
            noted = {cell.column for cell in self.bad}
            for each in error.errors():
                column = str(each["loc"][0]) if each["loc"] else ""
                if self.headings.get(column, column) in noted:
                    continue
                if each["type"] == "missing":
                    self.refuse(column, None, "is missing; fill it in")
                else:
                    self.refuse(column, each.get("input"), each["msg"])
        return None

    def checked(self, check: Callable[[], None]) -> None:
        """Note what a check of the API's refuses."""
        try:
            check()
        except Problem as problem:
            for each in problem.members.get("errors", []):
                self.refuse(each["field"], each["value"], each["message"])


def read(source: Path | str) -> tuple[Table, list[Entry]]:
    """Return a file's table and rows. Raises NotAFile, and BadFile where no row can be made sense of."""
    rows = iter(sheet.rows_of(sheet.read_text(source)))
    try:
        head = next(rows, None)
        if head is None:
            raise BadFile([BadCell(1, "", None, "there is nothing in the file; its first line names the columns")])
        columns = [words.column_of(heading) for heading in head.cells]
        body = list(rows)
    except BadCell as bad:
        raise BadFile([bad]) from None
    table = _table(columns, head, body)
    _check_head(table, columns, head)
    headings = {column: heading.strip() for column, heading in zip(columns, head.cells, strict=True) if column}
    return table, [_entry(row, columns, headings) for row in body]


def _table(columns: Sequence[str], head: sheet.Row, body: Sequence[sheet.Row]) -> Table:
    if TABLE_COLUMN in columns:
        place = columns.index(TABLE_COLUMN)
        named = {row.cells[place].strip() if place < len(row.cells) else "": row.line for row in reversed(body)}
        name = min(named, key=lambda each: named[each], default="")
        wrong = [line for each, line in named.items() if each != name]
        if wrong:
            raise BadFile([BadCell(line, TABLE_COLUMN, None, f"one file has one table; line {named[name]} says {name}")
                           for line in wrong])  # fmt: skip
        if name in TABLES:
            return TABLES[name]
        if named:
            raise BadFile([BadCell(named[name], TABLE_COLUMN, name, f"is no table; use one of {', '.join(TABLES)}")])
    table = words.recognise(columns)
    if table is None:
        known = "; ".join(f"{each.name} {', '.join(each.columns)}" for each in TABLES.values())
        raise BadFile([BadCell(head.line, "", None, f"these columns make no table; there are: {known}")])
    return table


def _check_head(table: Table, columns: Sequence[str], head: sheet.Row) -> None:
    bad = []
    for number, (column, heading) in enumerate(zip(columns, head.cells, strict=True)):
        if column and column not in (*table.columns, TABLE_COLUMN):
            mend = (
                f"is no column of {table.name}; mend its spelling or take it out (there are {', '.join(table.columns)})"
            )
            bad.append(BadCell(head.line, heading.strip(), None, mend))
        elif column and column in columns[:number]:
            bad.append(BadCell(head.line, heading.strip(), None, f"is the second column of {column}; take one out"))
    bad += [
        BadCell(head.line, column, None, f"is missing; {table.name} have {', '.join(table.columns)}")
        for column in table.needed
        if column not in columns
    ]
    if bad:
        raise BadFile(bad)


def _entry(row: sheet.Row, columns: Sequence[str], headings: dict[str, str]) -> Entry:
    entry = Entry(row.line, {}, headings)
    for number, cell in enumerate(row.cells):
        column = columns[number] if number < len(columns) else ""
        if not cell.strip() or column == TABLE_COLUMN:
            continue
        if not column:
            why = f"stands in column {number + 1}, which has no heading; is there a comma too many before it?"
            entry.refuse("", cell, why)
            continue
        try:
            entry.values[column] = _value(column, cell)
        except NotWritten as why_not:
            entry.refuse(column, cell, str(why_not))
    return entry


def _value(column: str, cell: str) -> Json:
    if column in AS_IT_IS:
        return cell
    written = words.value_of(column, cell.strip())
    return READ[column](written) if column in READ else written


def refuse_twice(entries: Sequence[Entry], column: str, key: Callable[[Entry], object]) -> None:
    """Note every row whose key another row above it has."""
    seen: dict[object, int] = {}
    for entry in entries:
        found = key(entry)
        if found in seen:
            entry.refuse(
                column, entry.values.get(column), f"is the same as in line {seen[found]}; take one of them out"
            )
        else:
            seen[found] = entry.line


def is_same(entry: Entry, column: str, new: dict[str, Any], old: dict[str, Any]) -> bool:
    """Say whether what is there already is as the row has it; where it is not, that is noted."""
    differing = [name for name, value in new.items() if _plain(value) != _plain(old.get(name))]
    if not differing:
        return True
    for name in differing[:1]:
        told = f"is there already, with another {name}; an import only adds: change it there, or take the row out"
        entry.refuse(column, entry.values.get(column), told)
    return False


def _plain(value: object) -> object:
    """Return a value as it is compared: nothing is nothing, however it is kept."""
    if isinstance(value, list):
        return [_plain(each) for each in value] or None
    if isinstance(value, dict):
        return {name: each for name, each in value.items() if each is not None}
    return None if value == "" else value


def bad_cells(entries: Sequence[Entry]) -> Iterator[BadCell]:
    """Yield all that was noted."""
    for entry in entries:
        yield from entry.bad
