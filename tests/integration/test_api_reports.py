"""Reports over real HTTP, each figure held against an independent count of the rows that the lists show."""

import csv
import io
import statistics
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from psycopg_pool import ConnectionPool

from devices import telemetry
from devices.model import PatrolPing, Telemetry
from devices.telemetry import Received
from storage import series
from tests.clock import StoryClock
from tests.integration.api_client import Answer, Api, calling
from tests.stories.village import Home, Village, step

Row = dict[str, Any]


@pytest.fixture
def api(pool: ConnectionPool[Any], clock: StoryClock, database: str) -> Iterator[Api]:
    with calling(pool, clock, database) as caller:
        yield caller


@pytest.fixture
def village(pool: ConnectionPool[Any], clock: StoryClock) -> Village:
    with pool.connection() as connection:
        series.ensure(connection, clock.now())
        # room for a month of events behind the story's beginning
        connection.execute(
            "select ensure_event_partitions(%s::date, %s::date)", (clock.now() - timedelta(days=40), clock.now())
        )
    return Village(pool, clock)


def percentile(values: list[float], share: float) -> float | None:
    """Return a percentile as one interpolates it between neighbours."""
    if not values:
        return None
    if len(values) == 1:
        return values[0]
    return statistics.quantiles(values, n=10, method="inclusive")[round(share * 10) - 1]


def rows_of(report: Answer) -> dict[str | None, Row]:
    return {row["area"]: row for row in report["areas"]}


def seconds(later: str | None, earlier: str) -> float | None:
    if later is None:
        return None
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()


# Response -------------------------------------------------------------------------------------------------------------


def a_busy_night(village: Village) -> None:
    """Presses in three villages, told, accepted, reached and closed after times of every kind; some of them tests."""
    homes = [
        village.home(area, policy=[step(0, "lan"), step("30 min", "mei")]) for area in ("凤山村", "安石村", "洛党村")
    ]
    for number in range(14):
        home = village.home(homes[number % 3].area)
        test = {"test": True} if number % 7 == 3 else {}
        home.press(**test)
        alert = home.alert()
        waits = [20, 60, 61, 150, 180, 300, 2000]
        village.clock.forward(timedelta(seconds=waits[number % len(waits)]))
        if number % 5 == 4:
            continue
        alert.accept("lan")
        if number % 4 == 3:
            alert.close("false_alarm", spoke_with="the son")
            continue
        village.clock.forward(timedelta(minutes=[5, 44, 46, 70][number % 4]))
        alert.visit_step("arrive", "lan")
        if number % 6 != 5:
            alert.visit_step("complete", "lan", outcome="helped")
            alert.close("helped")
    village.run("update messages set state = 'failed' where alert_id %% 4 = 1 and purpose = 'tell'")


def response_counted(alerts: list[Row], messages: dict[str, list[Row]]) -> Row:
    """Return the response report's figures, counted from alerts and messages as the API lists them."""
    real = [each for each in alerts if not each["test"]]

    def times(key: str) -> list[float]:
        found = [seconds(each[key], each["raised_at"]) for each in real]
        return sorted(max(0.0, each) for each in found if each is not None)

    def part(some: int, all_of_them: int) -> float | None:
        return some / all_of_them if all_of_them else None

    told, accepted, arrived, closed = (times(f"{key}_at") for key in ("notified", "accepted", "arrived", "closed"))
    firsts = [messages[each["id"]][-1]["state"] for each in real if messages.get(each["id"])]
    return {
        "alerts": len(real),
        "tests": len(alerts) - len(real),
        "open": sum(each["state"] != "closed" for each in real),
        "told": len(told), "told_p50_s": percentile(told, 0.5), "told_p90_s": percentile(told, 0.9),
        "accepted": len(accepted),
        "accepted_within_60_s_share": part(sum(each <= 60 for each in accepted), len(real)),
        "accepted_within_180_s_share": part(sum(each <= 180 for each in accepted), len(real)),
        "accepted_p50_s": percentile(accepted, 0.5), "accepted_p90_s": percentile(accepted, 0.9),
        "arrived": len(arrived),
        "arrived_within_45_min_share": part(sum(each <= 45 * 60 for each in arrived), len(arrived)),
        "arrived_within_60_min_share": part(sum(each <= 60 * 60 for each in arrived), len(arrived)),
        "arrived_p50_s": percentile(arrived, 0.5), "arrived_p90_s": percentile(arrived, 0.9),
        "closed": len(closed), "closed_p50_s": percentile(closed, 0.5), "closed_p90_s": percentile(closed, 0.9),
        "first_messages": len(firsts), "first_message_failed_share": part(firsts.count("failed"), len(firsts)),
    }  # fmt: skip


