"""The version of the layout: written once, and a newer one than ours refused."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.database.embedded import EmbeddedDatabase
from shared.store import layout
from shared.store.record import key
from tests.in_process import InProcessApi, whole_api

REGISTRATION = {"email": "ada@example.com", "password": "password123", "firstName": "Ada", "lastName": "L"}


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EmbeddedDatabase:
    monkeypatch.setattr(layout, "_is_known", False)
    return EmbeddedDatabase(tmp_path / "test.db")


@pytest.fixture
def api(database: EmbeddedDatabase, tmp_path: Path) -> Iterator[InProcessApi]:
    with whole_api(database, tmp_path) as api:
        yield api


def test_the_first_write_tells_the_version(database: EmbeddedDatabase, api: InProcessApi) -> None:
    assert api.request("GET", "/ready").status == 200

    assert api.request("POST", "/auth/register", REGISTRATION).status == 201

    assert database.read(lambda tr: tr.get(key("layout")).wait()) == b"1"


def test_a_database_of_our_version_is_used(database: EmbeddedDatabase, api: InProcessApi) -> None:
    database.write(lambda tr: tr.set(key("layout"), b"1"))

    assert api.request("GET", "/ready").status == 200
    assert layout._is_known


def test_a_database_of_a_newer_version_is_neither_read_nor_written(
    database: EmbeddedDatabase, api: InProcessApi
) -> None:
    database.write(lambda tr: tr.set(key("layout"), b"2"))

    answers = [api.request("GET", "/ready"), api.request("POST", "/auth/register", REGISTRATION)]

    assert [(answer.status, answer.code) for answer in answers] == [(503, "layout_too_new")] * 2
    assert database.read(lambda tr: len(tr.get_range(b"", b"\xff").wait())) == 1
