"""A normal month of a thousand homes: what is not the matter rings no phone."""

import sys
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from devices import scenario
from devices.scenario import SimulatedHome, life
from tests.month import Month

HOMES, DAYS = 1000, 30
PATROL_EVERY_S = 300
"""The cameras look in every five minutes, as a registry may say: every minute would only take five times as long."""
START = datetime(2026, 10, 1, tzinfo=UTC)
TRUE = {"button_battery_low", "frequent_presses"}
"""What does happen in such a month: batteries run low, and of a thousand homes some call three times in a week."""


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_of_a_hundred_homes_one_at_most_is_warned_of_in_vain_in_a_week(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(scenario, "PING_EVERY_MS", PATROL_EVERY_S * 1000)
    homes = [SimulatedHome(number, f"btn-{number}", f"cam-{number}") for number in range(1, HOMES + 1)]
    month = Month(homes, START, PATROL_EVERY_S)
    month.live(life(homes, seed=7, start=START), START + timedelta(days=DAYS))
    raised = month.raised()
    in_vain = Counter({rule: count for rule, count in raised.items() if rule not in TRUE})
    allowed = HOMES / 100 * DAYS / 7
    lines = [f"{HOMES} homes, {DAYS} days, {month.looks / HOMES / DAYS:.1f} looks a home and day; warnings raised:"]
    lines += [f"  {rule:20} {count:5}  {'true' if rule in TRUE else 'in vain'}" for rule, count in raised.most_common()]
    lines += [f"in vain: {in_vain.total()}, at most {allowed:.0f} allowed"]
    with capsys.disabled():
        sys.stdout.write("\n" + "\n".join(lines) + "\n")
    assert in_vain.total() <= allowed
    # the month was not silent because nobody looked
    assert raised["button_battery_low"] > HOMES / 20
