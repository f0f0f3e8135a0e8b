"""What does Frigate say of the cameras of a home, and of the persons they see?

A Frigate's base is its `topic_prefix`, an address the camera's name. Its pictures are never subscribed to: what a camera saw
is in a home, and stays there. `PatrolPing.snapshot` is a path of Frigate's own API (`/api/events/ID/snapshot.jpg`), for MQTT
tells no host; whoever may look opens it there. Faces, names and number plates that it recognised are not kept.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from devices.formats.base import Said, own_branch, prefixes
from devices.formats.payload import (
    PERSONS_LIMIT,
    NotReadable,
    address_fits,
    fit_bool,
    fit_number,
    fit_seconds,
    fit_text,
    json_object,
    wrong,
)
from devices.model import Found, PatrolPing, Picture, StatusChange, Telemetry, Unreadable

PAYLOAD_LIMIT = 256 * 1024
"""Bytes of the largest payload that is read: `stats` grow with the host's processes, an event with the path somebody walked."""
CAMERAS_SHOWN = 200
_HEARD = ("available", "events", "stats", "+/person", "+/status/detect", "+/enabled/state")
_EVENT_ID = re.compile(r"[A-Za-z0-9._-]{1,100}")
_FPS_RANGE = (0.0, 1000.0)
_UPTIME_RANGE = (0.0, 10.0**10)


class Frigate:
    """Cameras behind Frigate, 0.12 and later."""

    name = "frigate"
    calls = False

    def filters(self, base: str) -> Sequence[str]:
        """Return the filters under which a base is heard: the same for all of one depth below one first level."""
        first, *below = base.split("/")
        root = "/".join((first, *("+" for _ in below)))
        return tuple(f"{root}/{leaf}" for leaf in _HEARD)

    def grants(self, base: str) -> Sequence[str]:
        """Return what a Frigate may publish and hear."""
        return own_branch(base)

    def split(self, topic: str) -> Iterator[tuple[str, str]]:
        """Yield the ways in which a topic may be (base, rest)."""
        return prefixes(topic)

    def read(self, rest: str, payload: bytes) -> Sequence[Said] | Unreadable:
        """Return what was said under a base, or why it cannot be read."""
        if not address_fits(rest):
            return Unreadable(f"topic below the base has {len(rest)} characters, or some that cannot be kept")
        address = ""
        try:
            match rest.split("/"):
                case ["available"]:
                    return (_available(payload),)
                case ["events"]:
                    return _event(json_object(payload, PAYLOAD_LIMIT))
                case ["stats"]:
                    return _stats(json_object(payload, PAYLOAD_LIMIT))
                case [address, "person"] if address:
                    return (_count(address, payload),)
                case [address, "status", "detect"] if address:
                    return (_status(address, payload),)
                case [address, "enabled", "state"] if address:
                    return _enabled(address, payload)
                case _:
                    # `reviews` and `tracked_object_update` only say more of what `events` told: what, not whether
                    return ()
        except NotReadable as why:
            return Unreadable(str(why), address)


FORMAT = Frigate()


def _available(payload: bytes) -> StatusChange:
    """Read the state of Frigate itself: `offline` is its Last Will, `stopped` that somebody stopped it."""
    word = _word(payload, ("online", "offline", "stopped"))
    return StatusChange("", word == "online", on_purpose=word == "stopped")


def _status(camera: str, payload: bytes) -> StatusChange:
    """Read whether frames come from a camera; Frigate says so again every ten seconds."""
    word = _word(payload, ("online", "offline", "disabled"))
    return StatusChange(camera, word == "online", on_purpose=word == "disabled")


def _enabled(camera: str, payload: bytes) -> Sequence[StatusChange]:
    """Read whether a camera is switched on in Frigate; whether it then works is another question."""
    return () if _word(payload, ("ON", "OFF")) == "ON" else (StatusChange(camera, online=False, on_purpose=True),)


def _word(payload: bytes, known: Sequence[str]) -> str:
    word = payload.strip().decode(errors="replace")
    if word not in known:
        raise wrong("payload", word[:60], f"one of {', '.join(known)}")
    return word


def _count(camera: str, payload: bytes) -> PatrolPing:
    """Read how many persons a camera sees. The message has neither number nor time: its id is empty, its receipt tells it."""
    digits = payload.strip()
    if len(digits) > len(str(PERSONS_LIMIT)) or not digits.isdigit() or int(digits) > PERSONS_LIMIT:
        raise wrong("payload", payload[:60], f"a number from 0 to {PERSONS_LIMIT}")
    return PatrolPing(camera, "", presence=int(digits) > 0, persons=int(digits))


def _event(said: dict[str, Any]) -> Sequence[PatrolPing]:
    """Read that a person was seen. Its id is of the event, its kind and its frame: the same only where the message is."""
    kind, seen = said.get("type"), said.get("after")
    if kind not in ("new", "update", "end"):
        raise wrong("type", kind, '"new", "update" or "end"')
    if not isinstance(seen, dict):
        raise wrong("after", seen, "an object")
    if seen.get("label") != "person" or seen.get("false_positive") is True:
        return ()
    event, camera = seen.get("id"), seen.get("camera")
    if not isinstance(event, str) or not _EVENT_ID.fullmatch(event):
        raise wrong("after.id", event, "an id of 1 to 100 of A-Z a-z 0-9 . _ -")
    if not isinstance(camera, str) or not camera or not address_fits(camera):
        raise wrong("after.camera", camera, "a camera's name")
    at = fit_seconds(seen, "frame_time")
    extra: dict[str, Any] = {"event": event, "type": kind}
    for key, value in (("stationary", fit_bool(seen, "stationary")), ("score", fit_number(seen, "score", 0.0, 1.0))):
        if value is not None:
            extra[key] = value
    return (
        PatrolPing(
            camera,
            f"{event} {kind}" if at is None else f"{event} {kind} {at.timestamp():.6f}",
            at,
            # somebody who went out of the picture was seen, and is not any more; how many are left is said by the count
            presence=None if kind == "end" else True,
            snapshot=f"/api/events/{event}/snapshot.jpg" if seen.get("has_snapshot") is True else None,
            extra=extra,
        ),
    )


def _stats(said: dict[str, Any]) -> Sequence[Said]:
    """Read how Frigate and its cameras are, as it says every minute; before 0.13 the cameras stood beside the rest."""
    results: list[Said] = []
    service = said.get("service")
    if isinstance(service, dict):
        uptime = fit_number(service, "uptime", *_UPTIME_RANGE)
        results.append(
            Telemetry("", fw=fit_text(service, "version"), extra={} if uptime is None else {"uptime": uptime})
        )
    listed = said.get("cameras")
    cameras = listed if isinstance(listed, dict) else said
    shown = 0
    for name, stats in cameras.items():
        if shown == CAMERAS_SHOWN:
            break
        fps = fit_number(stats, "camera_fps", *_FPS_RANGE) if isinstance(stats, dict) else None
        if fps is None or not name or not address_fits(name):
            continue
        shown += 1
        results += _camera(name, fps)
    return results


def _camera(name: str, fps: float) -> Sequence[Said]:
    """Return what a camera's frames a second say of it.

    None at all is a dead camera, or one that is switched off. That is Frigate's word and not the camera's, so the camera has
    said nothing: were it heard here, once a minute, it would come back each time from what `status/detect` says in between,
    `offline` every ten seconds or `disabled` once. Where there is no such topic (before 0.17), its silence tells.
    """
    found = Found(name, name, kind="camera")
    if fps == 0:
        return (found,)
    return found, Telemetry(name, extra={"camera_fps": fps}, picture=Picture.SHOWN)
