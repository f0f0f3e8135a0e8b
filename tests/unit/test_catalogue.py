"""Every word that people see is in the Chinese catalogue, once, whole, and with the same places to fill."""

import re
import string
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2]
PO = ROOT / "alerts" / "locale" / "zh_CN" / "LC_MESSAGES" / "anju.po"
METHODS = [("**.py", "python"), ("**.html", "jinja2"), ("**.txt", "jinja2"), ("**.xml", "jinja2")]
# gettext takes the language first
KEYWORDS = {"gettext": (2,), "hears": (1,), "mark": (1,), "_": (1,)}
OPTIONS = {"**.html": {"silent": "false"}}
PLACES = re.compile(r"%\(\w+\)[a-z]")


def used() -> dict[str, list[str]]:
    """Return every msgid of code and templates, and where it is used."""
    found: dict[str, list[str]] = {}
    for package in ("storage", "devices", "alerts", "gateway", "api"):
        for name, line, message, _, _ in extract_from_dir(
            ROOT / package, method_map=METHODS, options_map=OPTIONS, keywords=KEYWORDS
        ):
            assert isinstance(message, str), f"{package}/{name}:{line}: a plural form; the catalogue has none"
            found.setdefault(message, []).append(f"{package}/{name}:{line}")
    return found


@pytest.fixture(scope="module")
def catalogue() -> Catalog:
    with PO.open("rb") as file:
        return read_po(file, locale="zh_CN", abort_invalid=True)


def places(text: str) -> set[str]:
    """Return the places that a message has to fill."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None} | set(PLACES.findall(text))


def test_words_are_found_in_the_code() -> None:
    assert len(used()) > 30


def test_every_word_has_its_chinese(catalogue: Catalog) -> None:
    missing = {
        message: where
        for message, where in used().items()
        if (entry := catalogue.get(message)) is None or not entry.string
    }
    assert not missing, f"{PO.relative_to(ROOT)} lacks: {missing}"


def test_no_translation_is_a_guess(catalogue: Catalog) -> None:
    assert [entry.id for entry in catalogue if entry.id and entry.fuzzy] == []


def test_no_translation_is_left_over(catalogue: Catalog) -> None:
    words = used()
    assert [entry.id for entry in catalogue if entry.id and entry.id not in words] == []
    assert not catalogue.obsolete


def test_no_entry_is_there_twice() -> None:
    ids = re.findall(r'^msgid ((?:".*"\n)+)', PO.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted({each for each in ids if ids.count(each) > 1}) == []


def test_translations_fill_the_same_places(catalogue: Catalog) -> None:
    for entry in catalogue:
        if entry.id:
            assert places(str(entry.id)) == places(str(entry.string)), entry.id
