"""How does a home's camera speak through Frigate?

Frigate says every minute how its cameras are, and of persons only what changes: an event from the first look to the last, and
a count. Its `available` is retained and its Last Will.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from devices.scenario import Said, SimulatedHome
from devices.voices.base import Standing, Wire, is_online, said_at, whole

CAMERA = "room"
VERSION = "0.16.2-4d58206"


class FrigateCamera:
    """A Frigate with one camera, registered as that camera."""

    def __init__(self, home: SimulatedHome) -> None:
        self._base = str(self.standing(home).topic)
        self._number = home.number
        self._persons = 0
        self._began: datetime | None = None
        self._since: datetime | None = None

    @staticmethod
    def standing(home: SimulatedHome) -> Standing:
        """Return how it is registered: by Frigate's `topic_prefix`."""
        return Standing("frigate", f"frigate/sim-{home.number:04}")

    def say(self, said: Said) -> Sequence[Wire]:
        """Return what Frigate publishes."""
        match said.leaf:
            case "patrol":
                return self._minute(said)
            case "status" if is_online(said):
                self._began = said.at
                return [self._wire("available", b"online", retain=True), self._detects(b"online")]
            case "status":
                return [self._wire("available", b"offline", retain=True)]
            case _:
                return ()

    def _minute(self, said: Said) -> Sequence[Wire]:
        at, persons = said_at(said), whole(said, "persons") or 0
        wires = [self._detects(b"online"), self._stats(at)]
        if persons and self._since is None:
            self._since = at
            wires.append(self._event("new", at))
        elif persons:
            wires.append(self._event("update", at))
        elif self._since is not None:
            wires.append(self._event("end", at))
            self._since = None
        if persons != self._persons:
            self._persons = persons
            wires.append(self._wire(f"{CAMERA}/person", str(persons).encode()))
        return wires

    def _detects(self, state: bytes) -> Wire:
        return self._wire(f"{CAMERA}/status/detect", state)

    def _stats(self, at: datetime) -> Wire:
        uptime_s = 0 if self._began is None else max(0, int((at - self._began).total_seconds()))
        camera = {
            "camera_fps": 5.1,
            "process_fps": 5.1,
            "skipped_fps": 0.0,
            "detection_fps": 0.6,
            "detection_enabled": 1,
        }
        return self._json(
            "stats",
            {
                "cameras": {CAMERA: {**camera, "pid": 314, "capture_pid": 315, "ffmpeg_pid": 316}},
                "detectors": {"cpu1": {"inference_speed": 12.3, "detection_start": 0.0, "pid": 301}},
                "detection_fps": 0.6,
                "service": {"uptime": uptime_s, "version": VERSION, "latest_version": "0.16.2"},
            },
        )

    def _event(self, kind: str, at: datetime) -> Wire:
        since = self._since or at
        seen: dict[str, Any] = {
            "id": f"{since.timestamp():.6f}-s{self._number:05}",
            "camera": CAMERA,
            "frame_time": at.timestamp(),
            "label": "person",
            "sub_label": None,
            "top_score": 0.84,
            "false_positive": False,
            "start_time": since.timestamp(),
            "end_time": at.timestamp() if kind == "end" else None,
            "score": 0.79,
            "box": [412, 190, 587, 602],
            "stationary": False,
            "has_snapshot": True,
            "has_clip": False,
        }
        return self._json("events", {"type": kind, "before": seen, "after": seen})

    def _json(self, leaf: str, says: dict[str, Any]) -> Wire:
        return self._wire(leaf, msgspec.json.encode(says))

    def _wire(self, leaf: str, payload: bytes, *, retain: bool = False) -> Wire:
        return Wire(f"{self._base}/{leaf}", payload, retain)
