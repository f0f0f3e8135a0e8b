"""Calendars that people subscribe to: read back as a phone's calendar does, with no session, by a secret that can be revoked."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from icalendar import Calendar

from tests.integration.api_client import Answer, Api
from tests.integration.registry_fixtures import admin, api, staff
from tests.integration.test_api_oncall import rota

__all__ = ["admin", "api"]

NIGHT = {"from": "20:00", "to": "08:00"}


def address(made: Answer) -> str:
    """Return the path of a calendar's address, which begins with the public one."""
    url = str(made["url"])
    assert url.startswith("http://127.0.0.1:8080/api/v1/calendars/")
    return url.removeprefix("http://127.0.0.1:8080")


def fetch(api: Api, path: str) -> httpx.Response:
    """Read an address as a phone's calendar does: without a session."""
    return api.client.get(path)


def entries(api: Api, path: str) -> list[dict[str, Any]]:
    """Return what a calendar makes of it, in order."""
    heard = fetch(api, path)
    assert heard.status_code == 200, heard.text
    assert heard.headers["content-type"] == "text/calendar; charset=utf-8"
    # RFC 5545: lines end with CRLF and have 75 octets at most
    lines = heard.content.split(b"\r\n")
    assert b"\n" not in b"".join(lines)
    assert max(map(len, lines)) <= 75
    read = Calendar.from_ical(heard.content)
    assert (read["version"], read["method"]) == ("2.0", "PUBLISH")
    assert read["prodid"]
    events = list(read.walk("VEVENT"))
    assert all(not event.errors for event in events)
    assert all(event["dtstamp"].dt.tzinfo is not None for event in events)
    for event in events:
        for part in ("dtstart", "dtend"):
            assert event[part].dt.utcoffset() == timedelta(0)
            assert event[part].to_ical().endswith(b"Z")
    found = [
        {
            "uid": str(event["uid"]),
            "summary": str(event["summary"]),
            "start": event["dtstart"].dt,
            "end": event["dtend"].dt,
        }
        for event in events
    ]
    assert len({each["uid"] for each in found}) == len(found)
    return found


def test_a_persons_calendar_shows_his_shifts_of_all_rotas(admin: Api, api: Api) -> None:
    lan, mei = staff(admin), staff(admin, "赵梅")
    night = rota(admin, [lan, mei], name="夜班", windows=[NIGHT])
    other = rota(admin, [mei], name="日班")
    lent = {"rota": other, "from": "2026-11-25T02:00:00Z", "to": "2026-11-25T04:00:00Z", "staff": lan}
    admin.post("/overrides", lent).ok(201)
    made = api.being("responder", "凤庆", staff=lan).post("/calendars", {"staff": lan}).ok(201)
    found = entries(api, address(made))
    # 30 days back and 90 ahead; the rotas began yesterday: of 90 nights and a bit every second
    assert {each["summary"] for each in found} == {"夜班", "日班"}
    assert [(each["start"], each["end"]) for each in found if each["summary"] == "日班"] == [
        (datetime(2026, 11, 25, 2, tzinfo=UTC), datetime(2026, 11, 25, 4, tzinfo=UTC))
    ]
    nights = [each for each in found if each["summary"] == "夜班"]
    assert nights[0]["start"] == datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert all(each["end"] - each["start"] == timedelta(hours=12) for each in nights)
    assert max(each["start"] for each in nights) == datetime(2027, 2, 21, 12, tzinfo=UTC)
    # the turns of both are as the API lists them
    shifts = admin.get(f"/rotas/{night}/shifts", from_="2026-11-23T00:00:00Z", to="2027-02-22T02:13:58Z").items
    mine = [datetime.fromisoformat(each["from"]) for each in shifts if each["staff"] == lan]
    assert [each["start"] for each in nights] == mine


def test_an_entry_keeps_its_uid_as_time_goes_on(admin: Api, api: Api) -> None:
    lan, mei = staff(admin), staff(admin, "赵梅")
    # a turn of three weeks, which began long before what is shown
    long = rota(admin, [lan, mei], kind="weekly", length=3, start="2026-01-05T08:00:00+08:00")
    made = admin.post("/calendars", {"rota": long}).ok(201)
    before = {each["uid"]: (each["start"], each["end"]) for each in entries(api, address(made))}
    admin.clock.forward(timedelta(hours=9))
    after = {each["uid"]: (each["start"], each["end"]) for each in entries(api, address(made))}
    assert len(before) > 5
    assert {uid: after[uid] for uid in before} == before


