"""Which devices may connect to a broker, and to say and hear what? As the registry has it now."""

from typing import Any

from psycopg import Connection

from devices import wiring
from gateway.permits import Account
from storage import sql

queries = sql.load("gateway")


def all_accounts(connection: Connection[Any]) -> list[Account]:
    """Return everybody who has a password, in the order of their UIDs."""
    return [_account(row) for row in connection.execute(queries.accounts).fetchall()]


def one_account(connection: Connection[Any], uid: str) -> Account | None:
    """Return a device's account, None where it has no password or is not registered."""
    row = connection.execute(queries.account, {"uid": uid}).fetchone()
    return None if row is None else _account(row)


def _account(row: tuple[Any, ...]) -> Account:
    uid, password_hash, mosquitto_hash, kind, spoken, base = row
    return Account(uid, password_hash, mosquitto_hash, wiring.granted(kind, spoken, base))
