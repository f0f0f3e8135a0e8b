"""A village without signal: the page is there, what was done is kept, and the server has it later, in order, once."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests import needs
from tests.browser.conftest import CHROMIUM_ARGUMENTS, PASSWORD, PHONE, WAIT_MS, Console
from tests.stories.village import Home, step

NO_LINE = "ERR_INTERNET_DISCONNECTED|ERR_FAILED|503|Failed to fetch"
KEPT = "已记在这部手机上"


def called(console: Console, name: str = "兰晓") -> tuple[Home, int]:
    """Somebody pressed, and he said that he goes: return the home and the visit."""
    home = console.village.home("凤山村", policy=[step(0, name)])
    home.press()
    console.village.phone(name).reply("1")
    visit = home.alert().visit()
    assert visit is not None
    return home, int(visit)


def on_demand(console: Console, name: str = "兰晓", **more: object) -> tuple[Home, int]:
    """A visit on demand was given to him: return the home and the visit."""
    home = console.village.home("凤山村", resident="李凤英")
    given = {"due": None, "state": "assigned"} | more
    visit = console.village.one(
        "insert into visits (home_id, area, staff_id, state, requested_at, assigned_at, told_at, due_from, due_to)"
        " values (%(home)s, %(area)s, %(staff)s, %(state)s, %(now)s, %(now)s, %(now)s, %(due)s, %(due)s) returning id",
        home=home.id, area=home.area, staff=console.village.phone(name).staff_id, **given,
    )  # fmt: skip
    return home, int(visit)


def on_the_phone(console: Console, who: str = "lan", page: Any = None, ahead: timedelta = timedelta(0)) -> Any:
    """Open his page on his phone, whose clock is that far ahead, and wait until the phone has kept the page."""
    page = page or console.page(size=PHONE)
    page.context.clock.install(time=console.village.clock.now() + ahead)
    console.log_in(who, to="/my", page=page)
    is_kept(page)
    return page


def is_kept(page: Any) -> None:
    """Wait until the phone has kept the page as it is now."""
    page.wait_for_selector("#line[data-line=live]")
    page.evaluate(
        """async () => {
          const shown = () => [...document.querySelectorAll('[data-visit]')].map(
            each => `data-visit="${each.dataset.visit}" data-state="${each.dataset.state}"`);
          for (;;) {
            const had = await (await caches.open('anju-page')).match('/my');
            const html = had ? await had.text() : '';
            if (html && shown().every(each => html.includes(each))) return;
            await new Promise(requestAnimationFrame);
          }
        }"""
    )


def times(console: Console, visit: int) -> tuple[datetime | None, ...]:
    """Return when he set out, arrived and was done."""
    return console.village.all("select departed_at, arrived_at, completed_at from visits where id = %(id)s", id=visit)[
        0
    ]


def state(console: Console, visit: int) -> str:
    """Return how far the visit is."""
    return str(console.village.one("select state from visits where id = %(id)s", id=visit))


def about(at: datetime | None, wanted: datetime) -> bool:
    """Say whether a step has the time at which it was taken: the test itself takes some seconds."""
    return at is not None and timedelta(0) <= at - wanted < timedelta(seconds=60)


def done(page: Any) -> None:
    """Say how it ended."""
    page.get_by_role("button", name="完成", exact=True).click()
    page.click(".sheet:popover-open .btn.go")


_STEPS = """() => new Promise(resolve => {
  const asked = indexedDB.open('anju-steps', 1);
  asked.onsuccess = () => {
    const all = asked.result.transaction('steps').objectStore('steps').getAll();
    all.onsuccess = () => resolve(all.result.map(each => each.step));
  };
})"""


def kept_steps(page: Any) -> list[str]:
    """Return the steps that the phone still has."""
    return list(page.evaluate(_STEPS))


def sent(page: Any) -> None:
    """Wait until the phone has nothing left to send."""
    page.evaluate(
        f"""async () => {{
          const steps = {_STEPS};
          while ((await steps()).length) await new Promise(requestAnimationFrame);
        }}"""
    )


def test_arrive_and_complete_without_a_line_and_the_server_has_both_later(console: Console) -> None:
    begin = console.village.clock.now()
    home, visit = called(console)
    console.user("lan", "responder", area="town", staff="兰晓")
    page = on_the_phone(console)
    page.get_by_role("button", name="我出发了").click()
    page.get_by_role("button", name="我到了").wait_for()
    sent(page)
    page.wait_for_selector("[data-state=en_route]")
    is_kept(page)
    console.expect_complaint(NO_LINE)
    page.context.set_offline(True)

    page.reload()
    assert page.get_attribute("html", "data-kept")
    assert "张桂英" in page.inner_text(".doorway h1")
    assert home.address in page.inner_text("#page")
    assert page.locator("#stale").is_visible()

    page.clock.fast_forward("20:00")
    page.get_by_role("button", name="我到了").click()
    page.get_by_text(KEPT).first.wait_for()
    page.clock.fast_forward("45:00")
    done(page)
    page.get_by_text("已记下 2 步").wait_for()
    assert kept_steps(page) == ["arrive", "complete"]
    assert state(console, visit) == "en_route"

    console.village.clock.forward(timedelta(hours=3))
    page.context.set_offline(False)
    page.get_by_text("现在没有任务").wait_for()
    assert state(console, visit) == "completed"
    _, arrived, completed = times(console, visit)
    assert about(arrived, begin + timedelta(minutes=20))
    assert about(completed, begin + timedelta(minutes=65))
    timeline = home.alert().timeline()
    assert [each for each in timeline if each in ("en_route", "arrived", "visit_completed", "closed")] == [
        "en_route", "arrived", "visit_completed", "closed",
    ]  # fmt: skip
    assert console.village.all("select step, result from phone_steps order by at") == [
        ("depart", "done"), ("arrive", "done"), ("complete", "done"),
    ]  # fmt: skip
    assert kept_steps(page) == []


def test_an_answer_that_is_lost_on_the_way_does_nothing_twice(console: Console) -> None:
    home, visit = called(console)
    console.user("lan", "responder", area="town", staff="兰晓")
    page = on_the_phone(console)
    console.expect_complaint(NO_LINE)
    posted: list[str] = []
    lost: list[int] = []

    def lose(route: Any) -> None:
        if route.request.method == "POST":
            posted.append(route.request.post_data)
            if not lost:
                lost.append(route.fetch().status)
                console.village.clock.forward(timedelta(minutes=5))
                return route.abort()
        return route.continue_()

    page.route("**/my/steps", lose)
    page.get_by_role("button", name="我出发了").click()
    sent(page)
    assert lost == [200]
    assert len(posted) > 1
    assert set(posted) == {posted[0]}
    assert state(console, visit) == "en_route"
    assert home.alert().timeline().count("en_route") == 1
    assert console.village.all("select step, result from phone_steps") == [("depart", "done")]


def test_two_tabs_do_it_once(console: Console) -> None:
    home, visit = called(console)
    console.user("lan", "responder", area="town", staff="兰晓")
    first = on_the_phone(console)
    second = first.context.new_page()
    second.goto(f"{console.base}/my")
    second.wait_for_selector("#line[data-line=live]")
    console.expect_complaint(NO_LINE)
    first.context.set_offline(True)
    first.get_by_role("button", name="我出发了").click()
    # what one tab keeps, the other shows
    second.get_by_role("button", name="我到了").click()
    second.get_by_text("已记下 2 步").wait_for()
    first.context.set_offline(False)
    sent(first)
    sent(second)
    assert state(console, visit) == "arrived"
    timeline = home.alert().timeline()
    assert [timeline.count(each) for each in ("en_route", "arrived")] == [1, 1]
    assert console.village.one("select count(*) from phone_steps") == 2


def test_a_browser_that_is_closed_and_opened_again_still_sends(console: Console, tmp_path: Path) -> None:
    begin = console.village.clock.now()
    _, visit = on_demand(console)
    console.user("lan", "responder", area="town", staff="兰晓")
    size = {"width": PHONE[0], "height": PHONE[1]}
    how: dict[str, Any] = {
        "executable_path": needs.chromium(), "args": CHROMIUM_ARGUMENTS, "viewport": size, "locale": "zh-CN",
    }  # fmt: skip

    def profile() -> Any:
        context = console.chromium.browser_type.launch_persistent_context(tmp_path / "phone", **how)
        context.set_default_timeout(WAIT_MS)
        return context

    context = profile()
    page = context.new_page()
    on_the_phone(console, page=page)
    context.set_offline(True)
    page.reload()
    page.get_by_role("button", name="我出发了").click()
    page.get_by_text("已记下 1 步").wait_for()
    context.close()

    console.village.clock.forward(timedelta(hours=2))
    context = profile()
    page = context.new_page()
    page.goto(f"{console.base}/my")
    page.get_by_role("button", name="我到了").wait_for()
    sent(page)
    context.close()
    assert state(console, visit) == "en_route"
    assert about(times(console, visit)[0], begin)


def test_a_visit_that_somebody_else_took_is_said_and_the_next_step_still_goes(console: Console) -> None:
    _, taken = on_demand(console)
    _, mine = on_demand(console)
    console.user("lan", "responder", area="town", staff="兰晓")
    page = on_the_phone(console)
    console.expect_complaint(NO_LINE)
    page.context.set_offline(True)
    for visit in (taken, mine):
        page.locator(f"#visit-{visit}").get_by_role("button", name="我出发了").click()
        page.locator(f"#visit-{visit}").get_by_text(KEPT).wait_for()
    console.village.run(
        "update visits set staff_id = %(mei)s where id = %(id)s", mei=console.village.phone("梅芳").staff_id, id=taken
    )
    page.context.set_offline(False)
    page.get_by_text("这次上门现在由梅芳负责").wait_for()
    assert (state(console, taken), state(console, mine)) == ("assigned", "en_route")
    page.get_by_role("button", name="知道了").click()
    page.locator("#steps").wait_for(state="hidden")
    assert kept_steps(page) == []


def test_a_session_that_is_over_keeps_the_steps_until_he_logs_in_again(console: Console) -> None:
    _, visit = on_demand(console)
    console.user("lan", "responder", area="town", staff="兰晓")
    page = on_the_phone(console)
    console.expect_complaint(f"{NO_LINE}|401")
    page.context.set_offline(True)
    page.get_by_role("button", name="我出发了").click()
    page.get_by_text("已记下 1 步").wait_for()
    console.village.run("delete from sessions")
    page.context.set_offline(False)
    page.get_by_role("link", name="登录已过期").click()
    page.wait_for_url("**/login**")
    assert state(console, visit) == "assigned"
    # his right to read the page ended with his session
    assert not page.evaluate("caches.has('anju-page')")
    page.fill("[name=username]", "lan")
    page.fill("[name=password]", PASSWORD)
    page.click("main button")
    page.get_by_role("button", name="我到了").wait_for()
    sent(page)
    assert state(console, visit) == "en_route"


def test_logging_out_leaves_nothing_to_read_and_nothing_to_the_next_user(console: Console) -> None:
    _, visit = on_demand(console)
    console.user("lan", "responder", area="town", staff="兰晓")
    console.user("mei", "responder", area="town", staff="梅芳")
    page = on_the_phone(console)
    console.expect_complaint(NO_LINE)
    page.context.set_offline(True)
    page.get_by_role("button", name="我出发了").click()
    page.get_by_text("已记下 1 步").wait_for()
    asked: list[str] = []

    def agree(dialog: Any) -> None:
        asked.append(dialog.message)
        dialog.accept()

    page.on("dialog", agree)
    # the log-out itself reaches the server, the step does not
    page.route("**/my/steps", lambda route: route.abort())
    page.context.set_offline(False)
    page.click("button.me")
    page.get_by_role("button", name="退出登录").click()
    page.wait_for_url("**/login")
    assert "还有 1 步没有发出" in asked[0]
    assert not page.evaluate("caches.has('anju-page')")
    page.unroute("**/my/steps")

    console.log_in("mei", to="/my", page=page)
    is_kept(page)
    page.context.set_offline(True)
    page.reload()
    assert "李凤英" not in page.content()
    assert "已记下" not in page.inner_text("body")
    assert state(console, visit) == "assigned"
    page.context.set_offline(False)
    page.goto(f"{console.base}/visits")
    page.click("button.me")
    page.get_by_role("button", name="退出登录").click()
    page.wait_for_url("**/login")

    console.log_in("lan", to="/my", page=page)
    page.get_by_role("button", name="我到了").wait_for()
    sent(page)
    assert state(console, visit) == "en_route"


def test_a_server_that_is_started_anew_has_the_steps_taken_meanwhile(console: Console) -> None:
    _, visit = on_demand(console)
    console.user("lan", "responder", area="town", staff="兰晓")
    page = on_the_phone(console)
    console.expect_complaint(f"{NO_LINE}|ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING")
    console.stop()
    page.reload()
    page.get_by_role("button", name="我出发了").click()
    page.get_by_text("已记下 1 步").wait_for()
    console.start()
    page.clock.fast_forward("01:00")
    sent(page)
    assert state(console, visit) == "en_route"


def test_a_finger_that_trembles_takes_one_step(console: Console) -> None:
    _, visit = on_demand(console)
    console.user("lan", "responder", area="town", staff="兰晓")
    page = on_the_phone(console)
    place = page.get_by_role("button", name="我出发了").bounding_box()
    for _ in range(3):
        page.mouse.click(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    page.get_by_role("button", name="我到了").wait_for()
    sent(page)
    assert state(console, visit) == "en_route"
    assert console.village.all("select step from phone_steps") == [("depart",)]


@pytest.mark.parametrize("ahead", [timedelta(hours=3), timedelta(hours=-3)])
def test_a_clock_that_is_plainly_wrong_is_put_right_by_the_servers(console: Console, ahead: timedelta) -> None:
    _, visit = on_demand(console)
    console.user("lan", "responder", area="town", staff="兰晓")
    console.village.clock.forward(timedelta(minutes=1))
    begin = console.village.clock.now()
    page = on_the_phone(console, ahead=ahead)
    console.expect_complaint(NO_LINE)
    page.context.set_offline(True)
    page.reload()
    page.clock.fast_forward("30:00")
    page.get_by_role("button", name="我出发了").click()
    page.get_by_text("10:4").wait_for()
    console.village.clock.forward(timedelta(hours=1))
    page.context.set_offline(False)
    sent(page)
    assert about(times(console, visit)[0], begin + timedelta(minutes=30))


def test_what_came_while_the_page_was_open_is_kept_too(console: Console) -> None:
    console.user("lan", "responder", area="town", staff="兰晓")
    page = on_the_phone(console)
    home = console.village.home("凤山村", policy=[step(0, "兰晓")])
    home.press()
    console.village.phone("兰晓").reply("1")
    page.wait_for_selector("[data-visit]")
    is_kept(page)
    console.expect_complaint(NO_LINE)
    page.context.set_offline(True)
    page.reload()
    assert "张桂英" in page.inner_text(".doorway h1")
    assert page.evaluate("getComputedStyle(document.querySelector('.btn.big')).minHeight") == "88px"


def test_after_half_a_day_without_a_line_nothing_is_left_to_read(console: Console) -> None:
    on_demand(console)
    console.user("lan", "responder", area="town", staff="兰晓")
    page = on_the_phone(console)
    console.expect_complaint(NO_LINE)
    page.context.set_offline(True)
    page.evaluate(
        """async () => {
          const cache = await caches.open('anju-page');
          const had = await cache.match('/my');
          const headers = new Headers(had.headers);
          headers.set('x-anju-kept', '2020-01-01T00:00:00Z');
          await cache.put('/my', new Response(await had.text(), {headers}));
        }"""
    )
    page.goto(f"{console.base}/my")
    page.get_by_role("heading", name="没有网络").wait_for()
    assert "李凤英" not in page.content()
    assert page.evaluate("caches.open('anju-page').then(cache => cache.keys()).then(keys => keys.length)") == 0


def test_nothing_but_his_own_page_is_kept(console: Console) -> None:
    _, visit = on_demand(console)
    home, _ = called(console)
    console.user("lan", "responder", area="town", staff="兰晓")
    page = on_the_phone(console)
    # the browser looks for a picture of what is no page
    console.expect_complaint("404")
    for path in ("/visits", f"/alerts/{home.alert().id}", "/devices", f"/api/v1/visits/{visit}", "/my/steps", "/my"):
        page.goto(console.base + path)
    kept = page.evaluate(
        """async () => {
          const found = [];
          for (const name of await caches.keys())
            for (const each of await (await caches.open(name)).keys()) found.push(new URL(each.url).pathname);
          return found;
        }"""
    )
    assert [each for each in kept if not each.startswith("/static/")] == ["/my"]


def test_where_he_was_goes_along_when_he_lets_it(console: Console) -> None:
    _, visit = on_demand(console, state="en_route")
    console.user("lan", "responder", area="town", staff="兰晓")
    page = console.page(size=PHONE)
    page.context.grant_permissions(["geolocation"])
    page.context.set_geolocation({"latitude": 24.5801, "longitude": 99.9202})
    on_the_phone(console, page=page)
    page.get_by_role("button", name="我到了").click()
    page.get_by_role("button", name="完成", exact=True).wait_for()
    sent(page)
    proof = console.village.one("select arrived_proof from visits where id = %(id)s", id=visit)
    assert (proof["lat"], proof["lon"]) == (24.5801, 99.9202)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_without_scripts_the_plain_forms_do_it(console: Console, language: str) -> None:
    _, visit = on_demand(console)
    console.user("lan", "responder", area="town", staff="兰晓")
    context = console.chromium.new_context(java_script_enabled=False, locale="zh-CN")
    context.add_cookies([{"name": "anju_language", "value": language, "url": console.base}])
    page = context.new_page()
    console.log_in("lan", to="/my", page=page)
    for label in ("我出发了", "我到了") if language == "zh-CN" else ("I set out", "I am there"):
        page.locator(".btn.go.big:visible", has_text=label).click()
    page.wait_for_load_state()
    assert state(console, visit) == "arrived"
    context.close()
