"""Nouns for the tests: a server with everything on it, and people with accounts."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.client import Api, Person, register
from tests.server import Process, local_server

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """The local runner with all functions, shared by all tests that do not break it."""
    folder = tmp_path_factory.mktemp("server")
    with local_server(folder / "data", folder / "output.txt") as process:
        yield process


@pytest.fixture(scope="session")
def api(server: Process) -> Api:
    return server.api


@pytest.fixture
def newcomer(api: Api) -> Callable[[], Person]:
    """Make people with accounts of their own."""
    return lambda: register(api, f"person{next(_numbers)}@example.com")


@pytest.fixture
def ada(newcomer: Callable[[], Person]) -> Person:
    return newcomer()


@pytest.fixture
def bob(newcomer: Callable[[], Person]) -> Person:
    """Somebody else, in another tenant."""
    return newcomer()


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"
