"""Who has the shift: exactly one answer at every instant, with no gap and no overlap, over every change of the clock."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.rota import Override, Rota, RotaKind, Shift, who_is_on_call

ZONES = sorted(available_timezones() - {"localtime", "Factory"})
INSTANTS = st.datetimes(datetime(2000, 1, 1), datetime(2037, 12, 31), timezones=st.just(UTC))


@st.composite
def rotas(draw: st.DrawFn) -> Rota:
    zone = draw(st.sampled_from(ZONES))
    start = draw(st.datetimes(datetime(2000, 1, 1), datetime(2030, 1, 1)))
    return Rota(
        1,
        zone,
        draw(st.sampled_from(list(RotaKind))),
        draw(st.integers(1, 40)),
        start.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC),
        tuple(draw(st.lists(st.integers(1, 9), min_size=1, max_size=5))),
    )


@st.composite
def overrides(draw: st.DrawFn) -> list[Override]:
    found = []
    for number in range(draw(st.integers(0, 4))):
        start = draw(INSTANTS)
        found.append(Override(number, start, start + timedelta(minutes=draw(st.integers(1, 50_000))), number + 100))
    return found


def the_shift(rota: Rota, held: list[Override], at: datetime) -> Shift:
    shift = who_is_on_call(rota, held, at)
    assert shift is not None
    return shift


@given(rotas(), overrides(), INSTANTS)
def test_every_instant_lies_in_the_shift_it_is_given(rota: Rota, held: list[Override], at: datetime) -> None:
    shift = who_is_on_call(rota, held, at)
    if at >= rota.start:
        assert shift is not None
    if shift is not None:
        assert shift.start <= at < shift.end


@given(rotas(), overrides(), st.timedeltas(timedelta(0), timedelta(days=4000)))
def test_the_next_shift_starts_where_this_one_ends(rota: Rota, held: list[Override], after: timedelta) -> None:
    shift = the_shift(rota, held, rota.start + after)
    assert the_shift(rota, held, shift.end).start == shift.end
    last_instant = shift.end - timedelta(microseconds=1)
    assert the_shift(rota, held, last_instant) == shift


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("America/New_York", datetime(2026, 3, 8)),
        ("America/New_York", datetime(2026, 11, 1)),
        ("Australia/Lord_Howe", datetime(2026, 10, 4)),
        ("Australia/Lord_Howe", datetime(2026, 4, 5)),
        ("Europe/Dublin", datetime(2026, 3, 29)),
        ("Asia/Shanghai", datetime(1991, 4, 14)),
    ],
)
def test_minute_by_minute_over_a_change_of_the_clock(zone: str, day: datetime) -> None:
    for minute_of_day in (90, 120, 135, 150, 165, 180):
        wall = day - timedelta(days=3) + timedelta(minutes=minute_of_day)
        rota = Rota(1, zone, RotaKind.DAILY, 1, wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC), (1, 2, 3))
        at = day.replace(tzinfo=UTC) - timedelta(hours=24)
        shift = the_shift(rota, [], at)
        for _ in range(48 * 60):
            at += timedelta(minutes=1)
            found = the_shift(rota, [], at)
            assert found.start <= at < found.end
            if found != shift:
                assert found.start == shift.end
                shift = found


def test_a_skipped_hand_off_happens_when_the_clock_jumps() -> None:
    zone = ZoneInfo("America/New_York")
    rota = Rota(1, "America/New_York", RotaKind.DAILY, 1, datetime(2026, 3, 1, 2, 30, tzinfo=zone), (1, 2))
    hand_offs = [
        the_shift(rota, [], datetime(2026, 3, day, 17, tzinfo=UTC)).start.astimezone(zone) for day in (7, 8, 9)
    ]
    assert [each.strftime("%H:%M") for each in hand_offs] == ["02:30", "03:00", "02:30"]


def test_half_an_hour_can_be_skipped_too() -> None:
    zone = ZoneInfo("Australia/Lord_Howe")
    rota = Rota(1, zone.key, RotaKind.DAILY, 1, datetime(2026, 10, 1, 2, 15, tzinfo=zone), (1, 2))
    shift = the_shift(rota, [], datetime(2026, 10, 4, 12, tzinfo=UTC))
    assert shift.start.astimezone(zone).strftime("%H:%M") == "02:30"


def test_a_monthly_rota_that_starts_on_the_31st_uses_the_last_day() -> None:
    rota = Rota(1, "Asia/Shanghai", RotaKind.MONTHLY, 1, datetime(2026, 1, 31, tzinfo=UTC), (1, 2))
    assert the_shift(rota, [], datetime(2026, 3, 1, tzinfo=UTC)).start == datetime(2026, 2, 28, tzinfo=UTC)


def test_the_later_of_two_overrides_holds() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    rota = Rota(1, "UTC", RotaKind.WEEKLY, 1, start, (1, 2))
    day = timedelta(days=1)
    held = [Override(1, start + day, start + 4 * day, 8), Override(2, start + 2 * day, start + 3 * day, 9)]
    found = [the_shift(rota, held, start + days * day).staff_id for days in range(6)]
    assert found == [1, 8, 9, 8, 1, 1]


def test_before_its_start_a_rota_answers_nobody() -> None:
    rota = Rota(1, "UTC", RotaKind.DAILY, 1, datetime(2026, 1, 2, tzinfo=UTC), (1,))
    assert who_is_on_call(rota, [], datetime(2026, 1, 1, tzinfo=UTC)) is None
