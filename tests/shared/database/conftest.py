"""Nouns for the tests of the database: one that is empty, on each engine in turn."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.database.engine import Engine
from tests.engines import ENGINES, new_prefix
from tests.shared.database.places import Place


@pytest.fixture(scope="session", params=ENGINES)
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Where the database of all these tests is: on a cluster below a prefix, since others may be on it too."""
    file = tmp_path_factory.mktemp("database") / "test.db"
    return Place(request.param, file, b"" if request.param == "embedded" else new_prefix())


@pytest.fixture(scope="session")
def engine(place: Place) -> Engine:
    return place.open()


@pytest.fixture
def database(engine: Engine) -> Iterator[Engine]:
    """A database that is empty."""
    engine.write(lambda tr: tr.clear_range(b"", b"\xff"))
    yield engine
    engine.write(lambda tr: tr.clear_range(b"", b"\xff"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where an embedded database of a test's own is to be."""
    return tmp_path / "test.db"
