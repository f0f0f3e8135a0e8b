"""Whatever a home, a staff member, a device or a text can carry stays text on every page."""

from tests.browser.conftest import Console
from tests.stories.village import step

EVIL = '<img src=x onerror="window.broken=1"><script>window.broken=1</script>\'"{{7*7}}</textarea>'


def test_markup_in_every_field_stays_text(console: Console) -> None:
    village = console.village
    home = village.home("凤山村", policy=[step(0, EVIL)], resident=EVIL)
    village.run(
        "update residents set notes = %(evil)s, sex = %(evil)s, phone = %(evil)s, category = array[%(evil)s],"
        " contacts = jsonb_build_array(jsonb_build_object('name', %(evil)s::text, 'phone', %(evil)s::text,"
        " 'relation', %(evil)s::text))",
        evil=EVIL,
    )
    village.run("update homes set address = %(evil)s, key_note = %(evil)s", evil=EVIL)
    village.run("update areas set name = %(evil)s", evil=EVIL)
    village.run("update device_latest set fw = %(evil)s, model = %(evil)s, state = 'online'", evil=EVIL)
    home.press(source=EVIL)
    home.says("help", EVIL.encode(), uid=home.button)
    village.run(
        "insert into quarantine (topic, payload, size, reason, received_at)"
        " values (%(evil)s, %(payload)s, 10, %(evil)s, %(now)s)",
        evil=EVIL, payload=b"\xff\x00" + EVIL.encode(),
    )  # fmt: skip
    village.phone(EVIL).reply(EVIL)
    console.user("admin", "admin")
    console.user("me", "responder", staff=EVIL)

    page = console.log_in("admin")
    page.keyboard.press("n")
    page.keyboard.type(EVIL)
    page.click(".sheet:popover-open .btn.go")
    page.locator(".time li", has_text="{{7*7}}").first.wait_for()
    village.phone(EVIL).reply("1")
    alert = home.alert().id
    for path in ("/", f"/alerts/{alert}", "/visits", "/phones", "/devices", f"/devices/{home.button}", "/quarantine"):
        page.goto(console.base + path)
        page.wait_for_load_state()
        assert page.evaluate("window.broken") is None, path
        assert page.locator("img[src=x]").count() == 0, path
        assert EVIL[:20] in page.inner_text("#page"), f"{path} does not show the text at all"
    mine = console.log_in("me")
    assert mine.evaluate("window.broken") is None
    assert EVIL[:20] in mine.inner_text("#page")
