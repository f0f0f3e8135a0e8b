"""Every page, wide and on a phone, in both languages, light and dark: nothing overflows, nothing is too small to press."""

from typing import Any

import pytest

from tests.browser.conftest import PHONE, WIDE, Console
from tests.stories.village import Home, step

TOO_SMALL = """() => {
  const found = [];
  const pressed = 'a[href], button, input:not([type=hidden]):not([type=radio]):not([type=checkbox]), select, textarea';
  for (const each of document.querySelectorAll(pressed + ', summary')) {
    const {width, height} = each.getBoundingClientRect();
    const inText = each.matches('.skip');
    if (width && height && height < 43.5 && !inText) found.push(`${each.outerHTML.slice(0, 80)} is ${height} px high`);
  }
  for (const each of document.querySelectorAll('body *')) {
    const says = [...each.childNodes].some(node => node.nodeType === 3 && node.data.trim());
    const size = parseFloat(getComputedStyle(each).fontSize);
    if (says && each.getClientRects().length && size < 15.99) found.push(`${each.outerHTML.slice(0, 80)}: ${size} px`);
  }
  return found;
}"""


def busy_village(console: Console) -> Home:
    """A village with something on every page."""
    village = console.village
    home = village.home("凤山村", policy=[step(0, "兰晓"), step("5 min", "梅芳")])
    village.device("cam-0001", home.id, "camera")
    village.run("update homes set key_note = '钥匙在邻居杨家', lat = 24.5, lon = 99.9")
    village.run(
        "update residents set birth_date = '1944-03-02', notes = '高血压', phone = '+8613800000009',"
        " category = array['lives_alone', 'disabled'], contacts ="
        """ '[{"name": "张建国", "phone": "+8613800000001", "relation": "儿子"}]'"""
    )
    village.home("凤山村", resident="阿卜杜热合曼·阿卜杜拉").press()
    village.phone("兰晓").reply("1")
    village.forward(minutes=2)
    home.press()
    home.press()
    home.says("patrol", b"not json")
    # a button that nobody tried for two months, and a test that is announced
    untried = village.home("凤山村", resident="杨小妹")
    village.run(
        "update devices set created_at = %(now)s::timestamptz - interval '60 days' where uid = %(uid)s",
        uid=untried.button,
    )
    village.run(
        "insert into test_windows (home_id, from_at, to_at, created_by, created_at) values (%(home)s, %(now)s,"
        " %(now)s::timestamptz + interval '1 hour', 'op', %(now)s)",
        home=untried.id,
    )  # fmt: skip
    for name, role, staff in (("op", "operator", None), ("admin", "admin", None), ("lan", "responder", "兰晓")):
        console.user(name, role, staff=staff)
    return home


@pytest.mark.parametrize(
    ("size", "language", "theme"),
    [(WIDE, "zh-CN", "light"), (WIDE, "en", "dark"), (PHONE, "zh-CN", "dark"), (PHONE, "en", "light")],
)
def test_every_page_fits(console: Console, size: tuple[int, int], language: str, theme: str) -> None:
    home = busy_village(console)
    alert = home.alert().id
    seen = {
        "op": ("/", f"/?alert={alert}", "/visits", "/phones", "/devices", f"/devices/{home.button}", "/test-calls"),
        "admin": ("/quarantine",),
        "lan": ("/my", f"/alerts/{alert}"),
    }
    for name, paths in seen.items():
        page = console.log_in(name, size=size, language=language, theme=theme)
        for path in paths:
            page.goto(console.base + path)
            fits(page, path, size)
            assert page.locator("html").get_attribute("lang") == language


def fits(page: Any, path: str, size: tuple[int, int]) -> None:
    """Fail where a page is wider than its window, or on a phone too small for a thumb."""
    wider = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wider <= 0, f"{path} is {wider} px wider than the window"
    if size == PHONE:
        assert page.evaluate(TOO_SMALL) == [], path


def test_the_boards_first_load_is_small(console: Console) -> None:
    busy_village(console)
    page = console.log_in("op")
    sizes: dict[str, int] = {}
    fresh = page.context.new_page()
    fresh.on(
        "response",
        lambda response: sizes.__setitem__(response.url, int(response.headers.get("content-length", "0"))),
    )
    fresh.goto(console.base)
    fresh.wait_for_selector("#line[data-line=live]")
    assert sum(sizes.values()) < 200 * 1024, sizes
    assert all(url.startswith(console.base) for url in sizes), f"something is loaded from elsewhere: {list(sizes)}"
