"""Cells go out and come in as they were, whatever is in them, and no spreadsheet takes one for a formula."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.bulk import cells, sheet, words
from api.bulk.found import BadCell

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30)


@given(st.lists(TEXTS, min_size=1, max_size=6))
def test_a_line_is_read_back_as_it_was_written(texts: list[str]) -> None:
    text = sheet.line_of(["heading"] * len(texts)) + sheet.line_of([sheet.guarded(each) for each in texts])
    rows = list(sheet.rows_of(text))[1:]
    assert [row.cells for row in rows] == ([tuple(texts)] if any(each.strip() for each in texts) else [])


@given(TEXTS)
def test_no_cell_looks_like_a_formula(text: str) -> None:
    assert not sheet.guarded(text).startswith(("=", "+", "-", "@", "\t", "\r"))


def test_a_quote_that_somebody_wrote_himself_stays() -> None:
    assert sheet.unguarded("'t Hooft") == "'t Hooft"
    assert sheet.unguarded("'+8613800000001") == "+8613800000001"
    assert sheet.unguarded("+8613800000001") == "+8613800000001"


WORDS = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=10)


@given(st.lists(WORDS, max_size=4))
def test_categories_are_read_back_as_they_were_written(words_: list[str]) -> None:
    written = cells.written("category", words_)
    assert (cells.READ["category"](written) if written else []) == words_


@given(st.lists(st.fixed_dictionaries({"name": WORDS, "phone": WORDS}, optional={"relation": WORDS}), max_size=3))
def test_contacts_are_read_back_as_they_were_written(people: list[dict[str, str]]) -> None:
    written = cells.written("contacts", people)
    assert (cells.READ["contacts"](written) if written else []) == people


@given(st.dates())
def test_days_are_read_back_as_they_were_written(day: date) -> None:
    assert cells.READ["birth_date"](cells.written("birth_date", day)) == day.isoformat()


@given(st.floats(-180, 180))
def test_places_are_read_back_as_they_were_written(degrees: float) -> None:
    assert cells.READ["lat"](cells.written("lat", degrees)) == degrees


def test_days_may_be_written_as_offices_do() -> None:
    for cell in ("1941-3-2", "1941/03/02", "1941.3.2", "1941年3月2日"):
        assert cells.READ["birth_date"](cell) == "1941-03-02"
    for cell in ("02/03/1941", "1941", "March 1941"):
        with pytest.raises(cells.NotWritten, match="write 1941-03-02"):
            cells.READ["birth_date"](cell)
    with pytest.raises(cells.NotWritten, match="never was"):
        cells.READ["birth_date"]("1941-02-30")


def test_a_number_that_a_spreadsheet_rounded_is_not_taken() -> None:
    with pytest.raises(cells.NotWritten, match="was rounded by the spreadsheet"):
        cells.READ["phone"]("8.61E+12")
    assert cells.READ["phone"]("8613800000001.0") == "8613800000001"


def test_separators_are_found_by_the_heading() -> None:
    for text in ("a,b\n1,2\n", "a;b\n1;2\n", "a\tb\r\n1\t2\r\n", "sep=;\na;b\n1;2\n", '\n"x,y";b\n1;2\n'):
        assert list(sheet.rows_of(text))[-1].cells == ("1", "2")


def test_a_row_is_known_by_the_line_on_which_it_begins() -> None:
    text = 'name,notes\n\n"a","two\nlines"\nb,one\n'
    assert [row.line for row in sheet.rows_of(text)] == [1, 3, 5]


def test_a_quote_that_is_never_closed_is_told_where_it_begins() -> None:
    with pytest.raises(BadCell, match="line 3: a quote that begins here"):
        list(sheet.rows_of('name,notes\na,b\nc,"never\nclosed\n'))


def test_tables_are_known_by_their_columns_in_either_language() -> None:
    for table in words.TABLES.values():
        assert words.recognise(table.columns) is table
    for heading, name in (
        ("姓名,区域,地址,出生日期,电话", "residents"), ("姓名,电话,区域", "staff"), ("区域,地址,纬度,经度", "homes"),
        ("设备编号,设备类型,区域,地址", "devices"), ("编码,名称,级别,上级", "areas"), ("Name, Home ,Birth Date", "residents"),
    ):  # fmt: skip
        found = words.recognise([words.column_of(each) for each in heading.split(",")])
        assert found is not None
        assert found.name == name
    assert words.recognise(["name", "phone"]) is None
