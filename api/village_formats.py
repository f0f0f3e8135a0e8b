"""In which formats is the simulated village registered?"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from psycopg import Connection

from devices import voices
from devices.formats import OWN
from devices.scenario import SimulatedHome
from storage import sql

queries = sql.load("api")

BATCH = 2_000
"""Devices of one statement."""


def registered(connection: Connection[Any]) -> Mapping[str, str]:
    """Return the format of each simulated device that does not speak Anju's own, by its uid."""
    return dict(connection.execute(queries.formats_of_simulated, {"own": OWN}).fetchall())


def register(connection: Connection[Any], homes: Sequence[SimulatedHome], speak: str, now: datetime) -> None:
    """Register the devices of homes so that they are understood when they speak so, with the hubs that it takes.

    Raises UnknownVoice.
    """
    rows = ((home, uid, standing) for home in homes for uid, standing in voices.standings(home, speak))
    while batch := list(islice(rows, BATCH)):
        hubs = {each.hub: (home.button, each) for home, _, each in batch if each.hub is not None}
        connection.execute(
            queries.install_simulated_hubs,
            {
                "uids": list(hubs),
                "buttons": [button for button, _ in hubs.values()],
                "formats": [each.format for _, each in hubs.values()],
                "topics": [each.hub_topic for _, each in hubs.values()],
                "now": now,
            },
        )
        connection.execute(
            queries.wire_simulated,
            {
                "uids": [uid for _, uid, _ in batch],
                "formats": [each.format for *_, each in batch],
                "topics": [each.topic for *_, each in batch],
                "hubs": [each.hub for *_, each in batch],
            },
        )
    connection.execute(queries.remove_idle_simulated_hubs, {"now": now})
