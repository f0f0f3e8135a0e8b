"""Each known button's and radar's word is help, a press, or nothing of the kind."""

import json
from typing import Any

import pytest

from devices.formats.base import Said
from devices.formats.zigbee2mqtt import FORMAT
from devices.model import Alarm, Found, Press, Source, Unreadable
from tests.unit.formats.zigbee_samples import CALLS, action, device


@pytest.mark.parametrize(("model", "payload", "certain"), CALLS, ids=[f"{n} {m}" for n, (m, _, _) in enumerate(CALLS)])
def test_a_press_of_each_known_model_is_a_press(model: str, payload: str, certain: bool) -> None:
    first = _said("bedroom/sos", payload)[0]
    said = json.loads(payload)
    assert isinstance(first, Press)
    assert (first.uid, first.action, first.certain) == ("bedroom/sos", said.get("action", said.get("click")), certain)
    assert first.battery == (None if "battery" not in said else round(said["battery"]))


@pytest.mark.parametrize(
    ("model", "payload", "alarm"),
    [
        (
            "Feibit SEB01ZB",
            '{"sos":true,"battery_low":false,"tamper":false,"battery":100}',
            Alarm("n", True, battery=100),
        ),
        ("Feibit SEB01ZB", '{"sos":false,"battery_low":false,"tamper":false}', Alarm("n", False)),
        ("Daewoo WKE502Z", '{"armed":false,"sos_alarm":true,"user_id":"3"}', Alarm("n", True)),
        ("Daewoo WKE502Z", '{"armed":false,"sos_alarm":false}', Alarm("n", False)),
        ("OWON PB206", '{"sos":true,"battery_low":false}', Alarm("n", True)),
        ("both of its alarms", '{"sos_alarm_1":false,"sos_alarm_2":true}', Alarm("n", True)),
        ("own makes on PTVO", '{"sos_l1":true,"contact_l2":false}', Alarm("n", True)),
        ("own makes on PTVO", '{"sos":"ON"}', Alarm("n", True)),
        ("Heiman radar", '{"occupancy":true,"fall_status":"fall_alarm"}', Alarm("n", True, source=Source.FALL)),
        ("Heiman radar", '{"occupancy":true,"fall_status":"fall_warning"}', Alarm("n", False)),
        ("Heiman radar", '{"occupancy":false,"fall_status":"normal"}', Alarm("n", False)),
        ("Tuya radar", '{"presence":true,"fall_down_status":"fall"}', Alarm("n", True, source=Source.FALL)),
        ("Tuya radar", '{"presence":true,"fall_down_status":"maybe_fall"}', Alarm("n", False)),
        ("OWON FDS315", '{"status":"falling","breathing_rate":14}', Alarm("n", True, source=Source.FALL)),
        ("OWON FDS315", '{"status":"on_the_bed","breathing_rate":14}', Alarm("n", False)),
        ("own makes", '{"fall":true}', Alarm("n", True, source=Source.FALL)),
    ],
)
def test_a_state_that_calls_for_help_is_an_alarm(model: str, payload: str, alarm: Alarm) -> None:
    assert _said("n", payload)[0] == alarm


@pytest.mark.parametrize(
    "word",
    [
        "off", "disarm", "arm_all_zones", "arm_day_zones", "arm_night_zones", "arm_partial_zones", "arm_stay", "arm_away",
        "arm_home", "arming_away", "exit_delay", "entry_delay", "not_ready", "in_alarm", "release", "released", "hold_release",
        "button_1_release", "release_3_and_4", "brightness_stop", "brightness_stop_1", "color_temperature_move_stop",
        "brightness_move_stop", "hue_stop_3", "stop_move_step_2", "stopped", "none", "", " ", "OFF",
    ],
)  # fmt: skip
def test_what_is_no_press_is_none(word: str) -> None:
    for rest, payload in (("n", json.dumps({"action": word, "battery": 50})), ("n/action", word)):
        assert not [each for each in _said(rest, payload) if isinstance(each, Press)]


@pytest.mark.parametrize(
    ("word", "certain"),
    [
        ("single", False), ("double", False), ("triple", False), ("hold", False), ("long", False), ("on", False),
        ("toggle", False), ("press", False), ("click", False), ("1_single", False), ("single_left", False),
        ("button_1_double", False), ("up_hold", False), ("recall_1", False), ("scene_3", False), ("stop", False),
        ("off_1", False), ("off_double", False),
        ("press_or_release_all", False), ("boost_cancel", False), ("something_new", False), ("按下", False),
        ("emergency", True), ("panic", True), ("sos", True), ("SOS", True), ("panic_2", True), ("emergency_right", True),
    ],
)  # fmt: skip
def test_every_other_word_is_a_press_and_some_are_help(word: str, certain: bool) -> None:
    assert _said("n/action", word) == [Press("n", word, certain)]


@pytest.mark.parametrize(
    ("exposes", "kind"),
    [
        ([action("emergency"), {"name": "battery", "type": "numeric"}], "button"),
        ([{"name": "sos", "type": "binary"}], "button"),
        ([action("single", "double", "hold", "off")], "button"),
        ([action("off", "disarm")], "sensor"),
        ([action("1_single", "2_hold")], "button"),
        ([action("shake", "vibration", "tilt", "fall")], "sensor"),
        ([{"type": "switch", "features": []}, action("single")], None),
        ([{"type": "light"}], None),
        ([{"type": "light"}, action("panic")], "button"),
        ([{"name": "occupancy", "type": "binary"}], "sensor"),
        ([{"name": "fall_status", "type": "enum"}], "sensor"),
        ([{"name": "status", "type": "enum", "values": ["falling"]}], "sensor"),
        ([], None),
    ],
)
def test_a_found_devices_kind_is_guessed_from_what_it_can_say(exposes: list[dict[str, Any]], kind: str | None) -> None:
    assert _said("bridge/devices", json.dumps([device("n", exposes)])) == [Found("n", "n", kind, "M", "V")]


def _said(rest: str, payload: str) -> list[Said]:
    said = FORMAT.read(rest, payload.encode())
    assert not isinstance(said, Unreadable), said
    return list(said)
