"""What do Zigbee2MQTT's devices say when somebody calls for help, and how does a hub list them?"""

from typing import Any

SOS_DEVICE = {
    "ieee_address": "0xa4c138d2b1a3c0ff", "type": "EndDevice", "network_address": 41567, "supported": True,
    "friendly_name": "bedroom/sos", "disabled": False, "description": None, "power_source": "Battery",
    "software_build_id": None, "date_code": "", "model_id": "TS0215A", "manufacturer": "_TZ3000_4fsgukof",
    "interview_completed": True,
    "definition": {
        "model": "TS0215A_sos", "vendor": "Tuya", "description": "SOS button", "supports_ota": False, "options": [],
        "exposes": [
            {"access": 1, "name": "battery", "property": "battery", "type": "numeric", "unit": "%", "value_max": 100},
            {"access": 1, "name": "action", "property": "action", "type": "enum", "values": ["emergency"]},
            {"access": 1, "name": "linkquality", "property": "linkquality", "type": "numeric", "unit": "lqi"},
        ],
    },
    "endpoints": {"1": {"bindings": [], "clusters": {"input": ["genBasic"], "output": ["ssIasAce"]}}},
}  # fmt: skip
COORDINATOR = {
    "ieee_address": "0x00124b0024c1",
    "type": "Coordinator",
    "friendly_name": "Coordinator",
    "definition": None,
}


def device(name: str, exposes: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {
        "type": "EndDevice",
        "friendly_name": name,
        "definition": {"model": "M", "vendor": "V", "exposes": exposes},
    } | more


def action(*values: str) -> dict[str, Any]:
    return {"name": "action", "property": "action", "type": "enum", "values": list(values)}


# maker and model as zigbee-herdsman-converters names them, what it sends when help is called for, and what is read of it
CALLS: list[tuple[str, str, bool]] = [
    ("ADEO LDSENK09", '{"action":"panic","linkquality":110}', True),
    (
        "Centralite 3400-D",
        '{"action":"emergency","action_code":null,"battery":85,"tamper":false,"linkquality":96}',
        True,
    ),
    (
        "Climax KP-23EL-ZBS-ACE",
        '{"action":"emergency","battery_low":false,"tamper":false,"restore_reports":true}',
        True,
    ),
    ("Climax KP-23EL-ZBS-ACE", '{"action":"panic","battery_low":false,"tamper":false,"linkquality":140}', True),
    ("Develco KEYZB-110", '{"action":"emergency","action_transaction":12,"battery_low":false,"voltage":3900}', True),
    ("Feibit NZRC106W-M2", '{"action":"panic","battery":100,"linkquality":78}', True),
    ("Heiman HS1RC-N", '{"action":"emergency","battery":100,"linkquality":60}', True),
    ("Heiman HM1RC-2-E", '{"action":"emergency","action_group":0,"battery":97.5}', True),
    ("Heiman HS1RC-EM", '{"action":"emergency","battery":100,"voltage":3000}', True),
    ("Heiman HS1EB/HS1EB-E", '{"action":"single","battery":98,"linkquality":51}', False),
    ("Heiman HS1EB/HS1EB-E", '{"action":"double","battery":98,"linkquality":51}', False),
    ("Heiman HS1EB/HS1EB-E", '{"action":"hold","battery":98,"linkquality":51}', False),
    ("Hive KEYPAD001", '{"action":"panic","battery":60,"battery_low":false,"occupancy":true,"tamper":false}', True),
    ("Immax 07046L", '{"action":"panic","linkquality":100}', True),
    ("Immax 07505L", '{"action":"sos","battery":100,"tamper":false,"admin_code":"1234"}', True),
    ("Linkind ZS130000078", '{"action":"panic","action_code":"","battery":70,"occupancy":true,"voltage":2700}', True),
    ("Linkind ZS130000178", '{"action":"panic","linkquality":90}', True),
    ("Loginovo ZG-101Z", '{"action":"sos","battery_low":false,"linkquality":105}', True),
    ("Loginovo ZG-101Z", '{"action":"emergency","battery_low":false,"linkquality":105}', True),
    ("MultIR MIR-SO100", '{"action":"single","battery":100,"voltage":3000}', False),
    ("MultIR MIR-SO100", '{"action":"hold","battery":100,"voltage":3000}', False),
    ("ORVIBO SE20-O", '{"action":"single","linkquality":33}', False),
    ("ORVIBO SE21", '{"action":"double","linkquality":33}', False),
    ("Smart9 S9ZGBRC01", '{"action":"emergency","battery":100}', True),
    ("SmartThings IM6001-BTP01", '{"action":"hold","battery":100,"temperature":21.4}', False),
    ("SONOFF SNZB-01-KF", '{"action":"single","battery":100,"voltage":3000}', False),
    ("Swann SWO-KEF1PA", '{"action":"panic","linkquality":66}', True),
    ("Technicolor XHK1-TC", '{"action":"emergency","battery":55,"temperature":19,"voltage":2700,"contact":true}', True),
    ("Tuya TS0215A_remote", '{"action":"emergency","battery":100,"linkquality":120}', True),
    ("Tuya TS0215A_sos", '{"action":"emergency","battery":100,"voltage":3000,"linkquality":134}', True),
    ("Tuya TS0218", '{"action":"emergency","battery":100}', True),
    ("Tuya TS0601_sos", '{"action":"emergency","battery":100,"linkquality":149}', True),
    ("Universal Electronics XHK1-UE", '{"action":"emergency","battery":55}', True),
    ("Universal Electronics UEHK2AZ0", '{"action":"emergency","battery":55}', True),
    ("two of its buttons", '{"action":"emergency_2"}', True),
    ("version 1.17 and before", '{"click":"single","battery":90}', False),
]
