"""The columns of a batch arrive in PostgreSQL as they were, whatever is in them."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devices import columns

TEXTS = st.lists(st.none() | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), max_size=20)


def back(connection: psycopg.Connection[Any], array: str, kind: str) -> list[Any]:
    return [value for (value,) in connection.execute(f"select unnest(%s::{kind}[])".encode(), (array,)).fetchall()]


@given(TEXTS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
def test_texts_come_back(connection: psycopg.Connection[Any], texts: list[str | None]) -> None:
    wanted = [] if all(each is None for each in texts) else texts
    assert back(connection, columns.texts(texts), "text") == wanted


@pytest.mark.parametrize(
    "text", ["", "NULL", "null", '"', "\\", '\\"', "{", "}", "{}", "a,b", " a ", "\n", "'", "%s", "求助", "😀"]
)
def test_awkward_texts_come_back(connection: psycopg.Connection[Any], text: str) -> None:
    assert back(connection, columns.texts([text, None, text]), "text") == [text, None, text]


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("integer", [1, None, -5]),
        ("smallint", [None, 0]),
        ("boolean", [True, None, False]),
        ("real", [36.5, None, -0.25]),
        (
            "timestamptz",
            [
                datetime(2026, 11, 24, 8, 30, tzinfo=UTC),
                None,
                datetime(2026, 11, 24, 8, 30, 0, 123456, tzinfo=timezone(timedelta(hours=8))),
            ],
        ),
    ],
)
def test_values_come_back(connection: psycopg.Connection[Any], kind: str, values: list[Any]) -> None:
    assert back(connection, columns.plain(values), kind) == values


def test_a_column_without_any_value_is_filled_up_with_nulls(connection: psycopg.Connection[Any]) -> None:
    rows = connection.execute(
        "select * from unnest(%s::integer[], %s::text[], %s::real[])",
        (columns.plain([1, 2]), columns.texts([None, None]), columns.plain([None, None])),
    ).fetchall()
    assert rows == [(1, None, None), (2, None, None)]


@pytest.fixture
def connection(postgres: str) -> Any:
    with psycopg.connect(postgres, autocommit=True) as opened:
        yield opened
