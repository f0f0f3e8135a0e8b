"""Logging in and out, the language, and addresses that lead elsewhere."""

import re

import pytest

from api.console.login import inside
from api.context import ApiSettings
from tests.browser.conftest import PASSWORD, Console
from tests.stories.village import step


def test_a_wrong_password_is_said_in_words(console: Console) -> None:
    console.user("op")
    console.expect_complaint("401")
    page = console.page()
    page.goto(f"{console.base}/login")
    page.fill("[name=username]", "op")
    page.fill("[name=password]", "wrong")
    page.click("main button")
    assert "用户名或密码不对" in page.wait_for_selector(".refused").inner_text()
    assert page.input_value("[name=username]") == "op"


def test_whoever_opens_a_link_logs_in_and_is_there(console: Console) -> None:
    home = console.village.home("凤山村", policy=[step(0, "兰晓")])
    home.press()
    console.user("op")
    page = console.page()
    page.goto(f"{console.base}/alerts/{home.alert().id}")
    page.fill("[name=username]", "op")
    page.fill("[name=password]", PASSWORD)
    page.click("main button")
    page.wait_for_url(f"**/alerts/{home.alert().id}")
    assert "张桂英" in page.inner_text("h1")


def test_the_language_is_remembered_in_every_browser(console: Console) -> None:
    console.user("op")
    console.village.home("凤山村")
    page = console.log_in("op")
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    page.get_by_role("button", name="English").click()
    page.get_by_text("Nobody is waiting").wait_for()
    assert page.locator("html").get_attribute("lang") == "en"

    elsewhere = console.log_in("op")
    assert elsewhere.locator("html").get_attribute("lang") == "en"
    elsewhere.get_by_role("button", name="中文").click()
    elsewhere.get_by_text("现在没有人在等").wait_for()


def test_after_logging_out_nothing_is_left_open(console: Console) -> None:
    console.user("op")
    page = console.log_in("op")
    page.click("button.me")
    page.get_by_role("button", name="退出登录").click()
    page.wait_for_url("**/login")
    page.goto(console.base)
    page.wait_for_url("**/login?next=/")


def test_a_form_without_the_sessions_token_is_refused(console: Console) -> None:
    home = console.village.home("凤山村", policy=[step(0, "兰晓")])
    home.press()
    console.user("op")
    console.expect_complaint("403")
    page = console.log_in("op")
    status = page.evaluate(
        "async id => (await fetch(`/alerts/${id}/accept`, {method: 'POST', body: new URLSearchParams({})})).status",
        home.alert().id,
    )
    assert status == 403
    assert home.alert().state == "notified"


@pytest.mark.parametrize(
    "path", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "", "/a\nb"]
)
def test_a_log_in_leads_nowhere_else(path: str) -> None:
    assert inside(path) == "/"


def test_everything_works_behind_a_path_prefix(console: Console) -> None:
    console.stop()
    console.context.settings = ApiSettings(public_url=f"http://127.0.0.1:{console.port}/anju", secret_key="k" * 40)
    console.start()
    home = console.village.home("凤山村", policy=[step(0, "兰晓")])
    console.user("op")
    page = console.log_in("op")
    assert re.search(r"/anju/$", page.url)
    page.wait_for_selector("#line[data-line=live]")
    home.press()
    page.wait_for_selector(".q.critical").click()
    page.wait_for_url("**/anju/?alert=*")
    page.keyboard.press("a")
    page.wait_for_selector(".q.taken")
    for link in page.locator("nav a").all():
        assert "/anju/" in link.get_attribute("href")
    page.click("nav a >> nth=1")
    page.wait_for_url("**/anju/visits")