def test_a_rotas_calendar_shows_who_has_it_and_the_holes(admin: Api, api: Api) -> None:
    lan = staff(admin)
    night = rota(admin, [lan], name="夜班", windows=[NIGHT])
    pause = {"staff": lan, "from": "2026-11-25T00:00:00Z", "to": "2026-11-26T00:00:00Z"}
    admin.post(f"/rotas/{night}/pauses", pause).ok(201)
    found = entries(api, address(admin.post("/calendars", {"rota": night}).ok(201)))
    assert [each["summary"] for each in found[:4]] == ["夜班：李兰", "夜班：李兰", "夜班：无人值班", "夜班：李兰"]
    assert found[2]["start"] == datetime(2026, 11, 25, 12, tzinfo=UTC)


def test_a_calendar_is_in_the_language_of_whose_it_is(admin: Api, api: Api) -> None:
    lan = staff(admin)
    admin.patch(f"/staff/{lan}", {"language": "en"}).ok()
    heard = fetch(api, address(admin.post("/calendars", {"staff": lan}).ok(201)))
    assert "Shifts: 李兰" in heard.text


def test_the_secret_is_kept_as_a_hash_and_can_be_revoked(admin: Api, api: Api) -> None:
    lan, mei = staff(admin), staff(admin, "赵梅")
    mine = api.being("responder", "凤庆", staff=lan)
    made = mine.post("/calendars", {"staff": lan}).ok(201)
    path = address(made)
    token = path.partition("token=")[2]
    ((kept,),) = admin.rows("select token_hash from calendars")
    assert len(token) == 43
    assert token.encode() not in bytes(kept)
    assert fetch(api, path).status_code == 200
    for wrong in (
        path[:-1] + ("A" if path[-1] != "A" else "B"),
        path.replace(f"staff/{lan}.ics", f"staff/{mei}.ics"),
        path.replace(f"staff/{lan}.ics", f"rotas/{lan}.ics"),
        path.partition("?")[0] + "?token=",
    ):
        assert fetch(api, wrong).status_code == 404, wrong
    assert [each["id"] for each in mine.get("/calendars").items] == [made["id"]]
    assert "url" not in mine.get("/calendars").items[0]
    mine.delete(f"/calendars/{made['id']}").ok(204)
    assert fetch(api, path).status_code == 404
    assert mine.get("/calendars").items == []
    mine.delete(f"/calendars/{made['id']}").problem(404)


def test_a_calendar_ends_with_the_person_and_with_its_makers_account(admin: Api, api: Api) -> None:
    lan, mei = staff(admin), staff(admin, "赵梅")
    of_lan = address(admin.post("/calendars", {"staff": lan}).ok(201))
    operator = api.being("operator", "凤庆")
    of_mei = address(operator.post("/calendars", {"staff": mei}).ok(201))
    admin.delete(f"/staff/{lan}").ok(204)
    assert fetch(api, of_lan).status_code == 404
    assert fetch(api, of_mei).status_code == 200
    admin.run("update users set disabled_at = %(now)s where username = %(name)s", name=operator.username)
    assert fetch(api, of_mei).status_code == 404


def test_who_may_make_and_revoke_which(admin: Api, api: Api) -> None:
    lan, wu = staff(admin), staff(admin, "吴强", "manwan")
    away = rota(admin, [wu], "yun")
    responder = api.being("responder", "凤庆", staff=lan)
    responder.post("/calendars", {"staff": wu}).problem(403, "is not you")
    responder.post("/calendars", {"rota": away}).problem(422, f"rota {away}")
    responder.post("/calendars", {}).problem(422, "one of the two")
    responder.post("/calendars", {"staff": lan, "rota": away}).problem(422, "one of the two")
    api.being("operator", "凤庆").post("/calendars", {"staff": wu}).problem(422, f"staff {wu}")
    api.being("viewer").post("/calendars", {"rota": away}).problem(403)
    made = responder.post("/calendars", {"staff": lan}).ok(201)["id"]
    assert api.being("responder", "凤庆").get("/calendars").items == []
    api.being("responder", "凤庆").delete(f"/calendars/{made}").problem(404)
    api.being("operator", "yun").delete(f"/calendars/{made}").problem(404)
    near = api.being("operator", "凤庆")
    assert [each["id"] for each in near.get("/calendars").items] == [made]
    near.delete(f"/calendars/{made}").ok(204)
    done = [(action, what) for _, action, what in admin.audit() if what == f"calendar {made}"]
    assert done == [("add", f"calendar {made}"), ("remove", f"calendar {made}")]
