"""Whoever looks after old people sees who was not seen, notes a call, asks for a visit, assigns it; a colleague confirms it."""

from datetime import timedelta

import pytest

from tests.browser.conftest import PHONE, WIDE, Console
from tests.browser.test_looks import TOO_SMALL
from tests.stories.village import Home, step
from tests.stories.warned import look, pass_time


@pytest.fixture
def homes(console: Console) -> list[Home]:
    """Two homes of a village: one where somebody was not seen in time, one where somebody is due soon."""
    village = console.village
    made = [village.home("凤山村", policy=[step(0, "兰晓")]), village.home("安石村", resident="李德明")]
    village.run("update devices set removed_at = %(now)s")
    village.run(
        "insert into services (code, name, name_en) values ('company', '陪伴', 'Company') on conflict do nothing"
    )
    village.run("update residents set risk = 'high' where home_id = %(home)s", home=made[0].id)
    village.run("update residents set category = '{disabled}' where home_id = %(home)s", home=made[1].id)
    look(village)
    pass_time(village, days=8, every=timedelta(hours=12))
    village.run("insert into care_standards (area, category, every_days) values ('安石村', 'disabled', 12)")
    village.run("insert into home_looks (home_id, look_at) select id, '-infinity' from homes")
    look(village)
    village.everybody_has_heard()
    console.user("op", "operator")
    console.user("other", "operator")
    console.user("viewer", "viewer")
    return made


def test_a_gap_is_noted_and_confirmed_by_a_colleague(console: Console, homes: list[Home]) -> None:
    page = console.log_in("op", to="/care", size=PHONE, language="zh-CN")
    page.get_by_text("1 人超期").wait_for()
    row = page.locator("li.due.overdue")
    assert "高风险：每 7 天要见一次。" in row.inner_text()
    row.get_by_role("button", name="分派").click()
    row.locator("select[name=staff]").last.select_option(index=1)
    row.locator(".sheet:popover-open").get_by_role("button", name="分派").click()
    page.get_by_text("兰晓 负责").wait_for()
    page.get_by_role("button", name="记一次联系").first.click()
    page.locator(".sheet:popover-open").locator("textarea").fill("她很好")
    page.locator(".sheet:popover-open").get_by_role("button", name="记下").click()
    page.get_by_text("已记录，马上生效").wait_for()
    look(console.village)
    page.goto(console.base + "/care/cases")
    page.get_by_text("补上", exact=True).wait_for()
    console.expect_complaint("409")
    confirm(page)
    page.get_by_text("补上的人不能自己核实").wait_for()
    page = console.log_in("other", to="/care/cases", size=WIDE, language="en")
    page.get_by_role("button", name="Confirm").click()
    page.locator(".sheet:popover-open").get_by_role("button", name="Confirm").click()
    page.get_by_role("button", name="Into the month's list").click()
    page.get_by_text("No gap is open.").wait_for()
    assert console.village.all("select how, note from care_contacts") == [("telephone", "她很好")]
    assert console.village.one("select reported_month is not null from care_cases")


def confirm(page: object) -> None:
    """Press both buttons of a confirmation, in Chinese."""
    page.get_by_role("button", name="核实").click()  # type: ignore[attr-defined]
    page.locator(".sheet:popover-open").get_by_role("button", name="核实").click()  # type: ignore[attr-defined]


def test_an_operator_asks_for_a_visit_and_a_viewer_only_looks(console: Console, homes: list[Home]) -> None:
    page = console.log_in("op", to="/care", size=WIDE, language="en")
    page.locator("li.due:not(.overdue)").get_by_role("button", name="Ask for a visit").click()
    page.locator(".sheet:popover-open select[name=within_h]").select_option("72")
    page.locator(".sheet:popover-open").get_by_role("button", name="Ask for a visit").click()
    page.wait_for_url("**/care")
    page.locator(".sheet:popover-open").wait_for(state="detached")
    assert console.village.all("select home_id, service, due_to - due_from from visits") == [
        (homes[1].id, "company", timedelta(hours=72))
    ]
    page = console.log_in("viewer", to="/care", size=PHONE, language="en")
    page.get_by_text("1 overdue").wait_for()
    assert page.get_by_role("button", name="Note a call").count() == 0
    page.get_by_role("link", name="安石村").click()
    page.wait_for_url("**/care?area=*")
    page.locator("li.overdue").wait_for(state="detached")
    assert page.locator("li.due").count() == 1
    page.goto(console.base + "/care/procedure")
    assert page.get_by_text("disabled: to be seen every 12 days.").count() == 1


@pytest.mark.parametrize("size", [WIDE, PHONE])
@pytest.mark.parametrize("address", ["/care", "/care/cases", "/care/procedure"])
def test_nothing_is_wider_than_the_screen_or_too_small_to_press(
    console: Console, homes: list[Home], size: tuple[int, int], address: str
) -> None:
    page = console.log_in("op", to=address, size=size, language="zh-CN", theme="dark")
    page.wait_for_selector("main h1")
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    if size == PHONE:
        assert page.evaluate(TOO_SMALL) == []
