"""EMQX asks who may connect and do what, by its documented requests; whoever loses his password is cut off."""

from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest
from psycopg_pool import ConnectionPool
from structlog.testing import capture_logs

from devices import registry, upkeep
from gateway.broker import BrokerRefusedUsers
from gateway.emqx import KeptEmqx
from tests.clock import StoryClock
from tests.integration.by_twilio import served
from tests.integration.emqx_stand_in import KEY, SECRET, Emqx, api_of

HOOK = "a secret between brokers"
GATEWAY = ("anju.gateway", "the gateway's own password")


@pytest.fixture
def emqx(pool: ConnectionPool[Any], clock: StoryClock, database: str) -> Iterator[Emqx]:
    with (
        served(pool, clock, database, broker_hook_secret=HOOK, broker_insider=GATEWAY) as place,
        api_of(Emqx(f"{place}/broker/emqx", HOOK)) as made,
    ):
        yield made


@pytest.fixture
def passwords(pool: ConnectionPool[Any], clock: StoryClock) -> dict[str, str]:
    """The passwords of a button, another one, and a hub."""
    now = clock.now()
    with pool.connection() as connection:
        registry.add_area(connection, code="v", name="凤山村", level="village", parent=None)
        home_id = registry.add_home(connection, area="v", address="3组 12号", now=now)
        return {
            uid: registry.add_device(connection, uid=uid, kind=kind, home_id=home_id, topic=topic, now=now)
            for uid, kind, topic in (
                ("btn-1", "button", None),
                ("btn-2", "button", None),
                ("hub-1", "hub", "z2m/house"),
            )
        }


@pytest.mark.parametrize("old", [False, True])
def test_a_device_connects_and_may_do_what_is_its_own(emqx: Emqx, passwords: dict[str, str], old: bool) -> None:
    assert emqx.connect("btn-1", passwords["btn-1"])
    assert emqx.connect("hub-1", passwords["hub-1"])
    before = emqx.asked
    button = {
        ("publish", "anju/v1/btn-1/help"): True,
        ("publish", "anju/v1/btn-1/reply"): False,
        ("publish", "anju/v1/btn-2/help"): False,
        ("subscribe", "anju/v1/btn-1/reply"): True,
        ("subscribe", "anju/v1/btn-2/reply"): False,
        ("subscribe", "anju/v1/#"): False,
        ("subscribe", "#"): False,
        ("publish", "z2m/house/sos"): False,
    }
    for (action, topic), expected in button.items():
        assert emqx.may("dev-btn-1", action, topic, old=old) is expected, (action, topic)
    assert emqx.may("dev-hub-1", "publish", "z2m/house/sos", old=old)
    assert emqx.may("dev-hub-1", "subscribe", "z2m/house/+/set", old=old)
    assert not emqx.may("dev-hub-1", "publish", "z2m/house2/sos", old=old)
    assert (emqx.asked == before) is not old


def test_the_gateway_hears_everything_and_tells_every_home(emqx: Emqx) -> None:
    assert emqx.connect(*GATEWAY, clientid="anju-urgent")
    for old in (False, True):
        assert emqx.may("anju-urgent", "subscribe", "anju/v1/+/help", old=old)
        assert emqx.may("anju-urgent", "publish", "anju/v1/btn-1/reply", old=old)
    assert not emqx.connect(GATEWAY[0], "wrong")


def test_a_device_that_bears_the_gateways_name_gets_none_of_its_rights(
    pool: ConnectionPool[Any], clock: StoryClock, database: str, passwords: dict[str, str]
) -> None:
    with (
        served(pool, clock, database, broker_hook_secret=HOOK, broker_insider=("btn-1", "the gateway's")) as place,
        api_of(Emqx(f"{place}/broker/emqx", HOOK)) as emqx,
    ):
        assert emqx.connect("btn-1", "the gateway's")
        assert not emqx.connect("btn-1", passwords["btn-1"])


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("btn-1", "wrong"), ("btn-1", None), ("btn-1", ""), (None, None), ("btn-9", "x"), ("btn-1\0", "x"),
        ("%", "x"), ("é" * 70, "x"), ("btn-1", "x" * 10_000),
    ],
)  # fmt: skip
def test_a_wrong_password_and_a_stranger_are_refused(
    emqx: Emqx, passwords: dict[str, str], name: str | None, password: str | None
) -> None:
    assert not emqx.connect(name, password)


