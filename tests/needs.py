"""What a test needs that the project cannot ship: found, or the test says what is missing and how to mend it."""

import os
import shutil
from typing import NoReturn

import pytest


def mosquitto() -> str:
    """Return the path of the Mosquitto broker."""
    found = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
    return found or _missing("Mosquitto is not installed; `apt-get install mosquitto`, as `make test` does for root")


def chromium() -> str:
    """Return the path of a Chromium or Chrome."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    return found or _missing("Chromium is not installed; `apt-get install chromium`, as `make test` does for root")


def _missing(why: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(why, pytrace=False)
    pytest.skip(why)
