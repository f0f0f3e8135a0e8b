"""What was written, what could not be read, and who looked: messages, quarantine and audit over real HTTP."""

import base64
from datetime import timedelta

import pytest

from api import audit
from tests.integration.api_client import Api
from tests.integration.work_fixtures import api, village
from tests.stories.village import Village, step

__all__ = ["api", "village"]


# Messages -------------------------------------------------------------------------------------------------------------


def test_a_message_is_read_as_the_contract_shows_it(api: Api, village: Village) -> None:
    home = village.home("凤山村", policy=[step(0, "lan")])
    home.press()
    lan = village.phone("lan")
    (message,) = api.being("operator").get("/messages").items
    words = lan.messages()[0][1]
    wanted = {
        "alert": str(home.alert().id), "staff": str(lan.staff_id), "staff_name": "lan", "to": lan.number,
        "channel": "sms", "purpose": "tell", "text": words, "segments": 1, "state": "delivered", "error": None,
    }  # fmt: skip
    assert {key: message[key] for key in wanted} == wanted
    assert message["id"]
    assert message["created_at"] <= message["delivered_at"]
    assert set(message) == {*wanted, "id", "sid", "attempts", "created_at", "sent_at", "delivered_at"}


def test_messages_are_found_by_alert_person_and_state(api: Api, village: Village) -> None:
    homes = [village.home(area, policy=[step(0, "lan"), step("1 min", "mei")]) for area in ("凤山村", "安石村")]
    for home in homes:
        home.press()
        village.forward(minutes=1)
    village.run("update messages set state = 'failed' where staff_id = %(mei)s", mei=village.phone("mei").staff_id)
    operator = api.being("operator")
    messages = operator.all("/messages", limit=2)
    assert [int(each["id"]) for each in messages] == sorted((int(each["id"]) for each in messages), reverse=True)
    alert, mei = str(homes[0].alert().id), str(village.phone("mei").staff_id)

    def expected(key: str, *values: str) -> list[str]:
        return [each["id"] for each in messages if each[key] in values]

    def ids(**query: str) -> list[str]:
        return [each["id"] for each in operator.all("/messages", limit=1, **query)]

    assert len(messages) >= 4
    assert ids(alert=alert) == expected("alert", alert)
    assert ids(staff=mei) == expected("staff", mei)
    assert ids(state="failed") == expected("state", "failed")
    assert ids(state="failed,delivered") == expected("state", "failed", "delivered")
    neighbour = api.being("operator", area="安石村")
    assert [each["id"] for each in neighbour.all("/messages")] == expected("alert", str(homes[1].alert().id))
    for query in ({"state": "lost"}, {"state": "open"}, {"alert": "x"}, {"staff": "-1"}, {"cursor": "WyJhIl0"}):
        operator.get("/messages", **query).problem(422)


def test_a_message_about_no_alert_is_its_persons_areas(api: Api, village: Village) -> None:
    village.area("凤山村")
    village.run(
        "insert into messages (staff_id, recipient, channel, purpose, text, language, created_at, expires_at)"
        " values (%(lan)s, '+4915100000000', 'sms', 'inform', 'x', 'en', %(now)s, %(now)s)",
        lan=village.phone("lan").staff_id,
    )
    assert len(api.being("operator", area="city").get("/messages").items) == 1
    assert api.being("operator", area="凤山村").get("/messages").items == []


@pytest.mark.parametrize("role", ["viewer", "responder"])
def test_who_is_below_an_operator_reads_nobodys_messages(api: Api, role: str) -> None:
    api.being(role).get("/messages").problem(403)


# Quarantine -----------------------------------------------------------------------------------------------------------


def test_what_cannot_be_read_is_shown_with_its_bytes_and_the_reason(api: Api, village: Village) -> None:
    home = village.home("凤山村")
    home.says("telemetry", '{"battery": 火}\x00\xff'.encode("utf-8", "surrogateescape") + b"\xff")
    home.says("help", b"\x00\xffhelp")
    help_call, reading = api.being("admin").get("/quarantine").items
    assert help_call["alert"] == str(home.alert().id)
    assert (reading["alert"], reading["device"]) == (None, home.button)
    assert reading["topic"] == f"anju/v1/{home.button}/telemetry"
    assert base64.b64decode(help_call["base64"]) == b"\x00\xffhelp"
    assert help_call["text"] == "\\x00\\xffhelp"
    assert "火" in reading["text"]
    assert (reading["size"], bool(reading["reason"])) == (len(base64.b64decode(reading["base64"])), True)


