"""Who lives in the simulated village, and who answers for it? Put into the registry once, grown when more is asked for."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import islice
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from psycopg import Connection

from alerts import staffing
from alerts.policy import Step
from alerts.rota import RotaKind
from api import village_formats
from api import village_words as words
from api.village_words import Township, Words
from devices import registry
from devices.scenario import SimulatedHome
from storage import sql

queries = sql.load("api")

STAFF_PHONES = "+861380001"
"""What every simulated responder's number begins with: nobody is called there, since nothing leaves the outbox."""
HOMES_A_VILLAGE = 6
"""Homes that stand together before the next village gets some; with the last village it begins with the first again."""
BATCH = 2_000
AGES = (68, 96)
_CATEGORIES = ("lives_alone", "empty_nest", "left_behind", "disabled", "destitute")
_CATEGORY_WEIGHTS = (40, 30, 15, 10, 5)
_SPREAD_DEG = 0.012
"""Homes of a village lie within about 1.3 km of its middle."""


class MessagesWouldLeave(Exception):
    """the simulated village is not for a system whose messages really leave (ANJU_SMS={sms})."""

    def __init__(self, sms: str) -> None:
        super().__init__(
            f"the simulated village is not for a system whose messages really leave (ANJU_SMS={sms}):"
            " strangers would get its SMS; start with --no-simulator, or set ANJU_SMS=outbox"
        )


@dataclass(frozen=True, slots=True)
class Village:
    """The simulated homes whose devices are registered; `area`: the code of the area above them all.

    `formats`: how each device is registered that does not speak Anju's own, by its uid.
    """

    homes: tuple[SimulatedHome, ...]
    area: str
    formats: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Hamlet:
    """A village of the simulation, and where it lies."""

    code: str
    name: Words
    township: Township
    lat: float
    lon: float


def seed(
    connection: Connection[Any],
    *,
    homes: int,
    seed: int,
    now: datetime,
    timezone: str,
    locale: str,
    sms: str = "outbox",
    speak: str | None = None,
) -> Village:
    """Return the simulated village, settling what is missing of that many homes.

    What is there stays as it is: a home that somebody took out of the registry is not made again, and fewer homes asked
    for than there are take none away. `timezone`: by whose clock rotas and days go. `locale`: the language of names and
    notes. `speak`: one of `voices.CHOICES`, and the devices of that many homes are registered so that it is understood;
    None leaves them as they are. Raises MessagesWouldLeave unless `sms` is `outbox`, UnknownVoice.
    """
    if sms != "outbox":
        raise MessagesWouldLeave(sms)
    connection.execute(queries.lock_village)
    ever_made = connection.execute(queries.simulated_homes).fetchall()
    newest = max((row[0] for row in ever_made), default=0)
    numbers = range(newest + 1, homes + 1)
    if numbers:
        _Settling(connection, seed, now, timezone, locale).settle(numbers)
        ever_made = connection.execute(queries.simulated_homes).fetchall()
    offset = now.astimezone(ZoneInfo(timezone)).utcoffset() or timedelta()
    settled = tuple(
        SimulatedHome(number, button, camera, int(offset.total_seconds()))
        for number, button, camera, is_there in ever_made
        if is_there
    )
    if speak is not None:
        village_formats.register(connection, settled[:homes], speak, now)
    return Village(settled, words.CITY[0], village_formats.registered(connection))


def _hamlets() -> tuple[_Hamlet, ...]:
    """Return the villages in the order in which they are settled: two of each township, then the third ones."""
    by_township = [
        [
            # around the township's middle, apart from each other
            _Hamlet(code, name, township, township.lat + 0.02 * (nth - 1), township.lon + 0.03 * (nth % 2))
            for nth, (code, name) in enumerate(township.villages)
        ]
        for township in words.TOWNSHIPS
    ]
    return tuple(hamlet for first in (slice(2), slice(2, None)) for each in by_township for hamlet in each[first])


_HAMLETS = _hamlets()


