"""Whoever looks after the devices announces a test of a home that was not tried for too long, and ends it."""

from tests.browser.conftest import PHONE, Console
from tests.stories.village import step


def test_an_operator_announces_a_test_and_ends_it(console: Console) -> None:
    home = console.village.home("凤山村", policy=[step(0, "兰晓")])
    console.village.run(
        "update devices set created_at = %(now)s::timestamptz - interval '60 days' where uid = %(uid)s", uid=home.button
    )
    console.user("op", "operator")
    console.user("viewer", "viewer")
    page = console.log_in("op", size=PHONE, language="zh-CN")
    page.goto(console.base + "/devices")
    page.get_by_role("link", name="测试呼叫").click()
    page.get_by_role("button", name="现在测试（一小时）").click()
    page.get_by_role("button", name="结束测试").wait_for()
    assert console.village.one("select count(*) from test_windows where home_id = %(home)s", home=home.id) == 1
    page.get_by_role("button", name="结束测试").click()
    page.get_by_role("button", name="结束测试").wait_for(state="detached")
    page = console.log_in("viewer", size=PHONE, language="en")
    page.goto(console.base + "/test-calls")
    assert page.get_by_role("row").count() >= 1
    assert page.get_by_role("button", name="Test now, for an hour").count() == 0
