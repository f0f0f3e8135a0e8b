"""Early warnings: what do changes at homes mean, and who must know? Pure decisions, a module a rule; this lists them.

A new rule is a module with its `RULE`, a line here, its severity in `alerts.model`, its words, and its story.
"""

from collections.abc import Mapping
from typing import Any

from alerts.rules import (
    area_outage,
    battery_draining,
    battery_low,
    button_battery_low,
    camera_blind,
    care_gap,
    clock_wrong,
    device_flapping,
    device_offline,
    fall,
    firmware_outdated,
    frequent_presses,
    hub_offline,
    inactivity,
    never_seen,
    no_presence,
    patrol_missed,
    signal_weak,
    temperature_high,
    temperature_low,
    test_call_overdue,
    unusual_activity,
    visit_elsewhere,
    visit_overdue,
    visit_too_short,
)
from alerts.rules.base import About, Rule

_MODULES = (
    fall,
    no_presence,
    inactivity,
    unusual_activity,
    frequent_presses,
    temperature_low,
    temperature_high,
    care_gap,
    visit_overdue,
    visit_elsewhere,
    visit_too_short,
    area_outage,
    hub_offline,
    device_offline,
    device_flapping,
    patrol_missed,
    camera_blind,
    button_battery_low,
    battery_low,
    battery_draining,
    signal_weak,
    firmware_outdated,
    clock_wrong,
    never_seen,
    test_call_overdue,
)
RULES: Mapping[str, Rule[Any, Any]] = {module.RULE.name: module.RULE for module in _MODULES}
"""Every rule by its name, people first."""
OF_DEVICES = tuple(rule for rule in RULES.values() if rule.about is About.DEVICE and rule.judge is not None)
OF_HOMES = tuple(rule for rule in RULES.values() if rule.about is About.HOME and rule.judge is not None)
