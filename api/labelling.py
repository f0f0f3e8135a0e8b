"""Whose labels are printed? Those of registered devices, of a home or an area, or fresh ones for boxes not yet given out."""

import secrets
from collections.abc import Sequence
from typing import Any

from psycopg import Connection

from api.labels import Label
from devices import naming, refused
from devices.formats import anju
from devices.wiring import Kind
from storage import sql

queries = sql.load("api")

AT_MOST = 24_000
"""Labels of one file: a thousand sheets."""


class NothingToLabel(refused.Invalid):
    """There is no device like that; name a uid, --home, --area, or --new for boxes."""

    def __init__(self) -> None:
        super().__init__(
            "there is no device like that; name a uid, --home, --area, or --new for boxes", field="uid", value=None
        )


def labels_of(
    connection: Connection[Any],
    *,
    uids: Sequence[str] | None = None,
    home_id: int | None = None,
    area: str | None = None,
    below: str = "%",
    limit: int = AT_MOST,
) -> list[Label]:
    """Return the labels of registered devices, home by home; `area`: a code, with all below it. `below`: what is seen.

    Raises UnknownDevice for a uid that is not there.
    """
    rows = connection.execute(
        queries.labels_of,
        {
            "uids": None if uids is None else list(uids), "home_id": home_id, "area": area, "below": below, "limit": limit,
        },
    ).fetchall()  # fmt: skip
    found = [Label(uid, kind, model) for uid, kind, model in rows]
    there = {each.uid for each in found}
    for uid in uids or ():
        if uid not in there:
            raise refused.UnknownDevice(uid)
    return found


def fresh_labels(connection: Connection[Any], count: int, kind: str | None, model: str | None = None) -> list[Label]:
    """Return labels with uids that nobody has or had, for boxes that are opened at the door. Raises NotAKind."""
    if kind is not None and kind not in list(Kind):
        raise refused.NotAKind(kind, tuple(Kind))
    made: dict[str, Label] = {}
    while len(made) < count:
        uids = [naming.fresh(kind, secrets.choice) for _ in range(count - len(made))]
        taken = {uid for (uid,) in connection.execute(queries.uids_taken, {"uids": uids}).fetchall()}
        made |= {uid: Label(uid, kind, model, is_new=True) for uid in uids if uid not in taken}
    return list(made.values())


def is_uid(text: str) -> bool:
    """Say whether a text that was typed or scanned can be a uid."""
    return anju.UID.fullmatch(text) is not None
