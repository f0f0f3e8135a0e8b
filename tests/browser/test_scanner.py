"""A code before the phone's camera: real Chromium, whose camera is a film of a label made here."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import segno

from tests import needs
from tests.browser.conftest import CHROMIUM_ARGUMENTS, PHONE, WAIT_MS, Console
from tests.browser.test_offline import is_kept, on_demand, sent, state

WIDTH, HEIGHT = 640, 480


def film(path: Path, text: str) -> Path:
    """Write a film (Y4M) of a label with that code, as a phone sees it from a hand's breadth away; '': of a wall."""
    rows = segno.make_qr(text, error="m").matrix if text else ()
    scale = 300 // len(rows) if rows else 0
    left, top = (WIDTH - scale * len(rows)) // 2, (HEIGHT - scale * len(rows)) // 2
    light = bytearray(b"\xd8" * (WIDTH * HEIGHT))
    for y, row in enumerate(rows):
        for x, dark in enumerate(row):
            for line in range(scale) if dark else ():
                start = (top + y * scale + line) * WIDTH + left + x * scale
                light[start : start + scale] = b"\x28" * scale
    frame = b"FRAME\n" + bytes(light) + b"\x80" * (WIDTH * HEIGHT // 2)
    path.write_bytes(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F10:1 Ip A1:1 C420jpeg\n".encode() + frame * 10)
    return path


@contextmanager
def phone(console: Console, seen: Path | None, *, allowed: bool = True) -> Iterator[Any]:
    """Open a browser whose camera shows that film; None: it has no camera."""
    camera = ["--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={seen}"] if seen else []
    browser = console.chromium.browser_type.launch(
        executable_path=needs.chromium(), args=[*CHROMIUM_ARGUMENTS, *camera]
    )
    try:
        context = browser.new_context(viewport={"width": PHONE[0], "height": PHONE[1]}, locale="zh-CN")
        context.set_default_timeout(WAIT_MS)
        if allowed:
            context.grant_permissions(["camera"])
        page = context.new_page()
        page.on("pageerror", lambda error: console.complaints.append(str(error)))
        yield page
    finally:
        browser.close()


@pytest.fixture
def lan(console: Console) -> Console:
    """A village with somebody who goes."""
    console.user("lan", "responder", area="town", staff="兰晓")
    return console


def test_a_devices_label_leads_to_the_device(lan: Console, tmp_path: Path) -> None:
    home = lan.village.home("凤山村")
    label = film(tmp_path / "label.y4m", f"https://anju.example/my/scan/{home.button}")
    with phone(lan, label) as page:
        lan.log_in("lan", to="/my/scan", page=page)
        page.get_by_role("button", name="用相机扫码").click()
        page.wait_for_url(f"**/my/scan/{home.button}")
        assert home.address in page.inner_text("#page")


def test_a_new_boxs_label_brings_along_what_is_in_it(lan: Console, tmp_path: Path) -> None:
    lan.village.home("凤山村")
    label = film(tmp_path / "label.y4m", "https://anju.example/my/scan/new-77?kind=pendant&model=SOS2")
    with phone(lan, label) as page:
        lan.log_in("lan", to="/my/scan", page=page)
        page.get_by_role("button", name="用相机扫码").click()
        page.wait_for_url("**/my/scan/new-77?kind=pendant&model=SOS2")


def test_the_code_at_the_door_proves_the_arrival(lan: Console, tmp_path: Path) -> None:
    _, visit = on_demand(lan, state="en_route")
    code = lan.village.one("select coalesce(to_jsonb(homes) ->> 'door_code', 'A1B2C3D4E5F6') from homes")
    with phone(lan, film(tmp_path / "door.y4m", f"https://anju.example/door/{code}")) as page:
        lan.log_in("lan", to="/my", page=page)
        page.get_by_role("button", name="扫门口的码").click()
        page.get_by_role("button", name="完成", exact=True).wait_for()
        page.wait_for_selector("[data-state=arrived]")
        # the camera is let go as soon as the code is read
        assert page.locator(".camera:visible").count() == 0
    assert state(lan, visit) == "arrived"
    proof = lan.village.one("select arrived_proof from visits where id = %(id)s", id=visit)
    assert str(proof["code"]).endswith(code)


def test_the_code_is_read_without_a_line_too(lan: Console, tmp_path: Path) -> None:
    _, visit = on_demand(lan, state="en_route")
    code = lan.village.one("select coalesce(to_jsonb(homes) ->> 'door_code', 'A1B2C3D4E5F6') from homes")
    with phone(lan, film(tmp_path / "door.y4m", code)) as page:
        lan.log_in("lan", to="/my", page=page)
        is_kept(page)
        page.context.set_offline(True)
        page.reload()
        page.get_by_role("button", name="扫门口的码").click()
        page.get_by_role("button", name="完成", exact=True).wait_for()
        page.get_by_text("已记下 1 步").wait_for()
        page.context.set_offline(False)
        sent(page)
    assert state(lan, visit) == "arrived"
    assert lan.village.one("select arrived_proof ->> 'code' from visits where id = %(id)s", id=visit) == code


def test_without_leave_for_the_camera_the_code_is_typed(lan: Console, tmp_path: Path) -> None:
    _, visit = on_demand(lan, state="en_route")
    code = lan.village.one("select coalesce(to_jsonb(homes) ->> 'door_code', 'A1B2C3D4E5F6') from homes")
    with phone(lan, film(tmp_path / "door.y4m", ""), allowed=False) as page:
        lan.log_in("lan", to="/my", page=page)
        page.get_by_role("button", name="扫门口的码").click()
        page.get_by_text("本页不能使用相机").wait_for()
        page.fill(".sheet:popover-open [name=code]", code)
        page.click(".sheet:popover-open .btn.go")
        page.wait_for_selector("[data-state=arrived]")
    proof = lan.village.one("select arrived_proof from visits where id = %(id)s", id=visit)
    assert proof["code"] == code


def test_a_phone_without_a_camera_says_so(lan: Console) -> None:
    with phone(lan, None) as page:
        lan.log_in("lan", to="/my/scan", page=page)
        page.get_by_role("button", name="用相机扫码").click()
        page.get_by_text("没有找到相机").wait_for()
        page.fill("[name=uid]", "btn-none")
        page.get_by_role("button", name="继续").click()
        page.wait_for_url("**/my/scan/btn-none")


def test_no_camera_stays_on_when_the_sheet_is_closed(lan: Console, tmp_path: Path) -> None:
    on_demand(lan, state="en_route")
    with phone(lan, film(tmp_path / "wall.y4m", "")) as page:
        page.add_init_script(
            "const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);"
            "navigator.mediaDevices.getUserMedia = async how => (window.lent = await ask(how));"
        )
        lan.log_in("lan", to="/my", page=page)
        page.get_by_role("button", name="扫门口的码").click()
        page.get_by_text("把码放在画面中间").wait_for()
        assert page.evaluate("lent.getTracks().map(each => each.readyState)") == ["live"]
        page.locator(".sheet:popover-open").get_by_role("button", name="返回").click()
        page.locator(".camera").wait_for(state="hidden")
        assert page.evaluate("lent.getTracks().map(each => each.readyState)") == ["ended"]
