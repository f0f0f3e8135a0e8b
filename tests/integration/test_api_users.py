"""Users by plain HTTP: who may log in, and that nobody gives more than he has."""

from concurrent.futures import ThreadPoolExecutor

from api import accounts
from tests.integration.api_client import PASSWORD, Api
from tests.integration.registry_fixtures import admin, api, staff

__all__ = ["admin", "api"]


def test_a_new_user_logs_in_with_the_password_of_the_answer(admin: Api, api: Api) -> None:
    lan = staff(admin)
    body = {"username": "lan", "role": "responder", "area": "anshi", "staff": lan, "language": "en"}
    made = admin.post("/users", body).ok(201)
    assert body.items() <= made.body.items()
    me = api.logged_in("lan", made["password"]).get("/session").ok()
    assert (me["id"], me["role"], me["area"], me["staff"], me["name"]) == (
        made["id"],
        "responder",
        "anshi",
        lan,
        "李兰",
    )
    read = admin.get(f"/users/{made['id']}").ok().body
    assert read == {name: value for name, value in made.body.items() if name != "password"}
    (stored,) = admin.rows("select password_hash from users where username = 'lan'")[0]
    assert made["password"] not in stored
    assert stored.startswith("$argon2id$")


def test_a_new_one_time_password_ends_the_old_one_and_its_sessions(admin: Api, api: Api) -> None:
    made = admin.post("/users", {"username": "lan", "role": "viewer"}).ok(201)
    lan = api.logged_in("lan", made["password"])
    new = admin.post(f"/users/{made['id']}/password").ok(201)["password"]
    lan.get("/session").problem(401, "the session is over")
    api.post("/session", {"username": "lan", "password": made["password"]}).problem(401)
    api.logged_in("lan", new).get("/session").ok()


def test_a_removed_user_is_out_at_once_and_his_name_stays_his(admin: Api, api: Api) -> None:
    lan = api.being("operator", username="lan")
    user = admin.get("/users", q="lan").items[0]["id"]
    admin.delete(f"/users/{user}").ok(204)
    lan.get("/session").problem(401)
    api.post("/session", {"username": "lan", "password": PASSWORD}).problem(401)
    admin.get(f"/users/{user}").problem(404)
    admin.delete(f"/users/{user}").problem(404)
    admin.post(f"/users/{user}/password").problem(404)
    admin.post("/users", {"username": "lan", "role": "viewer"}).problem(409, "user lan", "choose another")


def test_another_role_holds_from_the_next_request_on(admin: Api, api: Api) -> None:
    lan = api.being("viewer", "anshi", username="lan")
    user = admin.get("/users", role="viewer", area="anshi").items[0]["id"]
    lan.get("/users").problem(403)
    changed = admin.patch(f"/users/{user}", {"role": "admin", "area": "凤庆"}).ok()
    assert (changed["role"], changed["area"], changed["username"]) == ("admin", "凤庆", "lan")
    assert [each["username"] for each in lan.get("/users").items] == ["lan"]
    admin.patch(f"/users/{user}", {"username": "mei"}).problem(422, "there is no such key")
    admin.patch(f"/users/{user}", {"role": None}).problem(422)


def test_only_administrators_see_users(admin: Api, api: Api) -> None:
    user = admin.post("/users", {"username": "wu", "role": "viewer"}).ok(201)["id"]
    for role in ("viewer", "responder", "operator"):
        caller = api.being(role)
        for method, path in (("GET", "/users"), ("POST", "/users"), ("GET", f"/users/{user}"), ("PATCH", f"/users/{user}"),
                             ("DELETE", f"/users/{user}"), ("POST", f"/users/{user}/password")):  # fmt: skip
            caller.send(method, path, json={}).problem(403, "this takes the role admin")