def the_same(reported: Row, counted: Row) -> None:
    for name, value in counted.items():
        assert reported[name] == (value if value is None else pytest.approx(value)), name


def test_response_is_what_an_independent_count_finds(api: Api, village: Village) -> None:
    a_busy_night(village)
    operator = api.being("operator")
    alerts = operator.all("/alerts", kind="help")
    messages: dict[str, list[Row]] = {}
    for message in operator.all("/messages"):
        if message["purpose"] == "tell":
            messages.setdefault(message["alert"], []).append(message)
    report = api.being("viewer").get("/reports/response", area="town").ok()
    counted = response_counted(alerts, messages)
    assert 0 < counted["accepted_within_60_s_share"] < counted["accepted_within_180_s_share"] < 1
    assert 0 < counted["arrived_within_45_min_share"] < counted["arrived_within_60_min_share"] < 1
    assert 0 < counted["first_message_failed_share"] < 1
    assert counted["tests"] == 2
    the_same(report["total"], counted)
    assert (report["area"], report["name"]) == ("town", "town")
    areas = rows_of(report)
    assert set(areas) == {"凤山村", "安石村", "洛党村"}
    for code, row in areas.items():
        the_same(row, response_counted([each for each in alerts if each["area"] == code], messages))
    for name in ("alerts", "tests", "open", "accepted", "arrived", "closed"):
        assert sum(row[name] for row in areas.values()) == report["total"][name]


def test_response_is_of_the_time_that_is_asked_for(api: Api, village: Village) -> None:
    a_busy_night(village)
    operator = api.being("operator")
    times = sorted(each["raised_at"] for each in operator.all("/alerts", kind="help"))
    report = operator.get("/reports/response", from_=times[3], to=times[9]).ok()
    within = operator.all("/alerts", kind="help", from_=times[3], to=times[9])
    assert report["total"]["alerts"] + report["total"]["tests"] == len(within) == 6
    assert (report["from"], report["to"]) == (times[3], times[9])


def test_without_a_time_a_report_is_of_the_last_month(api: Api, village: Village) -> None:
    village.home("凤山村", policy=[step(0, "lan")]).press()
    for days, alerts in ((29, 1), (2, 0)):
        village.clock.forward(timedelta(days=days))
        report = api.being("viewer").get("/reports/response").ok()
        assert (report["total"]["alerts"], report["total"]["accepted_p50_s"]) == (alerts, None)


# One level down -------------------------------------------------------------------------------------------------------


def test_a_report_goes_one_level_down_from_wherever_one_stands(api: Api, village: Village) -> None:
    village.area("east", "township", "county")
    for area in ("凤山村", "安石村", "town", "east"):
        home = village.home("凤山村" if area != "安石村" else area)
        village.run("update homes set area = %(area)s where id = %(home)s", area=area, home=home.id)
        home.press()
    viewer = api.being("viewer")

    def alerts(**query: str) -> dict[str | None, int]:
        return {code: row["alerts"] for code, row in rows_of(viewer.get("/reports/response", **query).ok()).items()}

    assert alerts() == {"county": 4}
    assert alerts(area="city") == {"county": 4}
    assert alerts(area="county") == {"town": 3, "east": 1}
    assert alerts(area="town") == {"凤山村": 1, "安石村": 1, "town": 1}
    assert alerts(area="凤山村") == {"凤山村": 1}


