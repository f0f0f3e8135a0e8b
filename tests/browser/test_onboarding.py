"""Devices brought in at the console and at the door: found, put in, replaced, and their passwords shown once."""

from dataclasses import replace
from pathlib import Path

import pytest

from api import labels
from tests.browser.conftest import PASSWORD, PHONE, WIDE, Console
from tests.browser.test_looks import fits
from tests.stories.village import Home, step


@pytest.fixture
def homes(console: Console) -> tuple[Home, Home]:
    """Two homes, a camera and a hub in the first, an administrator, and 兰晓 who goes out."""
    console.context.settings = replace(console.context.settings, broker="mqtt://broker.lan:1883")
    village = console.village
    first = village.home("凤山村", policy=[step(0, "兰晓")])
    second = village.home("凤山村", resident="杨桂花")
    village.device("cam-0001", first.id, "camera")
    village.device("hub-0001", first.id, "hub")
    village.run("update devices set format = 'zigbee2mqtt', topic = 'z2m/li' where uid = 'hub-0001'")
    console.user("admin", "admin")
    console.user("lan", "responder", area="town", staff="兰晓")
    return first, second


def waits(console: Console, name: str, hub: str | None, kind: str | None = None) -> None:
    console.village.run(
        "insert into discovered (format, hub_uid, address, topic, name, kind, first_seen, last_seen)"
        " values ('zigbee2mqtt', %(hub)s, %(name)s, %(topic)s, %(name)s, %(kind)s, %(now)s, %(now)s)",
        hub=hub, name=name, kind=kind, topic=None if hub else name, now=console.village.clock.now(),
    )  # fmt: skip


def stands(console: Console, uid: str) -> tuple[object, ...]:
    """Return home, kind, format, topic, hub of a registered device, and in whose place it came."""
    (row,) = console.village.all(
        "select home_id, kind, format, topic, hub_uid, replaces from devices where uid = %(uid)s and removed_at is null",
        uid=uid,
    )  # fmt: skip
    return tuple(row)


@pytest.mark.parametrize("size", [WIDE, PHONE])
def test_a_hub_is_added_to_a_home_that_is_found_while_one_types(
    console: Console, homes: tuple[Home, Home], size: tuple[int, int]
) -> None:
    page = console.log_in("admin", to="/devices", size=size)
    page.get_by_role("link", name="添加设备").click()
    page.locator("[name=q]").press_sequentially("凤山 桂花")
    page.locator(".pick").filter(has_text="杨桂花").click()
    page.fill("[name=uid]", "hub-0001")
    page.select_option("[name=kind]", "hub")
    page.select_option("[name=format]", "zigbee2mqtt")
    page.click("summary")
    page.fill("[name=topic]", "z2m/yang")
    console.expect_complaint("422")
    page.click("form.form .btn.go")
    page.locator("#why:not([hidden])").get_by_text("hub-0001 已经登记过").wait_for()
    assert page.input_value("[name=topic]") == "z2m/yang"

    page.fill("[name=uid]", "hub-0002")
    page.click("form.form .btn.go")
    page.wait_for_selector("dl.access")
    shown = page.inner_text("main")
    for value in ("hub-0002", "broker.lan", "1883", 'base_topic: "z2m/yang"', "密码只显示这一次"):
        assert value in shown
    assert page.locator("dl.access code").nth(3).inner_text() in page.inner_text("#access-text")
    fits(page, "the password", size)
    assert stands(console, "hub-0002") == (homes[1].id, "hub", "zigbee2mqtt", "z2m/yang", None, None)

    password = page.locator("dl.access code").nth(3).inner_text()
    page.reload()
    assert password not in page.content()
    page.go_back()
    assert password not in page.content()


def test_the_password_is_copied_with_a_button(console: Console, homes: tuple[Home, Home]) -> None:
    page = console.log_in("admin", to="/devices/cam-0001")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="更换密码").click()
    page.get_by_role("button", name="生成新密码").click()
    page.wait_for_selector("dl.access")
    password = page.locator("dl.access code").nth(3).inner_text()
    page.locator("dl.access button").nth(3).click()
    page.get_by_text("已复制").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == password
    before = console.village.all("select password_hash from devices where uid = 'cam-0001'")
    assert password not in str(before)
    page.goto(f"{console.base}/devices/cam-0001")
    page.get_by_role("button", name="吊销密码").click()
    page.get_by_role("button", name="吊销", exact=True).click()
    page.get_by_text("消息服务器拒绝它连接").wait_for()
    assert console.village.all("select password_hash from devices where uid = 'cam-0001'") == [(None,)]


