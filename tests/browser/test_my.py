"""A care worker with one thumb: one thing at a time, one big button."""

from datetime import timedelta

from alerts import staffing, swaps
from alerts.model import Actor
from tests.browser.conftest import PHONE, Console
from tests.stories.village import step


def test_from_the_call_to_the_end_with_one_thumb(console: Console) -> None:
    home = console.village.home("凤山村", policy=[step(0, "兰晓"), step("5 min", "梅芳")])
    console.user("lan", "responder", area="town", staff="兰晓")
    page = console.log_in("lan", size=PHONE)
    page.wait_for_url("**/my")
    page.wait_for_selector("#line[data-line=live]")
    assert "现在没有任务" in page.inner_text("#page")

    home.press()

    page.get_by_role("button", name="我去").click()
    page.get_by_role("button", name="我出发了").click()
    page.get_by_role("button", name="我到了").click()
    page.get_by_role("button", name="完成").click()
    page.check(".sheet:popover-open [value=helped]")
    page.click(".sheet:popover-open .btn.go")
    page.get_by_text("现在没有任务").wait_for()
    assert home.heard() == ["accepted", "en_route", "arrived", "closed"]
    assert home.alert().outcome == "helped"


def test_passing_on_takes_it_off_ones_page(console: Console) -> None:
    home = console.village.home("凤山村", policy=[step(0, "兰晓"), step("5 min", "梅芳")])
    home.press()
    console.user("lan", "responder", area="town", staff="兰晓")
    page = console.log_in("lan", size=PHONE)
    page.get_by_role("button", name="去不了").click()
    page.get_by_text("现在没有任务").wait_for()
    console.village.settle()
    assert home.alert().timeline().count("told") == 2
    assert console.village.phone("梅芳").messages()


def test_somebody_elses_visit_is_not_for_me(console: Console) -> None:
    home = console.village.home("凤山村", policy=[step(0, "兰晓")])
    home.press()
    console.village.phone("兰晓").reply("1")
    console.user("mei", "responder", area="town", staff="梅芳")
    console.expect_complaint("403")
    page = console.log_in("mei", to="/visits", size=PHONE)
    assert "兰晓" in page.inner_text("#page")
    assert page.locator(".trip-acts button").count() == 0
    status = page.evaluate(
        """async id => {
          const csrf_token = document.querySelector('[name=csrf_token]').value;
          const body = new URLSearchParams({csrf_token});
          return (await fetch(`/visits/${id}/depart`, {method: 'POST', body})).status;
        }""",
        home.alert().visit(),
    )
    assert status == 403
    assert home.alert().state == "accepted"


def test_a_visit_that_cannot_be_done_goes_to_the_next(console: Console) -> None:
    home = console.village.home("凤山村", policy=[step(0, "兰晓"), step("5 min", "梅芳")])
    home.press()
    console.village.phone("兰晓").reply("1")
    console.user("lan", "responder", area="town", staff="兰晓")
    page = console.log_in("lan", to=f"/alerts/{home.alert().id}", size=PHONE)
    page.get_by_role("button", name="没能完成").click()
    page.fill(".sheet:popover-open textarea", "车坏了")
    page.click(".sheet:popover-open .btn.go")
    page.get_by_text("车坏了").first.wait_for()
    assert home.alert().state == "notified"


def test_a_shift_that_somebody_asks_for_is_taken_with_one_button(console: Console) -> None:
    village = console.village
    lan, mei = village.phone("兰晓"), village.phone("梅芳")
    now = village.clock.now()
    with village.pool.connection() as connection:
        rota = staffing.add_rota(
            connection, name="夜班", area="town", timezone="Asia/Shanghai", kind="weekly", length=1, start=now,
            members=[mei.staff_id],
        )  # fmt: skip
        for hours in (24, 48):
            swaps.ask(
                connection, rota_id=rota, start=now + timedelta(hours=hours), end=now + timedelta(hours=hours + 8),
                staff_id=lan.staff_id, only_of=mei.staff_id, actor=Actor("梅芳", "api", mei.staff_id),
                manner=swaps.Manner("zh-CN", "outbox"), now=now,
            )  # fmt: skip
    console.user("lan", "responder", area="town", staff="兰晓")
    page = console.log_in("lan", size=PHONE)
    assert page.locator("h1").all_inner_texts().count("能代梅芳的班吗？") == 2
    page.get_by_role("button", name="我来代班").first.click()
    page.locator("section[id^=swap]").nth(1).wait_for(state="detached")
    page.get_by_role("button", name="代不了").click()
    page.get_by_text("现在没有任务").wait_for()
    assert village.all("select state from swaps order by id") == [("accepted",), ("declined",)]
    assert village.all("select staff_id from overrides") == [(lan.staff_id,)]
