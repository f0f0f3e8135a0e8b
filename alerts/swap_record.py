"""What is a swap, and what is written of it? The row held for a change, its timeline, and what the two are told by SMS."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from psycopg import Connection
from psycopg.types.json import Jsonb

from alerts import texts
from alerts.channels import countries
from alerts.model import SYSTEM, Actor, Conflict, Missing
from storage import sql

queries = sql.load("alerts")

NEWS_KEEPS = timedelta(hours=24)
"""What became of it is not told later than this."""


class SwapState(StrEnum):
    """How far a swap is."""

    ASKED = "asked"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class UnknownSwap(Missing):
    """swap {swap_id}: there is none with that id."""

    def __init__(self, swap_id: int) -> None:
        super().__init__(f"swap {swap_id}: there is none with that id")


class AlreadyDecided(Conflict):
    """swap {swap_id} is {state} already."""

    def __init__(self, swap_id: int, state: str) -> None:
        super().__init__(f"swap {swap_id} is {state} already")


class NoLongerHis(Conflict):
    """swap {swap_id}: {name} does not have all of it any more; decline it, and ask anew."""

    def __init__(self, swap_id: int, name: str) -> None:
        super().__init__(f"swap {swap_id}: {name} does not have all of it any more; decline it, and ask anew")


@dataclass(frozen=True, slots=True)
class Manner:
    """What the words of a message depend on: the installation's language, and how SMS leave (`twilio`, `outbox`)."""

    locale: str
    sms: str


@dataclass(frozen=True, slots=True)
class Swap:
    """A swap as it stands, locked; `asker` and `taker` are the names of the two."""

    id: int
    state: SwapState
    rota_id: int
    rota: str
    timezone: str
    start: datetime
    end: datetime
    asked_by: int
    asker: str
    staff_id: int
    taker: str

    def words(self, language: str | None, message: str, **values: object) -> str:
        """Return words about it, with the rota and the local times filled in."""
        zone = ZoneInfo(self.timezone)
        start, end = (at.astimezone(zone).strftime("%m-%d %H:%M") for at in (self.start, self.end))
        return texts.gettext(
            language, message, rota=self.rota, start=start, end=end, asker=self.asker, taker=self.taker, **values
        )  # fmt: skip


def hold(connection: Connection[Any], swap_id: int) -> Swap:
    """Lock a swap. Raises UnknownSwap."""
    row = connection.execute(queries.lock_swap, {"swap_id": swap_id}).fetchone()
    if row is None:
        raise UnknownSwap(swap_id)
    number, state, *rest = row
    return Swap(number, SwapState(state), *rest)


def tell(
    connection: Connection[Any],
    swap: Swap,
    staff_id: int,
    message: str,
    manner: Manner,
    now: datetime,
    *,
    asks: bool = False,
) -> None:
    """Write an SMS about it into the outbox; nobody who has left or wants no messages gets one."""
    row = connection.execute(
        queries.staff_to_write_to, {"staff_ids": [staff_id], "locale": manner.locale}
    ).fetchone()  # fmt: skip
    if row is None:
        return
    _, name, phone, language, *_ = row
    text = swap.words(language, message)
    if asks:
        how = (
            texts.mark("Reply 1 yes, 2 no.")
            if countries.profile(phone, manner.sms).replies
            else texts.mark("Answer on the staff page.")
        )
        text += ("" if language != "en" else " ") + texts.gettext(language, how)
    connection.execute(
        queries.write_swap_message,
        {
            "swap_id": swap.id, "staff_id": staff_id, "recipient": phone, "text": text, "language": language,
            "segments": texts.segments(text), "now": now, "expires_at": swap.start if asks else now + NEWS_KEEPS,
        },
    )  # fmt: skip
    connection.execute(queries.wake_outbox)
    write_down(connection, swap, "told", SYSTEM, now, {"name": name, "channel": "sms", "staff": staff_id})


def decide(
    connection: Connection[Any],
    swap: Swap,
    state: SwapState,
    actor: Actor,
    now: datetime,
    override_id: int | None = None,
) -> None:
    """Write down how it ended; a question that has not left yet does not leave any more."""
    connection.execute(
        queries.set_swap_decided,
        {"swap_id": swap.id, "state": str(state), "override_id": override_id, "now": now},
    )
    connection.execute(queries.cancel_waiting_questions, {"swap_id": swap.id})
    detail = {"channel": actor.channel} | ({"override": override_id} if override_id is not None else {})
    write_down(connection, swap, state, actor, now, detail)


def write_down(
    connection: Connection[Any],
    swap: Swap,
    what: str,
    actor: Actor,
    now: datetime,
    detail: dict[str, str | int] | None = None,
) -> None:
    """Add a row to the swap's timeline; rows are never changed."""
    connection.execute(
        queries.write_swap_timeline,
        {"swap_id": swap.id, "at": now, "what": str(what), "who": actor.name or None, "detail": Jsonb(detail or {})},
    )
