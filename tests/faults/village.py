"""A village put into the registry by the API alone, as an administrator's script would."""

from dataclasses import dataclass
from typing import Any

from tests.faults.system import System


@dataclass
class Registered:
    """Ids as the API gave them."""

    home: str
    button: str
    button_password: str | None
    camera: str
    camera_password: str | None
    lan: str
    mei: str


def register(system: System, name: str = "1", *, second_after_s: int = 300) -> Registered:
    """Put areas, a home with a resident, a button and a camera, two responders, a rota and a policy in."""
    post = system.post
    known = {each["code"] for each in system.get("/areas?limit=500")["items"]}
    for body in (
        {"code": "fq", "name": "凤庆县", "level": "county"},
        {"code": "fs", "name": "凤山镇", "level": "township", "parent": "fq"},
        {"code": f"v{name}", "name": f"凤山村{name}", "level": "village", "parent": "fs"},
    ):
        if body["code"] not in known:
            post("/areas", body)
    home = post("/homes", {"address": f"3组 {name}号", "area": f"v{name}", "lat": 24.58, "lon": 99.92})["id"]
    post("/residents", {"name": "张桂英", "home": home, "birth_date": "1944-03-02", "category": ["lives_alone"]})
    passwords: dict[str, Any] = {}
    for uid, kind in ((f"btn-{name}", "button"), (f"cam-{name}", "camera")):
        passwords[uid] = post("/devices", {"uid": uid, "kind": kind, "home": home})["mqtt_password"]
    people = [
        post("/staff", {"name": who, "phone": f"+86138000{number:05}", "area": "fs"})["id"]
        for who, number in ((f"兰晓{name}", 2 * int(name)), (f"梅芳{name}", 2 * int(name) + 1))
    ]
    rota = post(
        "/rotas",
        {
            "name": f"夜班{name}", "area": "fs", "timezone": "Asia/Shanghai", "kind": "weekly", "length": 1,
            "start": "2026-01-05T08:00:00+08:00", "members": [people[0]],
        },
    )["id"]  # fmt: skip
    post(
        "/policies",
        {"area": f"v{name}", "steps": [{"after_s": 0, "rota": rota}, {"after_s": second_after_s, "staff": people[1]}]},
    )
    return Registered(home, f"btn-{name}", passwords[f"btn-{name}"], f"cam-{name}", passwords[f"cam-{name}"], *people)
