"""Labels: what their codes hold, how they lie on a sheet, and what `anju labels` writes."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import psycopg
import pytest
import segno
from psycopg_pool import ConnectionPool

from api import labelling, labels
from api.labels import A_SHEET, Label
from devices import refused, registry
from storage.clock import SystemClock
from tests.faults.system import as_url, run

SVG = "{http://www.w3.org/2000/svg}"
BASE = "https://anju.example"


def codes(sheet: str) -> Iterator[list[list[int]]]:
    """Yield the dark and light modules of each code on a sheet, without the quiet around it, read from what is drawn."""
    for code in ElementTree.fromstring(sheet).iter(f"{SVG}svg"):
        if (path := code.find(f"{SVG}path")) is None:
            continue
        side = int(code.attrib["viewBox"].split()[2])
        modules = [[0] * side for _ in range(side)]
        for x, y, length in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\3z", path.attrib["d"]):
            modules[int(y)][int(x) : int(x) + int(length)] = [1] * int(length)
        yield [row[2:-2] for row in modules[2:-2]]


def modules_of(link: str) -> list[list[int]]:
    return [list(row) for row in segno.make_qr(link, error="m").matrix]


def texts(sheet: str) -> list[str]:
    return [str(each.text) for each in ElementTree.fromstring(sheet).iter(f"{SVG}text")]


def test_a_label_holds_a_link_to_the_staff_page_with_the_uid() -> None:
    label = Label("btn-0001", "button", "TS0215A_sos")
    (sheet,) = labels.sheets([label], BASE + "/")
    assert label.link(BASE + "/") == f"{BASE}/my/scan/btn-0001"
    assert list(codes(sheet)) == [modules_of(f"{BASE}/my/scan/btn-0001")]
    assert texts(sheet) == ["btn-0001", "按钮 Button", "TS0215A_sos"]


def test_a_boxs_label_also_says_what_is_in_it() -> None:
    assert (
        Label("btn-1", "button", "A&B 1", is_new=True).link(BASE) == f"{BASE}/my/scan/btn-1?kind=button&model=A%26B+1"
    )
    assert Label("btn-1", is_new=True).link(BASE) == f"{BASE}/my/scan/btn-1"


def test_a_sheet_has_24_and_the_next_one_begins_a_new_one() -> None:
    many = [Label(f"btn-{number:04}", "button") for number in range(A_SHEET + 1)]
    first, second = labels.sheets(many, BASE)
    assert (len(list(codes(first))), len(list(codes(second)))) == (24, 1)
    assert texts(second)[0] == "btn-0024"
    places = re.findall(r'<g transform="translate\((\S+) (\S+)\)', first)
    assert len(set(places)) == 24
    assert all(float(x) + 70 <= 210 and float(y) + 37 <= 297 for x, y in places)
    assert labels.as_html(many, BASE).count("</g></svg>") == 2
    assert len(list(codes(labels.as_svg(many, BASE).split("\n", 1)[1]))) == 25


def test_the_longest_uid_and_markup_in_a_model_stay_on_the_label() -> None:
    (sheet,) = labels.sheets([Label("a" * 64, "hub", '<script>"&')], BASE)
    assert texts(sheet) == ["a" * 14, "a" * 14, "a" * 14, "a" * 14, "a" * 8, "网关 Hub", '<script>"&']


@pytest.fixture
def village(pool: ConnectionPool[Any]) -> tuple[int, int]:
    """Two villages with a home each; returns the ids of the homes."""
    now = SystemClock().now()
    with pool.connection() as connection:
        registry.add_area(connection, code="t", name="洛党镇", level="township")
        homes = []
        for code in ("v1", "v2"):
            registry.add_area(connection, code=code, name=code, level="village", parent="t")
            homes.append(registry.add_home(connection, area=code, address="杨桂花 3组 12号", now=now))
        registry.add_device(connection, uid="btn-1", kind="button", home_id=homes[0], now=now)
        registry.add_device(connection, uid="cam-1", kind="camera", home_id=homes[0], now=now)
        registry.add_device(connection, uid="btn-2", kind="button", home_id=homes[1], now=now)
    return homes[0], homes[1]


def test_labels_are_of_uids_of_a_home_or_of_an_area(pool: ConnectionPool[Any], village: tuple[int, int]) -> None:
    def found(**asked: Any) -> list[str]:
        with pool.connection() as connection:
            return [each.uid for each in labelling.labels_of(connection, **asked)]

    assert found(area="t") == ["btn-1", "cam-1", "btn-2"]
    assert found(area="v2") == ["btn-2"]
    assert found(area="v") == []
    assert found(home_id=village[0]) == ["btn-1", "cam-1"]
    assert found(uids=["btn-2"]) == ["btn-2"]
    assert found(area="t", below="/t/v1/%") == ["btn-1", "cam-1"]
    with pytest.raises(refused.UnknownDevice, match="btn-2"):
        found(uids=["btn-1", "btn-2"], below="/t/v1/%")


def test_fresh_uids_are_nobodys(pool: ConnectionPool[Any], village: tuple[int, int]) -> None:
    with pool.connection() as connection:
        made = labelling.fresh_labels(connection, 50, "camera", "X1")
        assert len({each.uid for each in made}) == 50
        assert all(each.uid.startswith("cam-") and each.is_new for each in made)
        with pytest.raises(refused.NotAKind):
            labelling.fresh_labels(connection, 1, "toaster")


def test_the_command_writes_a_page_and_says_the_uids(database: str, village: tuple[int, int], tmp_path: Path) -> None:
    settings = {"database_url": as_url(database), "data_dir": tmp_path / "data", "public_url": "http://anju.lan"}
    page = tmp_path / "labels.html"
    done = run("labels", "btn-1", "cam-1", "-o", str(page), **settings)
    assert (done.returncode, done.stdout.split()) == (0, ["btn-1", "cam-1"]), done
    assert "http://anju.lan" in done.stderr
    written = page.read_text()
    assert "杨桂花" not in written
    sheet = written[written.index("<svg") : written.rindex("</svg>") + 6]
    assert list(codes(sheet)) == [modules_of(f"http://anju.lan/my/scan/{uid}") for uid in ("btn-1", "cam-1")]
    with psycopg.connect(database) as connection:
        (password_hash,) = connection.execute("select password_hash from devices where uid = 'btn-1'").fetchone() or (
            "",
        )
    assert password_hash
    assert password_hash not in written
    boxes = run("labels", "--new", "3", "--kind", "pendant", "-o", str(tmp_path / "boxes.svg"), **settings)
    assert [uid[:4] for uid in boxes.stdout.split()] == ["pen-"] * 3
    drawn = (tmp_path / "boxes.svg").read_text().split("\n", 1)[1]
    links = [Label(uid, "pendant", is_new=True).link("http://anju.lan") for uid in boxes.stdout.split()]
    assert list(codes(drawn)) == [modules_of(link) for link in links]


def test_the_command_says_what_it_cannot_label(database: str, village: tuple[int, int], tmp_path: Path) -> None:
    settings = {"database_url": as_url(database), "data_dir": tmp_path / "data"}
    for wrong in ([], ["btn-1", "-o", str(tmp_path / "x.doc")]):
        assert run("labels", *wrong, **settings).returncode == 2
    for wrong, why in (
        (["nobody"], "nobody"),
        (["--area", "nowhere"], "no device like that"),
        (["--new", "1", "--kind", "toaster"], "toaster"),
    ):
        ended = run("labels", *wrong, "-o", str(tmp_path / "x.html"), **settings)
        assert ended.returncode == 1, ended
        assert why in ended.stderr.splitlines()[-1]
    assert not (tmp_path / "x.html").exists()