def test_with_several_trees_each_is_a_part(api: Api, village: Village) -> None:
    village.home("凤山村").press()
    village.area("baoshan", "city", None)
    village.home("baoshan").press()
    report = api.being("viewer").get("/reports/response").ok()
    assert {code: row["alerts"] for code, row in rows_of(report).items()} == {"city": 1, "baoshan": 1}
    assert (report["area"], report["total"]["alerts"]) == (None, 2)


def test_what_has_no_place_is_a_part_of_the_whole(api: Api, village: Village) -> None:
    village.home("凤山村").press()
    village.home("凤山村").says("help", b'{"id":"x"}', uid="stranger-1")
    api.run("update alerts set area = null where device_uid = 'stranger-1'")
    report = api.being("viewer").get("/reports/response").ok()
    assert {code: row["alerts"] for code, row in rows_of(report).items()} == {"county": 1, None: 1}
    assert report["total"]["alerts"] == 2
    assert api.being("viewer", area="county").get("/reports/response").ok()["total"]["alerts"] == 1


def test_everybody_reads_the_reports_of_his_area_and_of_no_other(api: Api, village: Village) -> None:
    village.home("凤山村").press()
    village.home("安石村")
    for name in ("response", "coverage", "devices", "services"):
        for role in ("viewer", "responder", "operator", "admin"):
            api.being(role, area="安石村").get(f"/reports/{name}").ok()
        neighbour = api.being("viewer", area="安石村")
        neighbour.get(f"/reports/{name}", area="凤山村").problem(422)
        neighbour.get(f"/reports/{name}", area="town").problem(422)
        api.get(f"/reports/{name}").problem(401)
    assert neighbour.get("/reports/response").ok()["total"]["alerts"] == 0
    assert neighbour.get("/reports/coverage").ok()["total"]["homes"] == 1
    assert neighbour.get("/reports/devices").ok()["total"]["devices"] == 1


@pytest.mark.parametrize("name", ["response", "coverage", "devices", "services"])
def test_a_report_of_nothing_says_so(api: Api, name: str) -> None:
    report = api.being("viewer").get(f"/reports/{name}").ok()
    assert report["areas"] == []
    assert set(report["total"].values()) <= {0, None}


@pytest.mark.parametrize("name", ["response", "coverage", "devices", "services"])
def test_what_cannot_be_asked_for_is_said(api: Api, clock: StoryClock, name: str) -> None:
    viewer = api.being("viewer")
    later, much_later = (clock.now() + timedelta(days=1)).isoformat(), (clock.now() + timedelta(days=2)).isoformat()
    for query in ({"area": "x"}, {"from_": "monday"}, {"from_": later, "to": much_later}, {"format": "xls"}):
        viewer.get(f"/reports/{name}", **query).problem(422)
    backwards = {"from_": clock.now().isoformat(), "to": (clock.now() - timedelta(days=1)).isoformat()}
    viewer.get(f"/reports/{name}", **backwards).problem(422, "swap them")


# Coverage -------------------------------------------------------------------------------------------------------------


def ping(village: Village, home: Home, *, at: datetime | None = None, **said: Any) -> None:
    """Let a home's camera report."""
    at = at or village.clock.now()
    with village.pool.connection() as connection:
        uid = f"cam-{home.id:04}"
        device = telemetry.known_devices(connection, [uid])[uid]
        reading = PatrolPing(uid, f"p{at.timestamp()}", at=at, **said)
        telemetry.store(connection, [(device, Received(reading, at))], at)


def with_camera(village: Village, area: str = "凤山村") -> Home:
    home = village.home(area)
    village.device(f"cam-{home.id:04}", home.id, "camera")
    return home


def visited(village: Village, api: Api, home: Home) -> None:
    village.run("insert into services (code, name) values ('meal', '送餐') on conflict do nothing")
    operator, now = api.being("operator"), village.clock.now().isoformat()
    body = {"home": str(home.id), "service": "meal", "due_from": now, "due_to": now}
    visit = operator.post("/visits", body | {"staff": str(village.phone("lan").staff_id)}).ok(201)["id"]
    operator.post(f"/visits/{visit}/arrive").ok()
    operator.post(f"/visits/{visit}/complete", {"outcome": "helped"}).ok()


