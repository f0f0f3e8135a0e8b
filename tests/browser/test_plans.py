"""An operator begins a plan, sees it said back and skips a day; rings somebody about a visit; and a complaint is put right."""

from datetime import timedelta

import pytest

from alerts import follow_up, planning
from alerts.follow_up import Manner
from tests.browser.conftest import PHONE, WIDE, Console
from tests.stories.village import Home


@pytest.fixture
def home(console: Console) -> Home:
    console.village.run(
        "insert into services (code, name, name_en) values ('meal', '送餐', 'Meals') on conflict (code) do nothing"
    )
    console.user("op", "operator")
    return console.village.home("凤山村")


def looked(console: Console) -> None:
    village = console.village
    with village.pool.connection() as connection:
        planning.make_visits(connection, locale="zh-CN", now=village.clock.now())
        manner = Manner("zh-CN", "Asia/Shanghai", "twilio")
        follow_up.begin(connection, manner=manner, now=village.clock.now())


def fits(page: object) -> bool:
    """Say whether nothing is wider than the screen."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))  # type: ignore[attr-defined]


@pytest.mark.parametrize(("size", "theme"), [(WIDE, "light"), (PHONE, "dark")])
def test_an_operator_begins_a_plan_and_skips_a_day(
    console: Console, home: Home, size: tuple[int, int], theme: str
) -> None:
    page = console.log_in("op", size=size, language="zh-CN", theme=theme)
    page.goto(console.base + "/plans?q=凤山村")
    page.locator(".pick").click()
    page.select_option("[name=service]", "meal")
    page.locator(".chips label", has_text="星期一").click()
    page.locator(".chips label", has_text="星期四").click()
    page.fill("[name=start]", "11:30")
    assert fits(page)
    page.get_by_role("button", name="开始这个计划").click()
    page.get_by_text("每周星期一、星期四 11:30").wait_for()
    looked(console)
    page.locator(".plans a").first.click()
    page.get_by_role("heading", name="接下来四周").wait_for()
    assert page.locator(".plan-days li").count() == 8
    page.locator(".plan-days summary").first.click()
    assert fits(page)
    page.get_by_role("button", name="改这一天").first.click()
    page.locator(".plan-days li").nth(7).wait_for(state="detached")
    assert console.village.one("select count(*) from visits where state = 'cancelled'") == 1
    page.get_by_role("button", name="暂停").click()
    page.get_by_role("button", name="继续").wait_for()


def test_a_rule_that_cannot_be_is_said_where_it_was_typed(console: Console, home: Home) -> None:
    console.expect_complaint("422")
    page = console.log_in("op", language="en")
    page.goto(f"{console.base}/plans?home={home.id}")
    page.select_option("[name=service]", "meal")
    page.select_option("[name=pattern]", "own")
    page.locator(".plan-form summary").click()
    page.fill("[name=own]", "FREQ=MINUTELY")
    page.get_by_role("button", name="Begin the plan").click()
    page.locator("#why", has_text="once an hour").wait_for()
    assert console.village.one("select count(*) from visit_plans") == 0


@pytest.mark.parametrize(("size", "theme"), [(WIDE, "dark"), (PHONE, "light")])
def test_somebody_is_rung_and_his_complaint_is_put_right(
    console: Console, home: Home, size: tuple[int, int], theme: str
) -> None:
    village = console.village
    console.user("li", "operator")
    village.run("update residents set phone = '+8613800001111'")
    village.run(
        "insert into visits (home_id, area, service, staff_id, state, requested_at, arrived_at, completed_at, outcome)"
        " values (%(home)s, '凤山村', 'meal', %(staff)s, 'completed', %(at)s, %(at)s, %(at)s, 'helped')",
        home=home.id, staff=village.phone("lan").staff_id, at=village.clock.now() - timedelta(hours=1),
    )  # fmt: skip
    looked(console)
    page = console.log_in("op", size=size, language="zh-CN", theme=theme)
    page.goto(console.base + "/follow-ups")
    page.fill("[name=note]", "饭是凉的")
    assert fits(page)
    page.get_by_role("button", name="不满意").click()
    page.get_by_text("现在没有要打的电话").wait_for()
    page.goto(console.base + "/complaints")
    assert "饭是凉的" not in page.content()
    page.locator(".kept a").first.click()
    page.get_by_text("饭是凉的").wait_for()
    page.fill("[name=answer]", "换了保温箱")
    assert fits(page)
    page.get_by_role("button", name="记下处理结果").click()
    page.get_by_role("button", name="确认已解决").wait_for()
    other = console.log_in("li", size=size, language="en", theme=theme)
    other.goto(console.base + "/complaints")
    other.locator(".kept a").first.click()
    other.get_by_role("button", name="It is put right").click()
    other.get_by_text("Confirmed by li").wait_for()
    assert village.one("select state from complaints") == "confirmed"


def test_a_complaint_is_written_down_for_a_home(console: Console, home: Home) -> None:
    page = console.log_in("op", size=PHONE, language="zh-CN")
    page.goto(console.base + "/complaints?q=凤山村")
    page.locator(".pick").click()
    page.fill("[name=who]", "李明（儿子）")
    page.fill("[name=text]", "没有按时来")
    page.get_by_role("button", name="记下").click()
    page.get_by_text("没有按时来").wait_for()
    assert console.village.one("select kind from alerts") == "complaint"
