"""`RELOAD=1` serves changed code anew, wherever in the house it was changed."""

import os
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path

import pytest

from tests.client import Api
from tests.server import Process, copied_server, copy_code, wait_until


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of this checkout, for all tests here to change, as its server runs on."""
    return copy_code(tmp_path_factory.mktemp("reload") / "checkout")


@pytest.fixture(scope="module")
def reloading(checkout: Path) -> Iterator[Process]:
    with copied_server(checkout, checkout / "output.txt", RELOAD="1") as process:
        yield process


FAULT = "no_such_name"


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def shows(server: Process, path: str, text: str, file: Path) -> bool:
    """Whether a path answers with a text; touches the file, as a change is missed while the server only begins."""
    os.utime(file)
    try:
        return text.encode() in Api(server.port, prefix="").get(path).body
    except (OSError, HTTPException):
        return False


@pytest.mark.parametrize(
    ("name", "old", "new", "path"),
    [
        ("functions/sessions/main.py", "Start a work session", "Begin a work session", "/v5/openapi.json"),
        ("shared/errors.py", "Sign in first", "First of all sign in", "/v5/sessions"),
        ("local/reference.py", "<title>Coditect API", "<title>Changed", "/docs"),
    ],
)
def test_a_change_is_served(reloading: Process, checkout: Path, name: str, old: str, new: str, path: str) -> None:
    change(checkout / name, old, new)

    wait_until(lambda: shows(reloading, path, new, checkout / name), f"the changed {name} is not served")


def test_code_that_cannot_be_loaded_is_shown_until_it_is_mended(reloading: Process, checkout: Path) -> None:
    file = checkout / "functions" / "health" / "main.py"
    sound = file.read_text()
    file.write_text(sound + FAULT)
    wait_until(lambda: shows(reloading, "/v5/health", FAULT, file), "the fault is not shown")

    file.write_text(sound)

    wait_until(lambda: shows(reloading, "/v5/health", "healthy", file), "the mended code is not served")