def looked_at(api: Api, home: Home, result: str) -> None:
    operator = api.being("operator")
    patrol = operator.post("/patrol-rounds", {"area": home.area, "homes": [str(home.id)]}).ok(201)["id"]
    operator.post(f"/patrol-rounds/{patrol}/looks", {"home": str(home.id), "result": result}).ok(201)


SEEN: dict[str, tuple[Callable[[Village, Api, Home], None], bool]] = {
    "a ping that shows somebody": (lambda village, _, home: ping(village, home, presence=True), True),
    "a ping that counts somebody": (lambda village, _, home: ping(village, home, persons=2), True),
    "a look that finds them well": (lambda _, api, home: looked_at(api, home, "well"), True),
    "a completed visit": (visited, True),
    "nothing": (lambda *_: None, False),
    "a ping of an empty room": (lambda village, _, home: ping(village, home, presence=False, persons=0), False),
    "a ping that says nothing": (lambda village, _, home: ping(village, home), False),
    "a look without an answer": (lambda _, api, home: looked_at(api, home, "no_answer"), False),
    "a press": (lambda _v, _a, home: home.press() and None, False),
}


def test_coverage_is_of_who_was_really_seen(api: Api, village: Village) -> None:
    seen: dict[str, list[bool]] = {"凤山村": [], "安石村": []}
    for number, (see, counts) in enumerate(SEEN.values()):
        area = ("凤山村", "安石村")[number % 2]
        home = with_camera(village, area)
        see(village, api, home)
        seen[area].append(counts)
    village.clock.forward(timedelta(seconds=1))
    report = api.being("viewer").get("/reports/coverage", area="town").ok()
    everybody = seen["凤山村"] + seen["安石村"]
    for row, homes in [(report["total"], everybody), *((rows_of(report)[code], each) for code, each in seen.items())]:
        assert (row["homes"], row["homes_seen"], row["homes_not_seen"]) == (
            len(homes), sum(homes), len(homes) - sum(homes),
        )  # fmt: skip
        assert (row["residents"], row["residents_seen"]) == (len(homes), sum(homes))
        assert row["homes_seen_share"] == pytest.approx(sum(homes) / len(homes))
    by_what = [report["total"][f"homes_seen_by_{what}"] for what in ("camera", "look", "visit")]
    assert by_what == [2, 1, 1]


@pytest.mark.parametrize("what", [name for name, (_, counts) in SEEN.items() if counts])
def test_only_what_was_seen_in_the_time_counts(api: Api, village: Village, what: str) -> None:
    home = with_camera(village)
    village.clock.forward(timedelta(days=1))
    SEEN[what][0](village, api, home)
    at = village.clock.now()
    village.clock.forward(timedelta(days=1))
    viewer = api.being("viewer")

    def seen(start: datetime, end: datetime) -> int:
        report = viewer.get("/reports/coverage", from_=start.isoformat(), to=end.isoformat()).ok()
        return int(report["total"]["homes_seen"])

    hour = timedelta(hours=1)
    assert seen(at - hour, at + hour) == 1
    assert seen(at, at + hour) == 1
    assert seen(at - hour, at) == 0
    assert seen(at + hour, at + 2 * hour) == 0


def test_a_home_with_two_residents_counts_twice_and_who_has_gone_not_at_all(api: Api, village: Village) -> None:
    home, empty, gone = with_camera(village), with_camera(village), with_camera(village)
    ping(village, home, presence=True)
    village.run("insert into residents (home_id, name, created_at) values (%(home)s, '李秀兰', %(now)s)", home=home.id)
    village.run("update residents set removed_at = %(now)s where home_id = %(home)s", home=empty.id)
    village.run("update homes set removed_at = %(now)s where id = %(home)s", home=gone.id)
    village.clock.forward(timedelta(seconds=1))
    total = api.being("viewer").get("/reports/coverage").ok()["total"]
    assert (total["homes"], total["residents"], total["residents_seen"]) == (2, 2, 2)


