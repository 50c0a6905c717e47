"""Nouns for the tests: a server with everything on it, and people with accounts."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from shared.database import EMBEDDED_FILE
from tests.client import Api, Person, register
from tests.engines import CLUSTER_FILE, ENGINES, new_prefix, open_engine, server_variables
from tests.gateway import Server, gateway
from tests.prefixed import cleared
from tests.server import Process, local_server

_numbers = itertools.count(1)

# Properties are about what is answered, not how fast: machines are noisy.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "direct: what the gateway answers by itself, or never lets through")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what cannot be asked through the gateway."""
    direct = [item for item in items if item.get_closest_marker("direct") and _server_of(item) == "gateway"]
    config.hook.pytest_deselected(items=direct)
    items[:] = [item for item in items if item not in direct]


def _server_of(item: pytest.Item) -> object:
    return item.callspec.params.get("server") if isinstance(item, pytest.Function) and hasattr(item, "callspec") else ""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not CLUSTER_FILE:
        terminalreporter.write_line("The FoundationDB half was skipped: FDB_CLUSTER_FILE names no cluster.")


@pytest.fixture(scope="session", params=[*ENGINES, "gateway"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process | Server]:
    """The local runner with all functions, on each engine in turn, shared by all tests that do not break it.

    Then the functions one by one, with the gateway before them.
    """
    folder = tmp_path_factory.mktemp("server")
    if request.param == "gateway":
        with gateway(folder) as server:
            yield server
        return
    prefix = new_prefix()
    try:
        with local_server(folder, folder / "output.txt", **server_variables(request.param, prefix)) as process:
            yield process
    finally:
        cleared(open_engine(request.param, folder / EMBEDDED_FILE), prefix)


@pytest.fixture(scope="session")
def api(server: Process | Server) -> Api:
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
