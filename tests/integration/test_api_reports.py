"""Reports over real HTTP: help calls against an independent count of the rows that the lists show; areas, and tables."""

import csv
import io
import statistics
from datetime import datetime, timedelta

import pytest

from tests.clock import StoryClock
from tests.integration.api_client import Api
from tests.integration.work_fixtures import Row, api, rows_of, the_same, village
from tests.stories.village import Village, step

__all__ = ["api", "village"]


def percentile(values: list[float], share: float) -> float | None:
    """Return a percentile as one interpolates it between neighbours."""
    if not values:
        return None
    if len(values) == 1:
        return values[0]
    return statistics.quantiles(values, n=10, method="inclusive")[round(share * 10) - 1]


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
