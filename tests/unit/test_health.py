"""Is a device well: silence becomes late, then offline, and counts only while we listened."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.health import DeviceState, expectation, judge

START = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.mark.parametrize(
    ("silent_s", "state"),
    [(0, "online"), (89, "online"), (90, "late"), (179, "late"), (180, "offline"), (9_999, "offline")],
)
def test_a_camera_is_late_after_a_period_and_offline_after_three(silent_s: int, state: str) -> None:
    judged = judge(
        expectation("camera", None, None),
        last_seen=START,
        said_offline=False,
        ingest_up_since=START,
        now=START + timedelta(seconds=silent_s),
    )
    assert judged.state == state


def test_a_button_is_silent_for_hours_and_well() -> None:
    judged = judge(
        expectation("button", None, None),
        last_seen=START,
        said_offline=False,
        ingest_up_since=START,
        now=START + timedelta(hours=24),
    )
    assert judged.state is DeviceState.ONLINE


def test_our_own_outage_declares_nobody_offline() -> None:
    now = START + timedelta(hours=3)
    judged = judge(
        expectation("camera", 60, 180), last_seen=START, said_offline=False,
        ingest_up_since=now - timedelta(seconds=30), now=now,
    )  # fmt: skip
    assert judged.state is DeviceState.ONLINE
    assert judged.judge_again_at == now + timedelta(seconds=60)


def test_a_last_will_is_believed() -> None:
    judged = judge(expectation("camera", 60, 180), last_seen=START, said_offline=True, ingest_up_since=START, now=START)
    assert judged.state is DeviceState.OFFLINE


@given(
    st.one_of(st.none(), st.integers(1, 100_000)),
    st.one_of(st.none(), st.integers(1, 100_000)),
    st.integers(0, 400_000),
    st.integers(0, 400_000),
)
def test_a_state_only_gets_worse_with_silence_and_is_judged_again_until_offline(
    every_s: int | None, offline_s: int | None, silent_s: int, more_s: int
) -> None:
    order = [DeviceState.ONLINE, DeviceState.LATE, DeviceState.OFFLINE]
    expected = expectation("sensor", every_s, offline_s)
    first, then = (
        judge(
            expected, last_seen=START, said_offline=False, ingest_up_since=START, now=START + timedelta(seconds=seconds)
        )
        for seconds in (silent_s, silent_s + more_s)
    )
    assert order.index(first.state) <= order.index(then.state)
    if first.state is not DeviceState.OFFLINE:
        assert first.judge_again_at is not None
        assert first.judge_again_at > START + timedelta(seconds=silent_s)
