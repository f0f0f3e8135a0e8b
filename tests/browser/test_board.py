"""An operator at his board: what waits is there by itself, and one key answers it."""

import re

from tests.browser.conftest import PHONE, Console
from tests.stories.village import Home, step

LIVE = "#line[data-line=live]"


def home_with_responders(console: Console) -> Home:
    """A home whose calls go to Lan first and to Mei five minutes later."""
    return console.village.home("凤山村", policy=[step(0, "兰晓"), step("5 min", "梅芳")])


def test_a_press_appears_on_the_open_board_and_is_accepted(console: Console) -> None:
    home = home_with_responders(console)
    console.user("op")
    page = console.log_in("op")
    page.wait_for_selector(LIVE)
    assert "现在没有人在等" in page.inner_text("#page")
    page.evaluate("window.sameDocument = true")

    home.press()

    card = page.wait_for_selector(".q.critical")
    assert "张桂英" in card.inner_text()
    assert "兰晓（已送达）" in card.inner_text()
    assert page.title().startswith("(1)")
    assert "求助: 张桂英" in page.inner_text("#announce")
    assert re.fullmatch(r"04:5\d|05:00", page.inner_text(".q [data-until]")), "how long until the next one is told"

    page.keyboard.press("a")
    page.wait_for_selector(".q.taken")
    assert home.alert().state == "accepted"
    assert "accepted" in home.heard()
    assert not page.title().startswith("(")
    assert page.evaluate("window.sameDocument"), "the page was loaded again"


def test_the_age_runs(console: Console) -> None:
    home_with_responders(console).press()
    console.user("op")
    page = console.log_in("op")
    begun = page.inner_text(".clock .age")
    page.wait_for_function("begun => document.querySelector('.clock .age').innerText !== begun", arg=begun)


def test_the_second_to_accept_hears_who_was_first(console: Console) -> None:
    home = home_with_responders(console)
    home.press()
    console.user("op")
    slow = console.page()
    # his line is so slow that he still sees the alert as it was
    slow.route("**/board/stream*", lambda route: route.abort())
    console.expect_complaint("ERR_FAILED")
    console.expect_complaint("409")
    console.log_in("op", page=slow)

    console.village.phone("兰晓").reply("1")
    slow.keyboard.press("a")

    assert "兰晓 已经接单" in slow.wait_for_selector(".refusal").inner_text()
    assert "/accept" not in slow.url, "loading the page again would not work"


def test_accepting_twice_is_no_mistake(console: Console) -> None:
    home = home_with_responders(console)
    home.press()
    console.user("op")
    page = console.log_in("op")
    page.evaluate(
        """async () => {
          const form = document.querySelector('.acts form');
          const body = new URLSearchParams(new FormData(form));
          await Promise.all([1, 2, 3].map(() => fetch(form.action, {method: 'POST', body})));
        }"""
    )
    assert home.alert().timeline().count("accepted") == 1


def test_passing_on_twice_climbs_once(console: Console) -> None:
    home = home_with_responders(console)
    home.press()
    console.user("op")
    page = console.log_in("op")
    send = """async () => {
      const form = [...document.querySelectorAll('.acts form')].find(form => form.action.endsWith('/pass-on'));
      window.kept ??= [form.action, new URLSearchParams(new FormData(form))];
      await fetch(window.kept[0], {method: 'POST', body: window.kept[1]});
    }"""
    page.evaluate(send)
    console.village.settle()
    page.evaluate(send)
    console.village.settle()
    assert home.alert().timeline().count("escalated") == 1
    assert home.alert().timeline().count("told") == 2


def test_what_is_being_typed_survives_a_change(console: Console) -> None:
    first, second = home_with_responders(console), console.village.home("凤山村", resident="李文昌")
    first.press()
    console.user("op")
    page = console.log_in("op")
    page.wait_for_selector(LIVE)
    page.keyboard.press("n")
    page.keyboard.type("half a sen")

    second.press()
    page.wait_for_selector(".cards li:nth-child(2)")
    page.keyboard.type("tence")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    page.get_by_text("op：half a sentence").wait_for()
    assert "note" in first.alert().timeline()
    assert page.locator(".sheet:popover-open").count() == 0


def test_the_alert_that_is_looked_at_stays_when_a_worse_one_comes(console: Console) -> None:
    console.village.home("凤山村", policy=[step(0, "兰晓")])
    worse = console.village.home("凤山村", resident="李文昌")
    console.user("op")
    console.village.home("凤山村", resident="赵学仁").press()
    console.village.forward(minutes=1)
    page = console.log_in("op")
    page.wait_for_selector(LIVE)
    page.click(".q")
    page.wait_for_url("**/?alert=*")
    console.village.phone("兰晓").reply("1")
    page.wait_for_selector(".q.taken")

    worse.press()

    page.wait_for_selector(".q.critical:not(.taken)")
    assert "李文昌" in page.inner_text(".cards li:first-child")
    assert "赵学仁" in page.inner_text(".detail h1")


def test_the_board_by_keyboard(console: Console) -> None:
    for name in ("张桂英", "李文昌", "赵学仁"):
        console.village.home("凤山村", policy=[step(0, "兰晓")] if name == "张桂英" else None, resident=name).press()
    console.user("op")
    page = console.log_in("op")
    names = page.locator(".q-who").all_inner_texts()
    assert len(names) == 3
    page.keyboard.press("j")
    page.wait_for_function("name => document.querySelector('.detail h1').innerText.includes(name)", arg=names[1][:3])
    page.keyboard.press("k")
    page.wait_for_function("name => document.querySelector('.detail h1').innerText.includes(name)", arg=names[0][:3])
    page.keyboard.press("d")
    page.wait_for_function("() => document.activeElement.name === 'staff'")
    page.keyboard.press("Escape")
    page.keyboard.press("c")
    page.wait_for_function("() => document.activeElement.name === 'outcome'")


