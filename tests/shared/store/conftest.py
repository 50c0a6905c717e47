"""Nouns for the tests of the store: an empty database, people, and a clock that stands where it is put."""

from collections.abc import Callable, Iterator
from datetime import datetime
from uuid import UUID

import pytest

from shared import clock
from shared.database.embedded import EmbeddedDatabase
from shared.store.users import User


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> EmbeddedDatabase:
    return EmbeddedDatabase(tmp_path_factory.mktemp("store") / "test.db")


@pytest.fixture
def database(engine: EmbeddedDatabase) -> Iterator[EmbeddedDatabase]:
    """A database that is empty."""
    engine.write(lambda tr: tr.clear_range(b"", b"\xff"))
    yield engine
    engine.write(lambda tr: tr.clear_range(b"", b"\xff"))


@pytest.fixture
def ada() -> User:
    return User(
        id=UUID("0193585d-9d2b-7c3a-8000-000000000001"),
        email="ada@example.com",
        password_hash="$argon2id$ada",
        first_name="Ada",
        last_name="Lovelace",
        created_at="2026-11-23T17:55:00.123Z",
        company="Analytical Engines",
    )


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    return lambda instant: monkeypatch.setattr(clock, "now", lambda: instant)
