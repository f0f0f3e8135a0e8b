"""One visit on its page: who could go, another time, no; what it proves; a label's code that leads to it."""

from datetime import timedelta
from typing import Any

import pytest

from alerts import dispatch
from alerts.model import Actor
from alerts.visits import Proof
from tests.browser.conftest import PHONE, WIDE, Console
from tests.browser.test_looks import fits
from tests.stories.village import step

WANG = Actor("wang", "console", username="wang")


def visit(console: Console, *, staff: str | None = None, start: int = 2, service: str = "meals") -> int:
    """Ask for a visit of an hour, some hours from now; returns its id."""
    village, now = console.village, console.village.clock.now()
    with village.pool.connection() as connection:
        return dispatch.request(
            connection, home_id=village.homes[0].id, service=service, due_from=now + timedelta(hours=start),
            due_to=now + timedelta(hours=start + 1), staff_id=village.phone(staff).staff_id if staff else None,
            note="不要太咸", actor=WANG, now=now,
        )  # fmt: skip


def busy(console: Console) -> None:
    """A village with a home, and people who could go there."""
    console.village.home("凤山村", policy=[step(0, "兰晓"), step("5 min", "梅芳")])
    console.village.run("update homes set lat = 24.58, lon = 99.92")
    console.village.run("update staff set skills = '{nursing}' where name = '梅芳'")
    console.user("op")
    console.user("lan", "responder", area="town", staff="兰晓")


def state(console: Console, number: int) -> tuple[str, str | None]:
    """Return how far a visit is, and whose it is."""
    found = console.village.all(
        "select visits.state, staff.name from visits left join staff on staff.id = staff_id where visits.id = %(id)s",
        id=number,
    )[0]
    return found[0], found[1]


def test_a_dispatcher_sends_whoever_is_suggested_and_is_told_of_a_clash(console: Console) -> None:
    busy(console)
    first, second = visit(console, staff="兰晓"), visit(console)
    page = console.log_in("op", to="/visits")
    page.locator(f"#visit-{second} h2 a").click()
    page.wait_for_selector("#line[data-line=live]")
    rows = page.locator(".suggested li")
    assert [name.strip() for name in rows.locator("b").all_inner_texts()] == ["梅芳", "兰晓"]
    assert f"那时有上门单{first}" in rows.nth(1).inner_text()
    console.expect_complaint("409")
    rows.nth(1).get_by_role("button", name="派").click()
    page.get_by_text(f"兰晓 那时有上门单{first}，两边赶不过来。").wait_for()
    assert state(console, second) == ("requested", None)
    page.get_by_role("button", name="仍然派他去").click()
    page.locator(".tags .pill", has_text="待接单").wait_for()
    assert state(console, second) == ("assigned", "兰晓")


def test_whoever_cannot_go_says_so_and_the_dispatcher_sees_it_first(console: Console) -> None:
    busy(console)
    earlier, number = visit(console), visit(console, staff="兰晓", start=5)
    page = console.log_in("lan", to=f"/visits/{number}", size=PHONE)
    page.get_by_role("button", name="去不了").click()
    page.fill(".sheet:popover-open textarea", "摩托车坏了")
    page.click(".sheet:popover-open .btn.go")
    page.wait_for_url("**/my")
    assert state(console, number) == ("declined", None)
    dispatcher = console.log_in("op", to="/visits")
    trips = [each.get_attribute("id") for each in dispatcher.locator(".trip").all()]
    assert trips == [f"visit-{number}", f"visit-{earlier}"]
    dispatcher.locator(f"#visit-{number} h2 a").click()
    dispatcher.get_by_text("兰晓 去不了，拒单（值班台） · 摩托车坏了").wait_for()


def test_a_visit_is_put_off_to_a_time_that_is_typed(console: Console) -> None:
    busy(console)
    number = visit(console, staff="兰晓")
    page = console.log_in("op", to=f"/visits/{number}")
    page.get_by_role("button", name="改约").click()
    page.fill(".sheet:popover-open [name=due_from]", "2026-11-26T15:00")
    page.fill(".sheet:popover-open [name=due_to]", "2026-11-26T16:00")
    page.fill(".sheet:popover-open textarea", "下大雨")
    page.click(".sheet:popover-open .btn.go")
    page.locator(".tags .pill", has_text="改约").wait_for()
    with page.expect_popup() as label:
        page.get_by_text("打印门牌码").click()
    assert label.value.locator("text=住户 Home").count() == 1
    due = console.village.one("select due_from::text from visits where id = %(id)s", id=number)
    assert due.startswith("2026-11-26 07:00:00")
    assert state(console, number) == ("put_off", "兰晓")


def test_a_doors_label_leads_to_the_visit_and_proves_it(console: Console) -> None:
    busy(console)
    number = visit(console, staff="兰晓")
    code = console.village.one("select door_code from homes where id = %(id)s", id=console.village.homes[0].id)
    page = console.log_in("lan", to=f"/my/door/{code}", size=PHONE)
    page.wait_for_url(f"**/visits/{number}?code={code}")
    page.get_by_role("button", name="已到达").click()
    page.get_by_text("门牌码正确").first.wait_for()
    page.get_by_role("button", name="完成", exact=True).click()
    page.check(".sheet:popover-open [value=helped]")
    page.select_option(".sheet:popover-open [name=payer]", "points")
    page.fill(".sheet:popover-open [name=fee]", "12.5")
    page.click(".sheet:popover-open .btn.go")
    page.get_by_text("积分").wait_for()
    paid = console.village.all("select state, payer, fee::text from visits where id = %(id)s", id=number)[0]
    assert tuple(paid) == ("completed", "points", "12.50")
    console.expect_complaint("404")
    page.goto(f"{console.base}/my/door/{code}")
    page.get_by_text("您在这一家没有待办的上门单").wait_for()


@pytest.mark.parametrize(
    ("size", "language", "theme"), [(WIDE, "en", "dark"), (PHONE, "zh-CN", "light"), (PHONE, "en", "dark")]
)
def test_it_fits_every_screen(
    console: Console, size: tuple[int, int], language: str, theme: str, tmp_path: Any
) -> None:
    busy(console)
    numbers = [visit(console), visit(console, staff="兰晓"), visit(console, staff="梅芳", service="bathing")]
    now = console.village.clock.now()
    with console.village.pool.connection() as connection:
        dispatch.decline(connection, visit_id=numbers[1], actor=WANG, reason="病了", now=now)
        dispatch.arrive(connection, visit_id=numbers[2], actor=WANG, proof=Proof(24.7, 99.9, at=now), now=now)
        dispatch.begin(connection, visit_id=numbers[2], actor=WANG, now=now)
    page = console.log_in("op", to="/visits", size=size, language=language, theme=theme)
    for path in ("/visits", *(f"/visits/{number}" for number in numbers)):
        page.goto(console.base + path)
        page.screenshot(path=tmp_path / f"{path.replace('/', '-')}.png", full_page=True)
        fits(page, path, size)
