"""What Frigate says is read as it is meant: who was seen, which camera is dead, and nothing brings the reader down."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.formats.base import Said
from devices.formats.frigate import CAMERAS_SHOWN, FORMAT, PAYLOAD_LIMIT
from devices.model import Found, PatrolPing, Picture, StatusChange, Telemetry, Unreadable
from tests.unit.formats.mutations import mutations
from tests.unit.formats.promises import read_safely

SEEN = {
    "id": "1607123955.475377-mxklsc", "camera": "front_door", "frame_time": 1607123962.082975,
    "snapshot": {"frame_time": 1607123965.975463, "box": [415, 489, 528, 700], "area": 12728, "score": 0.77546},
    "label": "person", "sub_label": ["Wang Xiuying", 0.79], "top_score": 0.958984375, "false_positive": False,
    "start_time": 1607123955.475377, "end_time": None, "score": 0.87890625, "box": [432, 496, 544, 854], "area": 40096,
    "ratio": 1.251397, "region": [218, 440, 693, 915], "current_zones": ["yard"], "entered_zones": ["yard"],
    "thumbnail": None, "has_snapshot": False, "has_clip": False, "active": True, "stationary": False,
    "motionless_count": 0, "position_changes": 2, "attributes": {"face": 0.86}, "current_attributes": [],
    "path_data": [[[0.5, 0.9], 1607123956.1]], "recognized_license_plate": None,
}  # fmt: skip
AT = datetime.fromtimestamp(1607123962.082975, UTC)
ID = "1607123955.475377-mxklsc"
STATS: dict[str, Any] = {
    "cameras": {
        "hall": {
            "camera_fps": 5.1, "process_fps": 5.1, "skipped_fps": 0.0, "detection_fps": 0.4, "detection_enabled": True,
            "pid": 321, "capture_pid": 330, "ffmpeg_pid": 334, "audio_rms": 0.0, "audio_dBFS": 0.0,
            "connection_quality": "excellent", "expected_fps": 5, "reconnects_last_hour": 0, "stalls_last_hour": 0,
        },
        "bedroom": {"camera_fps": 0.0, "process_fps": 0.0, "skipped_fps": 0.0, "detection_fps": 0.0, "pid": 322},
    },
    "detectors": {"cpu1": {"inference_speed": 22.1, "detection_start": 0.0, "pid": 300}},
    "camera_fps": 5.1, "process_fps": 5.1, "skipped_fps": 0.0, "detection_fps": 0.4,
    "cpu_usages": {"300": {"cpu": "12.0", "mem": "3.1", "cmdline": "ffmpeg -i rtsp://admin:secret@10.0.0.2/1"}},
    "service": {"uptime": 86461, "version": "0.16.2-4d58206", "latest_version": "0.16.2", "storage": {}},
}  # fmt: skip


def event(kind: str = "new", **seen: Any) -> bytes:
    return json.dumps({"type": kind, "before": SEEN | {"false_positive": True}, "after": SEEN | seen}).encode()


def ping(kind: str, **more: Any) -> PatrolPing:
    said = {"presence": True, "extra": {"event": ID, "type": kind, "stationary": False, "score": 0.87890625}} | more
    return PatrolPing("front_door", f"{ID} {kind} 1607123962.082975", AT, **said)


@pytest.mark.parametrize(
    ("rest", "payload", "said"),
    [
        ("available", b"online", [StatusChange("", online=True)]),
        ("available", b"stopped", [StatusChange("", online=False, on_purpose=True)]),
        ("available", b"offline", [StatusChange("", online=False)]),
        ("hall/status/detect", b"online", [StatusChange("hall", online=True)]),
        ("hall/status/detect", b"offline", [StatusChange("hall", online=False)]),
        ("hall/status/detect", b"disabled", [StatusChange("hall", online=False, on_purpose=True)]),
        ("hall/enabled/state", b"OFF", [StatusChange("hall", online=False, on_purpose=True)]),
        ("hall/enabled/state", b"ON", []),
        ("hall/person", b"2", [PatrolPing("hall", "", presence=True, persons=2)]),
        ("hall/person", b"0", [PatrolPing("hall", "", presence=False, persons=0)]),
        ("events", event(), [ping("new")]),
        ("events", event("update", has_snapshot=True), [ping("update", snapshot=f"/api/events/{ID}/snapshot.jpg")]),
        # out of the picture: no longer seen, but how many are left is not said here
        ("events", event("end", has_snapshot=True, end_time=1607123999.0),
         [ping("end", presence=None, snapshot=f"/api/events/{ID}/snapshot.jpg")]),
        ("events", event(stationary=True),
         [ping("new", extra={"event": ID, "type": "new", "stationary": True, "score": 0.87890625})]),
        ("events", event(frame_time=None, score=None, stationary=None),
         [PatrolPing("front_door", f"{ID} new", presence=True, extra={"event": ID, "type": "new"})]),
        ("events", event(label="cat"), []),
        ("events", event(false_positive=True), []),
        (
            "stats", json.dumps(STATS).encode(),
            [
                Telemetry("", fw="0.16.2-4d58206", extra={"uptime": 86461}),
                Found("hall", "hall", "camera"),
                Telemetry("hall", extra={"camera_fps": 5.1}, picture=Picture.SHOWN),
                Found("bedroom", "bedroom", "camera"),
            ],
        ),
        # as 0.12 and before said it: the cameras beside the rest
        (
            "stats", b'{"hall":{"camera_fps":5.0,"pid":627},"cpu_usages":{"1":{"cpu":"0.0"}},"detection_fps":0.0,"gpus":{}}',
            [Found("hall", "hall", "camera"), Telemetry("hall", extra={"camera_fps": 5.0}, picture=Picture.SHOWN)],
        ),
        # of no interest
        ("hall/person/snapshot", b"\xff\xd8\xff\xe0\x00\x10JFIF", []),
        ("hall/person/active", b"1", []),
        ("hall/cat", b"1", []),
        ("hall/all", b"3", []),
        ("hall/motion", b"ON", []),
        ("hall/status/record", b"offline", []),
        ("hall/detect/state", b"ON", []),
        ("hall/audio/dBFS", b"-40.1", []),
        ("reviews", b'{"type":"new","after":{"camera":"hall","data":{"objects":["person"]}}}', []),
        ("tracked_object_update", b'{"type":"face","id":"1","name":"Wang Xiuying","score":0.95}', []),
        ("camera_activity", b"{}", []),
        ("", b"anything", []),
        ("/person", b"1", []),
    ],
)  # fmt: skip
def test_what_frigate_says_is_read(rest: str, payload: bytes, said: list[Said]) -> None:
    assert read_safely(FORMAT, rest, payload) == said
    assert not isinstance(FORMAT.read(rest, payload), Unreadable)


def test_the_same_event_said_again_has_the_same_id_and_the_next_one_another() -> None:
    said = [
        read_safely(FORMAT, "events", each)[0]
        for each in (event(), event(), event("update"), event(frame_time=1607123970.5))
    ]
    ids = [each.id for each in said if isinstance(each, PatrolPing)]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3


def test_a_camera_without_frames_is_not_heard() -> None:
    said = read_safely(FORMAT, "stats", json.dumps(STATS).encode())
    assert [each for each in said if each.uid == "bedroom"] == [Found("bedroom", "bedroom", "camera")]


def test_no_name_and_no_password_is_kept() -> None:
    kept = repr([FORMAT.read("events", event()), FORMAT.read("stats", json.dumps(STATS).encode())])
    assert "Wang" not in kept
    assert "secret" not in kept


@pytest.mark.parametrize(
    ("rest", "payload", "why"),
    [
        ("available", b"perhaps", "'perhaps'"),
        ("available", b"", "one of online, offline, stopped"),
        ("available", b"online" + b" " * 50 + b"x", "one of online"),
        ("hall/person", b"", "a number from 0 to 1000"),
        ("hall/person", b"-1", "a number"),
        ("hall/person", b"1001", "a number"),
        ("hall/person", b"\xd9\xa3", "a number"),
        ("hall/person", b"9" * 5000, "a number"),
        ("events", b"", "not JSON"),
        ("events", b"[]", "a list, not a JSON object"),
        ("events", b"{}", "`type` is None"),
        ("events", b'{"type":"new","after":5}', "`after` is 5"),
        ("events", event(id="../../secrets"), "`after.id`"),
        ("events", event(id=7), "`after.id` is 7"),
        ("events", event(camera=""), "`after.camera`"),
        ("events", event(camera="x" * 201), "`after.camera`"),
        ("stats", b"{}" + b" " * PAYLOAD_LIMIT, "at most 262144"),
        ("hall/status/detect", b"\xff", "one of online"),
        ("x" * 201 + "/person", b"1", "208 characters"),
    ],
)
def test_what_cannot_be_read_says_why(rest: str, payload: bytes, why: str) -> None:
    said = FORMAT.read(rest, payload)
    assert isinstance(said, Unreadable)
    assert why in said.reason
    assert not said.is_help


def test_a_frigate_with_more_cameras_than_any_home_has_is_read_up_to_a_limit() -> None:
    stats = {"cameras": {f"cam{n}": {"camera_fps": 5} for n in range(300)}}
    said = read_safely(FORMAT, "stats", json.dumps(stats).encode())
    assert sum(isinstance(each, Found) for each in said) == CAMERAS_SHOWN


def test_its_pictures_are_not_subscribed_to() -> None:
    assert FORMAT.filters("frigate/home1") == FORMAT.filters("frigate/home2")
    for base, picture in (("frigate", "frigate/hall/person/snapshot"), ("f/home1", "f/home1/hall/person/snapshot")):
        assert not any(_matches(filter_, picture) for filter_ in FORMAT.filters(base))
    for said in ("available", "events", "stats", "hall/person", "hall/status/detect", "hall/enabled/state"):
        assert sum(_matches(filter_, f"frigate/home1/{said}") for filter_ in FORMAT.filters("frigate/home1")) == 1
        assert sum(_matches(filter_, f"frigate/{said}") for filter_ in FORMAT.filters("frigate")) == 1


def _matches(filter_: str, topic: str) -> bool:
    wanted, levels = filter_.split("/"), topic.split("/")
    return len(wanted) == len(levels) and all(want in ("+", level) for want, level in zip(wanted, levels, strict=True))


SAMPLES = [
    ("available", b"online"),
    ("hall/status/detect", b"disabled"),
    ("hall/enabled/state", b"OFF"),
    ("hall/person", b"1"),
    ("events", event()),
    ("events", event("update", has_snapshot=True, stationary=True)),
    ("events", event("end", has_snapshot=True, end_time=1607123999.0)),
    ("stats", json.dumps(STATS).encode()),
    ("stats", b'{"hall":{"camera_fps":5.0,"pid":627},"service":{"uptime":5,"version":"0.12.1"}}'),
]
LEVELS = st.sampled_from(
    ["available", "events", "stats", "hall", "person", "status", "detect", "enabled", "state", "堂屋", ""]
)
TOPICS = st.text(max_size=30) | st.lists(LEVELS | st.text(max_size=5), max_size=4).map("/".join)
KEYS = st.sampled_from(
    [
        "type", "before", "after", "id", "camera", "label", "frame_time", "false_positive", "has_snapshot", "stationary",
        "score", "cameras", "camera_fps", "service", "uptime", "version", "hall",
    ]
)  # fmt: skip
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.sampled_from(["new", "update", "end", "person", "hall", ID]),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(KEYS | st.text(max_size=4), inside, max_size=6),
    max_leaves=20,
)


@given(TOPICS, st.binary(max_size=200))
def test_any_topic_and_any_bytes_are_a_message_or_a_reason(rest: str, payload: bytes) -> None:
    read_safely(FORMAT, rest, payload)


@given(st.sampled_from(["events", "stats"]), st.dictionaries(KEYS, VALUES, max_size=8))
def test_any_json_is_a_message_or_a_reason(rest: str, said: Any) -> None:
    read_safely(FORMAT, rest, json.dumps(said, ensure_ascii=False).encode("utf-8", "surrogatepass"))


@given(st.dictionaries(KEYS, VALUES, max_size=5))
def test_an_event_with_any_values_is_a_message_or_a_reason(seen: dict[str, Any]) -> None:
    said = json.dumps({"type": "new", "after": SEEN | seen}, ensure_ascii=False)
    read_safely(FORMAT, "events", said.encode("utf-8", "surrogatepass"))


def test_two_thousand_mutations_bring_no_exception() -> None:
    for rest, payload in mutations(SAMPLES, 2000, 20261125):
        read_safely(FORMAT, rest, payload)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_hundred_thousand_mutations_bring_no_exception() -> None:
    for rest, payload in mutations(SAMPLES, 100_000, 1):
        read_safely(FORMAT, rest, payload)
