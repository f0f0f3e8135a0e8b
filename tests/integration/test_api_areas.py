"""The tree of areas by plain HTTP: what lies where, and what moves with what."""

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

from tests.integration.api_client import Api
from tests.integration.registry_fixtures import admin, api, home

__all__ = ["admin", "api"]


def test_the_tree_is_listed_from_the_top_down(admin: Api) -> None:
    everything = {"lincang", "凤庆", "yun", "luodang", "anshi", "manwan"}
    codes = [each["code"] for each in admin.get("/areas").items]
    assert set(codes) == everything
    for each in admin.get("/areas").items:
        if each["parent"] is not None:
            assert codes.index(each["parent"]) < codes.index(each["code"])
    assert [each["code"] for each in admin.get("/areas", parent="lincang", level="county", q="YU").items] == ["yun"]
    assert {each["code"] for each in admin.get("/areas", area="凤庆").items} == {"凤庆", "luodang", "anshi"}


def test_a_level_may_be_left_out_but_not_turned_round(admin: Api) -> None:
    admin.post("/areas", {"code": "dist", "name": "x", "level": "village", "parent": "凤庆"}).ok(201)
    for level in ("city", "county", "township"):
        body = {"code": "wrong", "name": "x", "level": level, "parent": "luodang"}
        admin.post("/areas", body).problem(422, f"a {level} cannot lie in a township", "name another")
    admin.patch("/areas/luodang", {"level": "village"}).problem(422, "a village cannot lie in a village")


def test_what_lies_below_an_area_moves_with_it(admin: Api) -> None:
    place = home(admin)
    admin.patch("/areas/luodang", {"parent": "yun"}).ok()
    assert [each["id"] for each in admin.get("/homes", area="yun").items] == [place]
    assert admin.get("/homes", area="凤庆").items == []
    assert admin.rows("select path from areas where code = 'anshi'") == [("/lincang/yun/luodang/anshi/",)]
    assert admin.get("/areas/luodang")["parent"] == "yun"


def test_an_area_cannot_lie_in_itself(admin: Api) -> None:
    admin.post("/areas", {"code": "deep", "name": "x", "level": "village", "parent": "luodang"}).ok(201)
    admin.patch("/areas/凤庆", {"parent": "凤庆"}).problem(422)
    admin.patch("/areas/凤庆", {"level": "county", "parent": "luodang"}).problem(422)


def test_moving_areas_at_the_same_time_leaves_no_path_behind(admin: Api) -> None:
    def add(number: int) -> int:
        body = {"code": f"v{number}", "name": "x", "level": "village", "parent": "luodang"}
        return admin.post("/areas", body).status

    def move(number: int) -> int:
        return admin.patch("/areas/luodang", {"parent": ("yun", "凤庆")[number % 2]}).status

    with ThreadPoolExecutor(4) as several:
        added, moved = several.map(add, range(30)), several.map(move, range(31))
    assert {*added} == {201}
    assert {*moved} == {200}
    wrong = admin.rows(
        "select child.code from areas as child join areas as parent on parent.code = child.parent"
        " where child.path <> parent.path || child.code || '/'"
    )
    assert wrong == []


def test_a_code_that_cannot_be_a_part_of_a_path_is_refused(admin: Api) -> None:
    for code in ("a/b", "a b", "a\tb", "", "a\\b", "..", "x" * 65, "a\u3000b"):
        refused = admin.post("/areas", {"code": code, "name": "x", "level": "city"}).problem(422)
        assert [each["field"] for each in refused["errors"]] == ["code"]


def test_a_code_may_hold_anything_else(admin: Api) -> None:
    for code in ("100%", "a_b", "临沧市", "530921.103", "a'b\"c", "é"):
        admin.post("/areas", {"code": code, "name": "x", "level": "city"}).ok(201)
        assert admin.get(f"/areas/{quote(code)}").ok()["code"] == code
        assert admin.get("/areas", area=code).items[0]["code"] == code
        admin.delete(f"/areas/{quote(code)}").ok(204)


def test_an_area_may_want_every_phone_tried(admin: Api) -> None:
    assert admin.get("/areas/anshi").ok()["shift_test"] is False
    assert admin.patch("/areas/anshi", {"shift_test": True}).ok()["shift_test"] is True
    assert admin.patch("/areas/anshi", {"name": "安石村"}).ok()["shift_test"] is True
    admin.patch("/areas/anshi", {"shift_test": None}).problem(422)
