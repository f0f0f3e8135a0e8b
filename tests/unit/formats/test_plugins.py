"""A package can bring a format; whatever is wrong with one, the others' presses are heard."""

import shutil
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from structlog.testing import capture_logs

from api.routes.devices import DeviceBody
from devices import formats
from devices.formats import plugins
from devices.model import Press, Source, StatusChange, Unreadable

PLUGIN = Path(__file__).with_name("plugin")
BODY = {"uid": "cord-1", "kind": "button", "home": "1", "topic": "cords/7"}


class Site:
    """A folder on the path that packages are installed into."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def install(self, package: str, entry_points: dict[str, str], **modules: str) -> None:
        metadata = self.folder / f"{package.replace('-', '_')}-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        lines = "".join(f"{name} = {value}\n" for name, value in entry_points.items())
        (metadata / "entry_points.txt").write_text(f"[anju.formats]\n{lines}")
        for name, source in modules.items():
            (self.folder / f"{name}.py").write_text(source)
        formats.installed.cache_clear()

    def install_pullcord(self) -> None:
        """Install the example as its pyproject.toml says."""
        project = tomllib.loads((PLUGIN / "pyproject.toml").read_text())
        for module in project["tool"]["setuptools"]["py-modules"]:
            shutil.copy(PLUGIN / f"{module}.py", self.folder)
        self.install(project["project"]["name"], project["project"]["entry-points"]["anju.formats"])

    def refusals(self) -> list[dict[str, Any]]:
        """Return what is logged when the formats are looked for."""
        with capture_logs() as logged:
            formats.installed()
        assert all(each["log_level"] == "error" for each in logged)
        return [dict(each) for each in logged]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(tmp_path))
    formats.installed.cache_clear()
    yield Site(tmp_path)
    for name in set(sys.modules) - before:
        if Path(getattr(sys.modules[name], "__file__", None) or "/").is_relative_to(tmp_path):
            del sys.modules[name]
    formats.installed.cache_clear()


def test_the_built_in_formats_are_there_under_their_own_names() -> None:
    assert formats.names()[:7] == (
        "anju", "zigbee2mqtt", "frigate", "shelly", "tasmota", "esphome", "homeassistant",
    )  # fmt: skip
    assert all(each.name == name for name, each in formats.installed().items())
    assert {name for name, each in formats.installed().items() if not each.calls} == {"frigate", "homeassistant"}


def test_a_package_brings_a_format(site: Site) -> None:
    site.install_pullcord()
    assert site.refusals() == []
    cord = formats.installed()["pullcord"]
    assert cord.calls
    assert cord.read("pull", b"12") == (Press("", "pull", certain=True, key="12", source=Source.PULL_CORD),)
    assert cord.read("alive", b"no") == (StatusChange("", online=False),)
    assert ("cords/7", "pull") in list(cord.split("cords/7/pull"))
    assert (*cord.filters("cords/7"), *cord.grants("cords/7")) == ("cords/#", "cords/7", "cords/7/#")


def test_devices_can_be_registered_with_a_package_s_format(site: Site) -> None:
    with pytest.raises(ValidationError, match=r"use one of anju, zigbee2mqtt, .*homeassistant"):
        DeviceBody.model_validate(BODY | {"format": "pullcord"})
    site.install_pullcord()
    assert DeviceBody.model_validate(BODY | {"format": "pullcord"}).format == "pullcord"
    assert DeviceBody.model_validate(BODY).format == "anju"
    assert DeviceBody.model_json_schema()["properties"]["format"]["enum"] == list(formats.names())
    assert "pullcord" in formats.names()


CORD = (PLUGIN / "anju_pullcord.py").read_text()


@pytest.mark.parametrize(
    ("name", "value", "source", "why"),
    [
        ("shelly", "cord:FORMAT", CORD, "another format has that name; rename the entry point"),
        ("anju", "cord:FORMAT", CORD, "another format has that name"),
        ("Pull Cord", "cord:FORMAT", CORD, "a name has 2 to 40 of a-z 0-9 _ -"),
        (
            "pullcord",
            "cord:FORMAT",
            "import nothing_of_that_name",
            "cord:FORMAT cannot be imported (ModuleNotFoundError",
        ),
        ("pullcord", "cord:FORMAT", "1/0", "(ZeroDivisionError: division by zero); mend or remove the package"),
        ("pullcord", "cord:FORMAT", "raise SystemExit(3)", "(SystemExit: 3); mend or remove the package"),
        ("pullcord", "cord:OTHER", CORD, "cannot be imported (AttributeError"),
        ("pullcord", "cord:FORMAT", "FORMAT = 5", "lacks name, calls, filters, grants, split, read"),
        ("pullcord", "cord:Pullcord", CORD, "is a class; it must be an instance"),
        ("cord", "cord:FORMAT", CORD, "the format calls itself 'pullcord'; give the entry point that name"),
    ],
)
def test_a_package_that_cannot_be_used_is_named_with_the_mend_and_left_out(
    site: Site, name: str, value: str, source: str, why: str
) -> None:
    site.install("bad-cord", {name: value}, cord=source)
    (logged,) = site.refusals()
    assert (logged["event"], logged["package"], logged["format"]) == ("format_refused", "bad-cord", name)
    assert f"format {name!r} of the package bad-cord: " in logged["reason"]
    assert why in logged["reason"]
    assert formats.names() == (formats.OWN, *formats.BUILT_IN)


def test_of_two_packages_with_one_name_the_first_by_name_is_heard(site: Site) -> None:
    site.install("cord-b", {"pullcord": "cord_b:FORMAT"}, cord_b=CORD)
    site.install("cord-a", {"pullcord": "cord_a:FORMAT"}, cord_a=CORD)
    (logged,) = site.refusals()
    assert logged["package"] == "cord-b"
    assert "pullcord" in formats.installed()


RAISING = CORD.replace(
    "        match rest:\n", "        raise RuntimeError(payload.decode())\n        match rest:\n"
).replace("return first_level(base)", "raise KeyError(base)")


def test_a_format_that_raises_is_answered_for_and_what_came_may_be_help(site: Site) -> None:
    site.install("bad-cord", {"pullcord": "cord:FORMAT"}, cord=RAISING)
    cord = formats.installed()["pullcord"]
    with capture_logs() as logged:
        said = cord.read("pull", b"Mrs Li")
        assert cord.filters("cords/7") == ()
    assert isinstance(said, Unreadable)
    assert said.is_help
    assert "bad-cord" in said.reason
    assert [(each["event"], each["asked"], each["error"]) for each in logged] == [
        ("format_failed", "read", "RuntimeError"),
        ("format_failed", "filters", "KeyError"),
    ]
    assert "cord.py:" in logged[0]["at"]
    assert "Mrs Li" not in str(logged)


def test_what_a_format_returns_lazily_is_answered_for_too(site: Site) -> None:
    lazy = CORD.replace("        match rest:\n", "        return (1 / 0 for _ in range(1))\n        match rest:\n")
    site.install("bad-cord", {"pullcord": "cord:FORMAT"}, cord=lazy)
    assert isinstance(formats.installed()["pullcord"].read("pull", b"1"), Unreadable)


@pytest.mark.parametrize("answer", ["('pull',)", "None", "5", "(b'x',)"])
def test_a_format_that_answers_what_is_no_message_is_answered_for(site: Site, answer: str) -> None:
    wrong = CORD.replace("        match rest:\n", f"        return {answer}\n        match rest:\n")
    wrong = wrong.replace("return prefixes(topic)", f"return {answer}")
    site.install("bad-cord", {"pullcord": "cord:FORMAT"}, cord=wrong)
    cord = formats.installed()["pullcord"]
    with capture_logs() as logged:
        assert isinstance(cord.read("pull", b"1"), Unreadable)
        assert list(cord.split("cords/7/pull")) == []
    assert [each["asked"] for each in logged] == ["read", "split"]


def test_the_group_is_the_one_that_the_how_to_names() -> None:
    how_to = (Path(__file__).parents[3] / "docs" / "formats.md").read_text()
    assert f'[project.entry-points."{plugins.GROUP}"]' in how_to