def _hamlet_of(number: int) -> _Hamlet:
    return _HAMLETS[(number - 1) // HOMES_A_VILLAGE % len(_HAMLETS)]


class _Settling:
    """One settling of homes, in one language."""

    def __init__(self, connection: Connection[Any], seed: int, now: datetime, timezone: str, locale: str) -> None:
        self._connection = connection
        self._seed = seed
        self._now = now
        self._zone = ZoneInfo(timezone)
        self._language = 1 if locale == "en" else 0

    def settle(self, numbers: Sequence[int]) -> None:
        """Make the areas, people and homes that are missing."""
        self._people_areas(list(dict.fromkeys(_hamlet_of(number) for number in numbers[: self._once_round])))
        rows = (self._home(number) for number in numbers)
        while batch := list(islice(rows, BATCH)):
            columns = {name: [row[name] for row in batch] for name in batch[0]}
            self._connection.execute(queries.settle_homes, {**columns, "now": self._now})
        for code, name, minutes in words.SERVICES:
            self._connection.execute(
                queries.offer_service, {"code": code, "name": name[0], "name_en": name[1], "usual_minutes": minutes}
            )

    @property
    def _once_round(self) -> int:
        return HOMES_A_VILLAGE * len(_HAMLETS) + 1

    def _say(self, said: Words, **places: object) -> str:
        return said[self._language].format_map(places)

    def _dice(self, *about: object) -> Random:
        # of each home and area its own: what one is does not depend on when the others came
        return Random("/".join(map(str, (self._seed, *about))))  # noqa: S311 - a story, not a secret

    # Areas and those who answer in them ---------------------------------------------------------------------------

    def _people_areas(self, hamlets: Sequence[_Hamlet]) -> None:
        """Make the areas that are missing, with staff, rotas and a policy; an area that is there has its own."""
        wanted = list(self._areas(hamlets))
        rows = self._connection.execute(queries.areas_that_are, {"codes": [code for code, *_ in wanted]}).fetchall()
        there = {code for (code,) in rows}
        for code, name, level, parent, phone in wanted:
            if code in there:
                continue
            place = self._say(name)
            registry.add_area(self._connection, code=code, name=place, level=level, parent=parent)
            if level == "village":
                self._people_village(code, place, phone)
            elif level != "city":
                self._people_above(code, place, phone, RotaKind.DAILY if level == "township" else RotaKind.WEEKLY)

    def _areas(self, hamlets: Sequence[_Hamlet]) -> Iterator[tuple[str, Words, str, str | None, int]]:
        """Yield (code, name, level, parent, number of its first phone) of each area, those above first."""
        yield words.CITY[0], words.CITY[1], "city", None, 0
        yield words.COUNTY[0], words.COUNTY[1], "county", words.CITY[0], 1
        for nth, township in enumerate(words.TOWNSHIPS, start=1):
            if any(hamlet.township is township for hamlet in hamlets):
                yield township.code, township.name, "township", words.COUNTY[0], 10 * nth
        for nth, hamlet in enumerate(_HAMLETS):
            if hamlet in hamlets:
                yield hamlet.code, hamlet.name, "village", hamlet.township.code, 500 + 10 * nth

    def _people_village(self, code: str, place: str, phone: int) -> None:
        """Three neighbours take turns by the week; who had it last is second, and at last the first one is called."""
        people = self._staff(code, 3, phone)
        first = self._rota(code, self._say(words.FIRST_ROTA, place=place), RotaKind.WEEKLY, people)
        second = self._rota(
            code, self._say(words.SECOND_ROTA, place=place), RotaKind.WEEKLY, [people[-1], *people[:-1]]
        )
        staffing.add_policy(
            self._connection,
            area=code,
            steps=[
                Step(0, ("sms",), rota_id=first),
                Step(120, ("sms",), rota_id=second),
                Step(240, ("sms", "voice"), rota_id=first),
            ],
        )

    def _people_above(self, code: str, place: str, phone: int, kind: RotaKind) -> None:
        """A township's or the county's people take turns; whoever leads them is called at last."""
        *people, leader = self._staff(code, 4 if kind is RotaKind.DAILY else 3, phone)
        rota = self._rota(code, self._say(words.FIRST_ROTA, place=place), kind, people)
        staffing.add_policy(
            self._connection,
            area=code,
            steps=[Step(0, ("sms",), rota_id=rota), Step(120, ("sms", "voice"), staff_id=leader)],
        )

    def _staff(self, area: str, count: int, phone: int) -> list[int]:
        dice = self._dice("staff", area)
        given = dice.sample(words.YOUNGER, count)
        return [
            staffing.add_staff(
                self._connection,
                name=self._name(dice.choice(words.SURNAMES), given[nth]),
                phone=f"{STAFF_PHONES}{phone + nth:04}",
                area=area,
                now=self._now,
            )
            for nth in range(count)
        ]

    def _rota(self, area: str, name: str, kind: RotaKind, members: Sequence[int]) -> int:
        local = self._now.astimezone(self._zone)
        monday = (local - timedelta(days=local.weekday() + 7)).replace(hour=8, minute=0, second=0, microsecond=0)
        return staffing.add_rota(
            self._connection, name=name, area=area, timezone=self._zone.key, kind=kind, length=1, start=monday,
            members=members,
        )  # fmt: skip

    # Homes and those who live in them -----------------------------------------------------------------------------

    def _home(self, number: int) -> dict[str, object]:
        """Return the columns of `settle_homes` for one home."""
        dice = self._dice("home", number)
        hamlet = _hamlet_of(number)
        woman = dice.random() < 0.6
        surname = dice.choice(words.SURNAMES)
        neighbour = self._name(dice.choice(words.SURNAMES), dice.choice(words.YOUNGER))
        key_note = self._say(dice.choice(words.KEY_NOTES), name=neighbour) if dice.random() < 0.7 else None
        notes = (" " if self._language else "").join(
            self._say(each) for each in dice.sample(words.NOTES, dice.randint(0, 2))
        )
        # blocks of a village come round again: the numbers of its houses go on where the last block ended
        block, place_in_block = divmod(number - 1, HOMES_A_VILLAGE)
        house = block // len(_HAMLETS) * HOMES_A_VILLAGE + place_in_block
        return {
            "areas": hamlet.code,
            "addresses": self._say(words.ADDRESS, group=house % 5 + 1, number=house + 1),
            "lats": round(hamlet.lat + dice.uniform(-_SPREAD_DEG, _SPREAD_DEG), 6),
            "lons": round(hamlet.lon + dice.uniform(-_SPREAD_DEG, _SPREAD_DEG), 6),
            "key_notes": key_note,
            "names": self._name(surname, dice.choice(words.OLD_WOMEN if woman else words.OLD_MEN)),
            "birth_dates": self._birth_date(dice),
            "phones": _phone(dice) if dice.random() < 0.8 else None,
            "sexes": "female" if woman else "male",
            "categories": ",".join(_categories(dice)),
            "notes": notes or None,
            "contacts": json.dumps(self._contacts(dice, surname, neighbour), ensure_ascii=False),
            "buttons": f"sim-btn-{number:04}",
            "cameras": f"sim-cam-{number:04}",
        }

    def _name(self, surname: Words, given: Words) -> str:
        return self._say(words.FULL_NAME, surname=self._say(surname), given=self._say(given))

    def _birth_date(self, dice: Random) -> date:
        """Return a day on which somebody was born who is within AGES today."""
        youngest, oldest = AGES
        years = dice.randint(youngest, oldest - 1)
        return self._now.date() - timedelta(days=int(365.2425 * years) + dice.randint(1, 365))

    def _contacts(self, dice: Random, surname: Words, neighbour: str) -> list[dict[str, str]]:
        child = {
            "name": self._name(surname, dice.choice(words.YOUNGER)),
            "phone": _phone(dice),
            "relation": self._say(
                words.RELATION,
                who=self._say(dice.choice(words.CHILDREN)),
                where=self._say(dice.choice(words.LIVES_AWAY)),
            ),
        }
        next_door = {"name": neighbour, "phone": _phone(dice), "relation": self._say(words.NEIGHBOUR)}
        return [child, next_door] if dice.random() < 0.6 else [child]


def _phone(dice: Random) -> str:
    """Return a number beside those of the staff."""
    return f"+86138000{dice.randrange(20_000, 99_999):05}"


def _categories(dice: Random) -> list[str]:
    return sorted(set(dice.choices(_CATEGORIES, _CATEGORY_WEIGHTS, k=dice.choice((1, 1, 2)))))