def test_what_a_camera_saw_in_its_former_home_is_not_of_this_one(api: Api, village: Village) -> None:
    here, there = with_camera(village), village.home("安石村")
    ping(village, here, presence=True)
    village.clock.forward(timedelta(hours=1))
    village.run(
        "update devices set home_id = %(there)s, placed_at = %(now)s where home_id = %(here)s and kind = 'camera'",
        here=here.id, there=there.id,
    )  # fmt: skip
    village.clock.forward(timedelta(hours=1))
    assert api.being("viewer").get("/reports/coverage").ok()["total"]["homes_seen"] == 0


# Devices --------------------------------------------------------------------------------------------------------------


def test_devices_are_counted_by_state_and_by_the_days_on_which_they_were_heard(api: Api, village: Village) -> None:
    homes = [with_camera(village), with_camera(village, "安石村")]
    began = village.clock.now()
    heard_days = {homes[0].id: [0, 1, 2, 4, 9], homes[1].id: [3]}
    for home in homes:
        for day in heard_days[home.id]:
            ping(village, home, at=began + timedelta(days=day, hours=5))
    village.clock.forward(timedelta(days=10))
    with api.pool.connection() as connection:
        button = telemetry.known_devices(connection, [homes[0].button])[homes[0].button]
        flat = Received(Telemetry(homes[0].button, at=village.clock.now(), battery=7), village.clock.now())
        telemetry.store(connection, [(button, flat)], village.clock.now())
    village.run("update device_latest set state = 'late' where device_id = (select min(device_id) from device_latest)")
    asked = {"from_": began.isoformat(), "to": village.clock.now().isoformat(), "area": "town"}
    report = api.being("viewer").get("/reports/devices", **asked).ok()
    states = dict(api.rows("select state, count(*) from device_latest group by state"))
    total = report["total"]
    assert {state: total[state] for state in ("online", "late", "offline", "never")} == {
        state: states.get(state, 0) for state in ("online", "late", "offline", "never")
    }  # fmt: skip
    assert (total["devices"], total["battery_low"], total["online_share"]) == (4, 1, states["online"] / 4)
    kinds = {row["kind"]: row for row in report["kinds"]}
    assert (kinds["camera"]["device_days"], kinds["camera"]["device_days_heard"]) == (20, 6)
    assert kinds["camera"]["heard_share"] == pytest.approx(0.3)
    assert {code: row["device_days_heard"] for code, row in rows_of(report).items()} == {"凤山村": 5, "安石村": 1}


def test_days_before_a_device_stood_there_are_not_its(api: Api, village: Village) -> None:
    began = village.clock.now()
    village.clock.forward(timedelta(days=6))
    home = with_camera(village)
    village.run("update devices set removed_at = %(now)s where kind = 'button'")
    for day in (0, 1, 3):
        ping(village, home, at=village.clock.now() + timedelta(days=day, hours=1))
    village.clock.forward(timedelta(days=4))
    total = api.being("viewer").get("/reports/devices", from_=began.isoformat()).ok()["total"]
    assert (total["devices"], total["device_days"], total["device_days_heard"]) == (1, 4, 3)


def test_a_devices_report_has_an_end(api: Api, clock: StoryClock) -> None:
    long_ago = (clock.now() - timedelta(days=93)).isoformat()
    api.being("viewer").get("/reports/devices", from_=long_ago).problem(422, "92 days")


# Services -------------------------------------------------------------------------------------------------------------