def test_somebody_is_sent_and_another_one_instead(console: Console) -> None:
    home = home_with_responders(console)
    home.press()
    console.user("op")
    page = console.log_in("op")
    page.wait_for_selector(LIVE)
    page.keyboard.press("d")
    assert page.locator("optgroup").first.get_attribute("label") == "正在值班"
    page.select_option(".sheet:popover-open select", label="兰晓 · city")
    page.click(".sheet:popover-open .btn.go")
    page.get_by_text("兰晓 · 已接单").first.wait_for()

    page.keyboard.press("d")
    page.select_option(".sheet:popover-open select", label="梅芳 · city")
    page.click(".sheet:popover-open .btn.go")
    page.get_by_text("op 派 梅芳 上门").wait_for()
    assert home.alert().state == "accepted"


def test_a_help_call_is_closed_only_with_proof_of_help(console: Console) -> None:
    home = home_with_responders(console)
    home.press()
    console.user("op")
    console.expect_complaint("422")
    page = console.log_in("op")
    page.keyboard.press("c")
    page.check(".sheet:popover-open [value=false_alarm]")
    page.fill(".sheet:popover-open textarea", "按错了")
    page.click(".sheet:popover-open .btn.go")
    assert "与谁通过话" in page.wait_for_selector(".sheet:popover-open .refused").inner_text()
    assert page.input_value(".sheet:popover-open textarea") == "按错了", "what was typed is lost"
    home.press()
    page.get_by_text("按了 2 次").first.wait_for()
    assert page.is_visible(".sheet:popover-open .refused"), "the next change of the page wiped the reason away"

    page.fill(".sheet:popover-open [name=spoke_with]", "儿子 张建国")
    page.click(".sheet:popover-open .btn.go")
    page.get_by_text("op 办结：误报 · 已与 儿子 张建国 通话 · 按错了").wait_for()
    assert home.alert().state == "closed"
    assert home.heard()[-1] == "closed"


def test_a_lost_line_is_said_and_heals_by_itself(console: Console) -> None:
    home = home_with_responders(console)
    console.user("op")
    console.expect_complaint("ERR_")
    page = console.log_in("op")
    page.wait_for_selector(LIVE)
    console.stop()
    page.wait_for_selector("#line[data-line=lost]")
    assert "连接断开了" in page.inner_text("#stale")

    home.press()
    console.start()

    page.wait_for_selector(LIVE)
    page.wait_for_selector(".q.critical")
    assert page.is_hidden("#stale")


def test_a_form_that_could_not_be_sent_says_so(console: Console) -> None:
    home = home_with_responders(console)
    home.press()
    console.user("op")
    console.expect_complaint("ERR_|Failed to fetch")
    page = console.log_in("op")
    page.route("**/accept", lambda route: route.abort())
    page.click("[data-key=a]")
    page.wait_for_selector("#unsent:not([hidden])")
    page.unroute("**/accept")
    page.click("[data-key=a]")
    page.wait_for_selector(".q.taken")
    assert page.is_hidden("#unsent")


def test_a_session_that_is_over_leads_to_the_log_in_page(console: Console) -> None:
    console.user("op")
    console.expect_complaint("401")
    page = console.log_in("op")
    console.expect_complaint("ERR_")
    page.goto(f"{console.base}/?alert=7")
    page.wait_for_selector(LIVE)
    console.village.run("delete from sessions")
    console.stop()
    console.start()
    page.wait_for_url(re.compile(r"/login\?next=/%3Falert%3D7$"))


def test_sound_is_off_until_somebody_switches_it_on(console: Console) -> None:
    console.user("op")
    page = console.log_in("op")
    sound = page.locator("#sound")
    assert sound.inner_text() == "开始值班，打开声音"
    sound.click()
    page.wait_for_selector("#sound[data-sound=on]")
    sound.click()
    page.wait_for_selector("#sound[data-sound=off]")
    assert sound.inner_text() == "声音已关"


def test_on_a_phone_the_list_leads_to_the_alert_and_back(console: Console) -> None:
    home_with_responders(console).press()
    console.user("op")
    page = console.log_in("op", size=PHONE)
    page.wait_for_selector(LIVE)
    assert not page.is_visible(".detail")
    page.click(".q")
    page.wait_for_selector(".detail", state="visible")
    assert not page.is_visible(".queue")
    page.click(".back")
    page.wait_for_selector(".queue", state="visible")
    assert not page.is_visible(".detail")
    page.go_back()
    page.wait_for_selector(".detail", state="visible")
    page.click("#sound")
    page.wait_for_selector("#sound[data-sound=on]")


def test_a_viewer_sees_no_buttons_and_nothing_private(console: Console) -> None:
    home = home_with_responders(console)
    console.village.run("update residents set notes = '高血压', phone = '+8613800000009'")
    console.village.run("update homes set key_note = '花盆下'")
    home.press()
    console.user("boss", "viewer")
    page = console.log_in("boss")
    text = page.inner_text("#page")
    assert "张桂英" in text
    assert page.locator(".acts").count() == 0
    assert "高血压" not in text
    assert "花盆下" not in text
    assert page.locator("a[href^='tel:']").count() == 0


def test_an_alert_of_another_area_is_not_there(console: Console) -> None:
    home_with_responders(console).press()
    console.village.area("elsewhere", "county", "city")
    console.user("op", area="elsewhere")
    console.expect_complaint("404")
    page = console.log_in("op")
    assert "张桂英" not in page.inner_text("body")
    page.goto(f"{console.base}/alerts/1")
    assert "这里什么也没有" in page.inner_text("#page")