def test_what_a_hub_named_is_let_in_or_dismissed(console: Console, homes: tuple[Home, Home]) -> None:
    waits(console, "bedroom/sos", "hub-0001", "button")
    waits(console, "neighbour", "hub-0001")
    waits(console, "客厅", None)
    page = console.log_in("admin", to="/devices")
    link = page.get_by_role("link", name="待接入设备")
    assert "3" in link.inner_text()
    link.click()
    page.locator(".trip").filter(has_text="neighbour").get_by_role("button", name="忽略").click()
    page.locator(".trip").filter(has_text="neighbour").wait_for(state="detached")
    page.locator(".trip").filter(has_text="bedroom/sos").get_by_role("link", name="接入").click()
    assert page.input_value("[name=uid]") == "bedroom-sos"
    page.click("form.form .btn.go")
    page.get_by_text("设备里不需要填写任何内容").wait_for()
    assert stands(console, "bedroom-sos") == (homes[0].id, "button", "zigbee2mqtt", "bedroom/sos", "hub-0001", None)

    page.get_by_role("link", name="完成").click()
    page.locator(".trip").filter(has_text="客厅").get_by_role("link", name="接入").click()
    page.locator("[name=q]").press_sequentially("桂花")
    page.locator(".pick").click()
    page.select_option("[name=kind]", "sensor")
    page.click("form.form .btn.go")
    page.wait_for_selector("dl.access")
    assert console.village.all("select count(*) from discovered where dismissed_at is null") == [(0,)]
    page.goto(f"{console.base}/discovered?dismissed=1")
    page.get_by_role("button", name="放回列表").click()
    page.wait_for_url("**/discovered")
    assert page.locator(".trip").count() == 1


def test_at_the_door_a_box_is_put_into_a_home_in_the_place_of_its_old_set(
    console: Console, homes: tuple[Home, Home]
) -> None:
    first, _ = homes
    # the phone's camera opened the link; nobody is logged in there yet
    page = console.page(size=PHONE)
    page.goto(f"{console.base}/my/scan/cam-7f3k9m2p?kind=camera&model=X1")
    page.fill("[name=username]", "lan")
    page.fill("[name=password]", PASSWORD)
    page.click("main button")
    page.wait_for_url("**/my/scan/*")
    assert "X1" in page.inner_text("main")
    page.locator("[name=q]").press_sequentially("张桂英")
    page.locator(".pick").click()
    assert page.input_value("[name=kind]") == "camera"
    page.check("[name=old][value=cam-0001]")
    fits(page, "scan", PHONE)
    page.click("form.form .btn.go")
    page.get_by_text("cam-7f3k9m2p 已替换 cam-0001").wait_for()
    assert stands(console, "cam-7f3k9m2p") == (first.id, "camera", "anju", None, None, "cam-0001")
    audited = console.village.all("select action, object from audit where who = 'lan' order by id")
    assert audited[0] == ("read", "homes")
    # by its id too, where nobody looked for it, and what a set there said of people
    assert ("read", f"home {first.id}") in audited
    assert audited[-2:] == [("replace", "device cam-0001"), ("add", "device cam-7f3k9m2p")]
    page.get_by_role("link", name="完成").click()
    assert "张桂英" in page.inner_text("main")
    page.goto(f"{console.base}/devices/cam-7f3k9m2p")
    assert console.village.all("select action, object, area, detail from audit order by id desc limit 1") == [
        ("read", "device cam-7f3k9m2p", "凤山村", {"what": "events"})
    ]
    page.goto(f"{console.base}/my/scan/cam-0001")
    page.get_by_role("link", name="cam-7f3k9m2p").click()
    page.wait_for_url("**/my/scan/cam-7f3k9m2p")