def test_a_device_whose_password_is_older_than_the_second_hash_is_let_in_by_the_first(
    emqx: Emqx, passwords: dict[str, str], pool: ConnectionPool[Any]
) -> None:
    with pool.connection() as connection:
        connection.execute("update devices set mosquitto_hash = null where uid = 'btn-1'")
    assert emqx.connect("btn-1", passwords["btn-1"])
    assert not emqx.connect("btn-1", passwords["btn-2"])


def test_a_password_written_by_the_version_before_leaves_no_old_one_valid(
    emqx: Emqx, passwords: dict[str, str], pool: ConnectionPool[Any]
) -> None:
    from devices.passwords import hash_of

    with pool.connection() as connection:
        connection.execute("update devices set password_hash = %s where uid = 'btn-1'", (hash_of("new"),))
    assert not emqx.connect("btn-1", passwords["btn-1"])
    assert emqx.connect("btn-1", "new")


def test_whoever_does_not_know_the_secret_learns_nothing(
    emqx: Emqx, passwords: dict[str, str], pool: ConnectionPool[Any], clock: StoryClock, database: str
) -> None:
    body = {"username": "btn-1", "password": passwords["btn-1"], "clientid": "c"}
    for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": HOOK}):
        assert httpx.post(f"{emqx.hooks}/auth", json=body, headers=headers).status_code == 403
        assert httpx.post(f"{emqx.hooks}/acl", json=body, headers=headers).status_code == 403
    with served(pool, clock, database) as place:
        answer = httpx.post(f"{place}/broker/emqx/auth", json=body, headers={"authorization": "Bearer None"})
        assert answer.status_code == 404


def test_no_password_is_in_a_log_or_an_answer_and_nothing_is_audited(
    emqx: Emqx, passwords: dict[str, str], pool: ConnectionPool[Any]
) -> None:
    headers = {"authorization": f"Bearer {HOOK}"}
    typed = headers | {"content-type": "application/json"}
    secret = "what nobody may read"
    with capture_logs() as said:
        emqx.connect("btn-1", passwords["btn-1"])
        emqx.connect("btn-1", secret)
        for odd in (
            {"username": ["btn-1"], "password": {"a": secret}},
            [secret],
            secret,
            {"username": "btn-1", "password": 7, "more": secret},
        ):
            answer = httpx.post(f"{emqx.hooks}/auth", json=odd, headers=headers)
            assert answer.json()["result"] == "deny"
            assert secret not in answer.text
        broken = httpx.post(f"{emqx.hooks}/auth", content=f'{{"password": "{secret}"', headers=typed)
        assert broken.status_code == 422
        assert secret not in broken.text
    assert secret not in str(said)
    assert passwords["btn-1"] not in str(said)
    with pool.connection() as connection:
        row = connection.execute("select count(*) from audit where action <> 'add'").fetchone()
    assert row == (0,)


def test_whoever_loses_his_password_is_cut_off_and_the_others_stay(
    emqx: Emqx, passwords: dict[str, str], database: str, clock: StoryClock
) -> None:
    keeper = KeptEmqx(emqx.url, KEY, SECRET, frozenset({GATEWAY[0]}))
    for uid, password in passwords.items():
        assert emqx.connect(uid, password)
    assert emqx.connect(*GATEWAY, clientid="anju-urgent")
    everybody = {"dev-btn-1", "dev-btn-2", "dev-hub-1", "anju-urgent"}
    with psycopg.connect(database, autocommit=True) as connection:
        keeper.bring_up(connection)
        assert set(emqx.clients) == everybody
        registry.new_password(connection, "btn-1", clock.now())
        keeper.bring_up(connection)
        assert set(emqx.clients) == everybody - {"dev-btn-1"}
        connection.execute("update devices set topic = 'z2m/else' where uid = 'hub-1'")
        keeper.bring_up(connection)
        assert set(emqx.clients) == {"dev-btn-2", "anju-urgent"}
        assert not emqx.connect("btn-1", passwords["btn-1"])
        # a follower that was away sees who is not registered any more
        upkeep.remove_device(connection, "btn-2", clock.now())
        KeptEmqx(emqx.url, KEY, SECRET, frozenset({GATEWAY[0]})).bring_up(connection)
    assert set(emqx.clients) == {"anju-urgent"}


def test_an_api_that_refuses_or_is_away_is_said(emqx: Emqx, database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        for url, secret, why in ((emqx.url, "wrong", "answers 401"), ("http://127.0.0.1:9", SECRET, "does not answer")):
            with pytest.raises(BrokerRefusedUsers, match=why) as told:
                KeptEmqx(url, KEY, secret, frozenset()).bring_up(connection)
            assert secret not in str(told.value)