def test_the_quarantine_is_read_in_pages_the_newest_first(api: Api, village: Village) -> None:
    home = village.home("凤山村")
    for number in range(5):
        home.says("telemetry", f"not json {number}".encode())
    pages = api.being("admin").pages("/quarantine", limit=2)
    assert [[row["text"] for row in page] for page in pages] == [
        ["not json 4", "not json 3"], ["not json 2", "not json 1"], ["not json 0"],
    ]  # fmt: skip


def test_an_administrator_sees_the_quarantine_of_his_area_and_strangers_only_from_the_top(
    api: Api, village: Village
) -> None:
    here, there = village.home("凤山村"), village.home("安石村")
    here.says("telemetry", b"here")
    there.says("telemetry", b"there")
    here.says("telemetry", b'{"battery": 50}', uid="stranger-1")

    def seen(area: str | None) -> list[str]:
        return [row["text"] for row in api.being("admin", area=area).all("/quarantine")]

    assert seen(None) == seen("city") == ['{"battery": 50}', "there", "here"]
    assert seen("凤山村") == ["here"]
    assert seen("county") == ["there", "here"]


@pytest.mark.parametrize("path", ["/quarantine", "/audit"])
@pytest.mark.parametrize("role", ["viewer", "responder", "operator"])
def test_only_administrators_read_it(api: Api, path: str, role: str) -> None:
    api.being(role).get(path).problem(403, "admin")
    api.get(path).problem(401)


# Audit ----------------------------------------------------------------------------------------------------------------


def written(api: Api, village: Village) -> None:
    """Write rows a minute apart: in two villages, and about nothing that has a place."""
    for area in ("凤山村", "安石村"):
        village.area(area)
    rows = [
        ("wang", "read", "resident 1", "凤山村"), ("wang", "change", "home 1", "凤山村"),
        ("li", "read", "resident 2", "安石村"), ("system", "add", "user 1", None), ("li", "read", "resident 1", "凤山村"),
    ]  # fmt: skip
    for who, action, about, area in rows:
        village.clock.forward(timedelta(minutes=1))
        with api.pool.connection() as connection:
            audit.record(
                connection,
                who,
                action=action,
                object=about,
                area=area,
                detail={"x": [1, None]},
                now=village.clock.now(),
            )


def test_the_audit_log_says_who_did_what_the_newest_first(api: Api, village: Village) -> None:
    written(api, village)
    rows = api.being("admin").all("/audit", limit=2)
    assert [(row["who"], row["action"], row["object"], row["area"]) for row in rows] == [
        ("li", "read", "resident 1", "凤山村"), ("system", "add", "user 1", None), ("li", "read", "resident 2", "安石村"),
        ("wang", "change", "home 1", "凤山村"), ("wang", "read", "resident 1", "凤山村"),
    ]  # fmt: skip
    assert rows[0]["detail"] == {"x": [1, None]}
    assert len({row["id"] for row in rows}) == 5


def test_the_audit_log_is_asked_for_one_person_one_thing_one_hour(api: Api, village: Village) -> None:
    written(api, village)
    admin = api.being("admin")
    rows = admin.all("/audit")

    def ids(**query: str) -> list[str]:
        return [row["id"] for row in admin.all("/audit", limit=1, **query)]

    assert ids(who="li") == [row["id"] for row in rows if row["who"] == "li"]
    assert ids(action="read") == [row["id"] for row in rows if row["action"] == "read"]
    assert ids(object="resident 1") == [row["id"] for row in rows if row["object"] == "resident 1"]
    assert ids(who="li", object="resident 1") == [rows[0]["id"]]
    assert ids(from_=rows[3]["at"], to=rows[0]["at"]) == [row["id"] for row in rows[1:4]]
    assert ids(who="nobody") == []


def test_an_administrator_reads_the_audit_of_his_area(api: Api, village: Village) -> None:
    written(api, village)
    neighbour = api.being("admin", area="安石村")
    assert [row["object"] for row in neighbour.all("/audit")] == ["resident 2"]
    assert len(api.being("admin", area="county").all("/audit")) == 4
