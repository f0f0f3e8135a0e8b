"""What browsers are sent besides pages: the vendored files as they were released, kept by browsers for ever."""

import hashlib
import re
from pathlib import Path

from fastapi import FastAPI
from fastapi.testclient import TestClient

from api import problems
from api.console import static

VENDOR = Path(static.__file__).parents[1] / "static" / "vendor"


def client() -> TestClient:
    """The static files alone."""
    app = FastAPI()
    app.include_router(static.router)
    problems.install(app)
    return TestClient(app)


def test_vendored_files_are_what_was_released() -> None:
    listed = dict(re.findall(r"^\| `([^`]+)` \|.*\| `([0-9a-f]{64})` \|$", (VENDOR / "VENDOR.md").read_text(), re.M))
    files = {path.relative_to(VENDOR).as_posix() for path in VENDOR.rglob("*") if path.suffix in (".js", ".css")}
    assert files == set(listed), "VENDOR.md and the folder name different files"
    for name, wanted in listed.items():
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == wanted, name


def test_static_files_are_kept_for_ever_under_their_version() -> None:
    answer = client().get(static.address("anju.css"), headers={"accept-encoding": "gzip"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert answer.headers["content-encoding"] == "gzip"
    assert "immutable" in answer.headers["cache-control"]
    assert "--critical" in answer.text


def test_an_older_version_is_served_but_not_kept() -> None:
    answer = client().get("/static/000000000000/js/console.js")
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["content-type"].startswith("text/javascript")


def test_nothing_outside_of_the_folder_is_served() -> None:
    for path in ("../auth.py", "..%2fauth.py", "vendor/../../auth.py", "/etc/passwd"):
        assert client().get(f"/static/x/{path}").status_code == 404