def test_services_are_what_an_independent_count_finds(api: Api, village: Village) -> None:
    village.run("insert into services (code, name) values ('meal', '送餐'), ('bath', '助浴')")
    homes = [village.home(area, policy=[step(0, "lan")]) for area in ("凤山村", "安石村")]
    operator, lan = api.being("operator"), str(village.phone("lan").staff_id)
    for number in range(12):
        due = village.clock.now() + timedelta(minutes=30)
        body = {
            "home": str(homes[number % 2].id), "service": ("meal", "bath")[number % 3 == 0], "staff": lan,
            "due_from": village.clock.now().isoformat(), "due_to": due.isoformat(),
        }  # fmt: skip
        visit = f"/visits/{operator.post('/visits', body).ok(201)['id']}"
        village.clock.forward(timedelta(minutes=10 if number % 4 else 40))
        match number % 6:
            case 4:
                operator.post(f"{visit}/fail").ok()
            case 5:
                operator.post(f"{visit}/cancel").ok()
            case 3:
                continue
            case _:
                operator.post(f"{visit}/arrive").ok()
                operator.post(f"{visit}/complete", {"outcome": "helped"}).ok()
    homes[0].press()
    homes[0].alert().accept("lan")
    visits = operator.all("/visits")
    report = operator.get("/reports/services", area="town").ok()

    def counted(chosen: list[Row]) -> Row:
        done = [each for each in chosen if each["state"] == "completed"]
        due = [each for each in done if each["due_to"]]
        on_time = [each for each in due if each["arrived_at"] <= each["due_to"]]
        return {
            "asked": len(chosen), "done": len(done), "failed": sum(each["state"] == "failed" for each in chosen),
            "cancelled": sum(each["state"] == "cancelled" for each in chosen),
            "open": sum(each["ended_at"] is None for each in chosen),
            "done_share": len(done) / len(chosen), "done_with_due": len(due), "done_on_time": len(on_time),
            "on_time_share": len(on_time) / len(due) if due else None,
        }  # fmt: skip

    total = counted(visits)
    assert 0 < total["done_on_time"] < total["done_with_due"] == total["done"] < total["asked"] == 13
    the_same(report["total"], total)
    services = {row["service"]: row for row in report["services"]}
    assert set(services) == {"meal", "bath", None}
    assert services["meal"]["name"] == "送餐"
    for code, row in services.items():
        the_same(row, counted([each for each in visits if each["service"] == code]))
    for code, row in rows_of(report).items():
        the_same(row, counted([each for each in visits if each["area"] == code]))


# As a table -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["response", "coverage", "devices", "services"])
def test_a_table_has_the_figures_of_the_report(api: Api, village: Village, name: str) -> None:
    home = village.home("凤山村", policy=[step(0, "lan")])
    village.home("安石村")
    home.press()
    home.alert().accept("lan")
    viewer = api.being("viewer")
    report = viewer.get(f"/reports/{name}", area="town").ok()
    by_format = viewer.get(f"/reports/{name}", area="town", format="csv").ok()
    viewer.headers["Accept"] = "text/csv"
    by_header = viewer.get(f"/reports/{name}", area="town").ok()
    assert by_header.text == by_format.text
    assert by_header.headers["content-type"] == "text/csv; charset=utf-8"
    assert f'filename="{name}.csv"' in by_header.headers["content-disposition"]
    assert viewer.get(f"/reports/{name}", area="town", format="json").ok().body == report.body
    table = list(csv.DictReader(io.StringIO(by_header.text)))
    lists = [key for key, value in report.body.items() if isinstance(value, list)]
    assert [row["part"] for row in table] == ["total", *(key for key in lists for _ in report[key])]
    expected = [{"area": "town", "name": "town", **report["total"]}, *(row for key in lists for row in report[key])]
    for row, figures in zip(table, expected, strict=True):
        for key, value in figures.items():
            assert row[key] == ("" if value is None else str(value)), key


def test_a_name_in_a_table_is_no_formula(api: Api, village: Village) -> None:
    village.home("凤山村")
    village.run("update areas set name = '=1+2' where code = '凤山村'")
    text = api.being("viewer").get("/reports/coverage", area="town", format="csv").ok().text
    assert {row["name"] for row in csv.DictReader(io.StringIO(text))} == {"town", "'=1+2"}


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("text/csv", "text/csv"), ("text/csv, application/json;q=0.5", "text/csv"), ("*/*", "application/json"),
        ("application/json, text/csv", "application/json"), ("text/html, */*", "application/json"), ("TEXT/CSV", "text/csv"),
        ("image/png", "application/json"),
    ],
)  # fmt: skip
def test_what_comes_is_what_is_named_first(api: Api, accept: str, kind: str) -> None:
    viewer = api.being("viewer")
    viewer.headers["Accept"] = accept
    heard = viewer.get("/reports/services").ok()
    assert heard.headers["content-type"].partition(";")[0] == kind
