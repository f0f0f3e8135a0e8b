"""The house stands as it was drawn: short modules that say what they answer, a top level that the README explains."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("storage", "devices", "alerts", "gateway", "api")
LINES_AT_MOST = 400
"""Over about 300 a file wants to be two; over this it has to be."""
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
MIGRATIONS = ROOT / "storage" / "migrations"
USUAL = {"README.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", "Makefile", "pyproject.toml"}
"""What stands at the top of every project and needs no explaining."""
MADE = {"anju-data", "build", "__pycache__", "node_modules"}
"""What running, building and testing leave behind; .gitignore names it."""


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_a_module_begins_with_the_question_it_answers(path: Path) -> None:
    said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert said, f"{named(path)} says nothing of itself"
    first = said.splitlines()[0]
    sentence = re.match(r"[A-Z`0-9].*?[.?:](\s|$)", said, re.DOTALL)
    assert sentence, f"{named(path)} begins with neither a question nor a sentence: {first!r}"


@pytest.mark.parametrize("path", [*MODULES, *TESTS], ids=named)
def test_no_file_is_too_long_to_be_read(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    limit = LINES_AT_MOST if path in MODULES else 2 * LINES_AT_MOST
    assert lines <= limit, f"{named(path)} has {lines} lines; it wants to be two"


def test_the_top_level_holds_what_the_readme_explains() -> None:
    readme = ROOT / "README.md"
    if not readme.exists():
        pytest.skip("there is no README.md yet; it has the map of the house")
    text = readme.read_text(encoding="utf-8")
    ignored = {line.strip().rstrip("/") for line in (ROOT / ".gitignore").read_text().splitlines()}
    unexplained = [
        path.name
        for path in sorted(ROOT.iterdir())
        if not path.name.startswith(".")
        and path.name not in USUAL | MADE | ignored
        and not path.match("*.egg-info")
        and not path.match("*.log")
        and path.name not in text
    ]
    assert unexplained == [], f"the README's map does not name {unexplained}"


def test_migrations_are_numbered_from_one_without_a_gap() -> None:
    names = sorted(path.name for path in MIGRATIONS.glob("*.sql"))
    numbers = [int(name[:4]) for name in names if re.fullmatch(r"\d{4}_[a-z0-9_]+\.sql", name)]
    assert len(numbers) == len(names), f"not all of these are named like 0001_what_it_does.sql: {names}"
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("path", sorted(MIGRATIONS.glob("*.sql")), ids=named)
def test_a_migration_says_what_it_is_for_and_only_goes_forward(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith("-- "), f"{path.name} does not begin with a line on what it is for"
    assert not re.search(r"^\s*(begin|commit|rollback)\s*;", text, re.MULTILINE | re.IGNORECASE)


def test_nothing_names_a_file_of_a_developers_machine() -> None:
    found = [
        named(path)
        for path in [*MODULES, *TESTS, *ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "Makefile"]
        if path != Path(__file__) and re.search(r"/(home|Users|work)/\w+/", path.read_text(encoding="utf-8"))
    ]
    assert found == []
