"""Tables go out so that they come in again, and no spreadsheet runs what is in them."""

import re
from typing import Any

import pytest
from psycopg import Connection
from psycopg_pool import ConnectionPool

from api import bulk
from tests.integration.bulk_office import ALL, Office, office

__all__ = ["office"]


def test_what_goes_out_comes_in_again(office: Office, pool: ConnectionPool[Any]) -> None:
    office.brings_all()
    out = {table: office.takes(table) for table in ALL}
    assert out["homes"].splitlines()[0] == "area,address,lat,lon,key_note"
    for text in out.values():
        assert office.brings(text).added == 0
    with pool.connection() as connection:
        _empty(connection)
    for text in out.values():
        assert office.brings(text).unchanged == 0
    assert {table: office.takes(table) for table in ALL} == out


def test_no_cell_that_goes_out_is_a_formula(office: Office) -> None:
    office.brings_all()
    for table in ALL:
        for line in office.takes(table).splitlines():
            assert not re.search(r'(^|,)"?[=+@]', line), line
    assert "'+8613800000001" in office.takes("staff")
    # a number is a number
    assert ",-24.5," in office.takes("homes")


def test_that_people_went_out_is_written_down(office: Office) -> None:
    office.takes("residents")
    assert office.rows("select who, action, object from audit") == [("command line", "export", "residents")]


def test_removed_ones_do_not_go_out(office: Office) -> None:
    office.brings_all()
    with office.pool.connection() as connection:
        for table in ("homes", "residents", "staff", "devices"):
            connection.execute(f"update {table} set removed_at = created_at".encode())
    assert [office.takes(table).count("\n") for table in ALL] == [4, 1, 1, 1, 1]


def test_an_unknown_table_is_refused_before_anything_is_written(office: Office) -> None:
    with pytest.raises(bulk.UnknownTable, match="there is no table 'users'; use one of devices, areas"):
        office.takes("users")


def _empty(connection: Connection[Any]) -> None:
    for table in ("device_latest", "devices", "residents", "staff", "homes", "areas"):
        connection.execute(f"delete from {table}".encode())