def test_at_the_door_the_old_set_is_scanned_and_the_new_one_typed(console: Console, homes: tuple[Home, Home]) -> None:
    page = console.log_in("lan", size=PHONE)
    page.get_by_role("link", name="扫描设备").click()
    page.fill("[name=uid]", f"{console.base}/my/scan/cam-0001")
    page.get_by_role("button", name="继续").click()
    page.get_by_role("button", name="换一台设备").click()
    console.expect_complaint("422")
    page.fill(".sheet:popover-open [name=new]", "cam-0001")
    page.click(".sheet:popover-open .btn.go")
    page.get_by_text("这就是原来那台").wait_for()
    page.goto(f"{console.base}/my/scan/cam-0001")
    page.get_by_role("button", name="换一台设备").click()
    page.fill(".sheet:popover-open [name=new]", "cam-0002")
    page.click(".sheet:popover-open .btn.go")
    page.get_by_text("cam-0002 已替换 cam-0001").wait_for()
    assert stands(console, "cam-0002") == (homes[0].id, "camera", "anju", None, None, "cam-0001")


def test_staff_find_no_home_outside_of_their_area_and_add_nothing_to_one(
    console: Console, homes: tuple[Home, Home]
) -> None:
    console.village.run(
        "insert into areas (code, name, level, parent, path)"
        " select 'far', '远村', 'village', 'county', path || 'far/' from areas where code = 'county'"
    )
    console.village.run("insert into homes (area, address, created_at) values ('far', '9组 9号', %(now)s)",
                        now=console.village.clock.now())  # fmt: skip
    (far,) = console.village.all("select id from homes where area = 'far'")
    console.user("mei", "responder", area="town", staff="梅芳")
    page = console.log_in("mei", to="/my/scan/btn-9999", size=PHONE)
    page.locator("[name=q]").press_sequentially("9组")
    page.get_by_text("您的区域内没有").wait_for()
    console.expect_complaint("422|403")
    page.goto(f"{console.base}/my/scan/btn-9999?home={far[0]}")
    assert page.locator("[name=old], form.form").count() == 0
    status = page.evaluate(
        """async home => {
          const csrf_token = document.querySelector('#me [name=csrf_token]').value;
          const body = new URLSearchParams({csrf_token, home, kind: 'button'});
          return (await fetch('/my/scan/btn-9999', {method: 'POST', body})).status;
        }""",
        str(far[0]),
    )
    assert status == 422
    assert console.village.all("select count(*) from devices where uid = 'btn-9999'") == [(0,)]
    for path in ("/add", "/discovered"):
        assert page.goto(console.base + path).status == 403
    page.goto(f"{console.base}/devices/cam-0001")
    assert page.get_by_role("button", name="更换密码").count() == 0


def test_labels_print_a_sheet_a_page_and_nothing_else(
    console: Console, homes: tuple[Home, Home], tmp_path: Path
) -> None:
    page = console.log_in("admin", to="/labels?new=25")
    assert page.locator(".sheets > svg").count() == 2
    assert page.pdf(prefer_css_page_size=True).count(b"/Type /Page\n") == 2
    page.emulate_media(media="print")
    assert not page.locator(".bar").is_visible()
    assert not page.locator(".asks").is_visible()
    assert page.locator(".sheets > svg").first.bounding_box()["x"] == 0
    page.emulate_media(media="screen")
    page.goto(f"{console.base}/labels?area=town")
    assert page.inner_text("h1").split()[-1] == "4"
    assert "桂" not in page.inner_text(".sheets")
    written = tmp_path / "labels.html"
    written.write_text(labels.as_html([labels.Label(f"btn-{number}") for number in range(49)], console.base))
    page.goto(written.as_uri())
    assert page.pdf(prefer_css_page_size=True).count(b"/Type /Page\n") == 3


@pytest.mark.parametrize(("size", "language"), [(WIDE, "en"), (PHONE, "zh-CN"), (PHONE, "en")])
def test_every_page_of_it_fits(
    console: Console, homes: tuple[Home, Home], size: tuple[int, int], language: str
) -> None:
    waits(console, "bedroom/" + "very-long-name-of-a-button" * 3, "hub-0001", "button")
    (found,) = console.village.all("select id from discovered")
    seen = {
        "admin": (
            "/add",
            "/add?q=凤山",
            f"/add?home={homes[0].id}",
            "/discovered",
            f"/discovered/{found[0]}",
            "/labels",
        ),
        "lan": (
            "/my/scan",
            "/my/scan/cam-0001",
            "/my/scan/btn-9",
            f"/my/scan/btn-9?home={homes[0].id}",
            "/devices/cam-0001",
        ),
    }
    for name, paths in seen.items():
        page = console.log_in(name, size=size, language=language)
        for path in paths:
            assert page.goto(console.base + path).status == 200
            fits(page, path, size)
