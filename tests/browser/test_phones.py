"""The phones of responders on a page: what they would show, and an answer from one of them."""

from typing import Any

from api.context import ApiSettings
from tests.browser.conftest import Console
from tests.stories.village import step


def phone(page: Any, name: str) -> Any:
    """Return somebody's phone on the page."""
    return page.locator(".handset", has=page.get_by_role("heading", name=name))


def test_answering_1_accepts(console: Console) -> None:
    home = console.village.home("凤山村", policy=[step(0, "兰晓"), step("5 min", "梅芳")])
    console.user("op")
    page = console.log_in("op", to="/phones")
    page.wait_for_selector("#line[data-line=live]")
    lan = phone(page, "兰晓")
    assert "还没有消息" in lan.inner_text()

    home.press()

    lan.get_by_text("求助 #").wait_for()
    lan.locator("[name=body]:not(button)").fill("1")
    lan.get_by_role("button", name="发送").click()
    lan.get_by_text("由您处理").wait_for()
    assert lan.locator(".out").inner_text().startswith("1")
    assert home.alert().state == "accepted"
    assert lan.locator("[name=body]:not(button)").input_value() == "", "the answer is still in its box"


def test_the_quick_buttons_lead_to_the_end(console: Console) -> None:
    home = console.village.home("凤山村", policy=[step(0, "兰晓")])
    home.press()
    console.user("op")
    page = console.log_in("op", to="/phones")
    lan = phone(page, "兰晓")
    for button, words in (("1 接单", "由您处理"), ("3 已到", "已记下您到了"), ("9 完成", "已办结")):
        lan.get_by_role("button", name=button).click()
        lan.get_by_text(words).wait_for()
    assert home.alert().state == "closed"
    assert home.heard() == ["accepted", "en_route", "arrived", "closed"]


def test_phones_are_not_there_where_messages_really_leave(console: Console) -> None:
    console.stop()
    console.context.settings = ApiSettings(
        public_url=console.context.settings.public_url, secret_key="k" * 40, sms="twilio"
    )
    console.start()
    console.user("op")
    console.expect_complaint("404")
    page = console.log_in("op")
    assert page.get_by_role("link", name="手机").count() == 0
    page.goto(f"{console.base}/phones")
    assert "这里什么也没有" in page.inner_text("#page")


def test_phones_are_not_for_responders(console: Console) -> None:
    console.user("lan", "responder", staff="兰晓")
    console.expect_complaint("403")
    page = console.log_in("lan")
    page.goto(f"{console.base}/phones")
    assert "您不能看这一页" in page.inner_text("#page")