def test_an_administrator_of_a_county_gives_no_more_than_his_county(admin: Api, api: Api) -> None:
    county = api.being("admin", "凤庆", username="county")
    me = county.get("/session").ok()["id"]
    county.post("/users", {"username": "a", "role": "viewer"}).problem(422, "he would see everything; you see 凤庆")
    for area in ("lincang", "yun", "manwan", "nowhere"):
        county.post("/users", {"username": "a", "role": "viewer", "area": area}).problem(422, "within yours")
        county.patch(f"/users/{me}", {"area": area}).problem(422)
    county.patch(f"/users/{me}", {"area": None}).problem(422)
    made = county.post("/users", {"username": "a", "role": "admin", "area": "luodang"}).ok(201)["id"]
    county.patch(f"/users/{made}", {"area": "anshi"}).ok()
    county.patch(f"/users/{made}", {"area": "yun"}).problem(422)
    wu = staff(admin, "吴强", "manwan")
    county.patch(f"/users/{made}", {"staff": wu}).problem(
        422, f"staff {wu}: there is none with that id within your area"
    )


def test_users_above_or_beside_are_not_there_for_him(admin: Api, api: Api) -> None:
    county, city = api.being("admin", "凤庆"), api.being("admin", "lincang")
    beside = api.being("admin", "yun")
    others = {each["username"]: each["id"] for each in admin.get("/users").items}
    assert {each["username"] for each in county.get("/users").items} == {county.username}
    # a root area sees all there is; who has no area sees what is to come as well
    assert {each["username"] for each in city.get("/users").items} == {county.username, city.username, beside.username}
    for caller, hidden in ((county, [admin, city, beside]), (city, [admin])):
        for other in hidden:
            path = f"/users/{others[other.username]}"
            caller.get(path).problem(404)
            caller.patch(path, {"role": "viewer"}).problem(404)
            caller.delete(path).problem(404)
            caller.post(f"{path}/password").problem(404)


def test_the_last_administrator_over_everything_stays(admin: Api, api: Api) -> None:
    me = admin.get("/session").ok()["id"]
    api.being("admin", "lincang")
    for change in ({"role": "operator"}, {"area": "lincang"}):
        admin.patch(f"/users/{me}", change).problem(
            409, "the last administrator over everything", "make another one first"
        )
    admin.delete(f"/users/{me}").problem(409, "the last administrator")
    admin.patch(f"/users/{me}", {"language": "en"}).ok()
    api.being("admin")
    admin.patch(f"/users/{me}", {"role": "operator"}).ok()


def test_two_who_remove_each_other_at_once_do_not_both_succeed(admin: Api, api: Api) -> None:
    other = api.being("admin")
    ids = {each["username"]: each["id"] for each in admin.get("/users").items}
    with ThreadPoolExecutor(2) as both:
        answers = list(
            both.map(
                lambda pair: pair[0].delete(f"/users/{ids[pair[1].username]}").status, [(admin, other), (other, admin)]
            )
        )
    assert answers.count(204) == 1
    assert admin.rows("select count(*) from users where disabled_at is null") == [(1,)]


def test_names_and_roles_are_checked(admin: Api) -> None:
    for name in ("", "a b", "李兰", "x" * 65, "a\n"):
        admin.post("/users", {"username": name, "role": "viewer"}).problem(422)
    admin.post("/users", {"username": "a", "role": "king"}).problem(422, "'admin'")
    admin.post("/users", {"username": admin.username, "role": "viewer"}).problem(409)


def test_what_was_done_to_users_is_written_down(admin: Api) -> None:
    made = admin.post("/users", {"username": "lan", "role": "viewer", "area": "anshi"}).ok(201)
    admin.patch(f"/users/{made['id']}", {"role": "operator"}).ok()
    admin.post(f"/users/{made['id']}/password").ok(201)
    admin.delete(f"/users/{made['id']}").ok(204)
    what = f"user {made['id']}"
    assert admin.rows("select who, action, object, area, detail from audit where object like 'user%%' order by id") == [
        (admin.username, "add", what, "anshi", {"username": "lan", "role": "viewer"}),
        (admin.username, "change", what, "anshi", {"role": ["viewer", "operator"]}),
        (admin.username, "new_password", what, "anshi", None),
        (admin.username, "remove", what, "anshi", None),
    ]


def test_the_command_line_makes_users_too(admin: Api, api: Api) -> None:
    with admin.pool.connection() as connection:
        password = accounts.add_user(connection, username="wang", role="operator", area="凤庆", now=admin.clock.now())
    assert api.logged_in("wang", password).get("/session").ok()["area"] == "凤庆"
    assert admin.audit()[-1][:2] == ("command line", "add")
