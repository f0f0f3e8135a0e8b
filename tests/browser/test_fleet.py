"""The devices page: figures of the fleet, filters that lead to the devices behind each figure, and a page of one device."""

from datetime import timedelta
from typing import Any

import pytest

from tests.browser.conftest import PHONE, WIDE, Console
from tests.browser.test_looks import fits


def ailing_fleet(console: Console) -> None:
    """Three villages with devices, some of them with problems, and a week of days behind them."""
    village = console.village
    now = village.clock.now()
    for area in ("凤山村", "安石村", "青树村"):
        for _ in range(4):
            home = village.home(area)
            village.device(f"cam-{home.id:04}", home.id, "camera")
    village.run(
        "update device_latest set state = 'online', last_seen = %(now)s, battery = 80 - device_id, rssi = -60 - device_id,"
        " fw = '1.4.' || device_id, state_since = %(since)s, today_since = %(since)s",
        since=now - timedelta(days=3),
    )  # fmt: skip
    for number, change in enumerate(
        (
            "state = 'offline', last_seen = '2026-11-23 20:00+00', problems = array['offline', 'device_flapping']",
            "battery = 9, battery_flat_on = '2026-11-30', problems = array['battery_low', 'battery_draining']",
            "clock_skew_s = 28800, problems = array['clock_wrong'], booted_at = '2026-11-20 10:00+00', usual_gap_s = 5400",
            "firmware_outdated = true, problems = array['firmware_outdated', 'signal_weak'], rssi = null, linkquality = 22,"
            " rssi_smooth = null",
            "state = 'never', last_seen = null, problems = array['never_seen'], battery = null, rssi = null, fw = null",
            "state = 'late', problems = array['late', 'hub_offline']",
        )
    ):
        village.run(
            f"update device_latest set {change}"
            " where device_id = (select id from devices order by uid offset %(number)s limit 1)",
            number=number * 3,
        )
    village.run(
        "insert into fleet_days (area, day, kind, devices, heard, online_s, offline_s, ours_down_s)"
        " select area, %(now)s::date - back, 'camera', 8, 8, 690000 - 9000 * back, 1200 * back, 0"
        " from (select distinct area from homes) as areas, generate_series(1, 7) as back"
    )
    console.user("admin", "admin")
    console.user("viewer", "viewer", area="安石村")


@pytest.mark.parametrize(
    ("size", "language", "theme"),
    [(WIDE, "zh-CN", "light"), (WIDE, "en", "dark"), (PHONE, "zh-CN", "dark"), (PHONE, "en", "light")],
)
def test_the_devices_pages_fit(console: Console, size: tuple[int, int], language: str, theme: str) -> None:
    ailing_fleet(console)
    page = console.log_in("admin", size=size, language=language, theme=theme)
    (ill,) = console.village.all("select uid from devices join device_latest on id = device_id where clock_skew_s > 0")
    for path in ("/devices", "/devices?problem=battery_low&kind=button", "/devices?area=凤山村", f"/devices/{ill[0]}"):
        page.goto(console.base + path)
        fits(page, path, size)


def uids(page: Any) -> list[str]:
    return [str(each) for each in page.locator(".fleet .c-uid a").all_inner_texts()]


def test_each_figure_leads_to_the_devices_behind_it(console: Console) -> None:
    ailing_fleet(console)
    page = console.log_in("admin", to="/devices", language="en")
    assert page.locator("h1 .num").inner_text() == "24"
    page.click("text=Clock wrong >> nth=0")
    page.wait_for_url("**problem=clock_wrong*")
    assert len(uids(page)) == 1
    page.click(".filters [aria-current]")
    page.wait_for_url(lambda url: "problem" not in url)
    page.click(".tile.offline")
    page.wait_for_url("**state=offline*")
    assert len(uids(page)) == int(page.locator(".tile.offline .num").inner_text()) == 1
    page.click(".tiles a >> nth=0")
    page.wait_for_url(lambda url: "state" not in url)
    page.click("a:has-text('Camera')")
    page.wait_for_url("**kind=camera*")
    assert len(uids(page)) == 12


def test_an_area_leads_to_its_own_figures_and_back(console: Console) -> None:
    ailing_fleet(console)
    page = console.log_in("admin", to="/devices", language="en")
    for area in ("county", "town", "青树村"):
        page.click(f".areas a:has-text('{area}')")
        page.wait_for_selector(f"h1:has-text('{area}')")
    assert page.locator("h1").inner_text().startswith("Devices · 青树村")
    assert page.locator("h1 .num").inner_text() == "8"
    assert len(uids(page)) == 8
    page.click(".page-head a")
    page.wait_for_selector("h1:has-text('town')")
    assert page.locator("h1 .num").inner_text() == "24"


def test_nobody_sees_figures_of_another_area(console: Console) -> None:
    ailing_fleet(console)
    page = console.log_in("viewer", to="/devices", language="en")
    assert page.locator("h1 .num").inner_text() == "8"
    page.goto(f"{console.base}/devices?area=凤山村")
    console.expect_complaint("404|422")
    assert page.locator(".fleet").count() == 0
