"""The health function, over HTTP."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.client import Api
from tests.server import Process, function_alone


def test_a_running_process_is_healthy(api: Api) -> None:
    answer = api.get("/health")

    assert answer.status == 200
    assert answer.json == {"success": True, "data": {"status": "healthy"}}


def test_a_process_that_reaches_its_database_is_ready(api: Api) -> None:
    answer = api.get("/ready")

    assert answer.status == 200
    assert answer.json == {"success": True, "data": {"status": "ready"}}


def test_neither_is_kept_by_a_cache(api: Api) -> None:
    assert api.get("/health").headers["Cache-Control"] == "no-store"
    assert api.get("/ready").headers["Cache-Control"] == "no-store"


def test_health_touches_nothing(tmp_path: Path) -> None:
    with function_alone("health", tmp_path / "data", tmp_path / "output.txt") as process:
        answer = process.api.get("/health")

    assert answer.status == 200
    assert not (tmp_path / "data").exists()


@pytest.fixture(scope="module")
def without_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """The health function where the database's file is another program's."""
    folder = tmp_path_factory.mktemp("without_database")
    (folder / "coditect.db").write_bytes(b"something else" * 1000)
    with function_alone("health", folder, folder / "output.txt") as process:
        yield process


def test_a_process_that_does_not_reach_its_database_is_not_ready(without_database: Process) -> None:
    answer = without_database.api.get("/ready")

    assert answer.status == 503
    assert answer.code == "not_ready"
    assert int(answer.headers["Retry-After"]) >= 1


def test_the_reason_is_in_the_log_and_not_in_the_answer(without_database: Process) -> None:
    answer = without_database.api.get("/ready", headers={"X-Request-Id": "why-not"})

    assert b"coditect.db" not in answer.body
    assert "coditect.db" in without_database.printed()
    assert "[why-not]" in without_database.printed()


def test_a_process_that_does_not_reach_its_database_is_healthy_all_the_same(without_database: Process) -> None:
    assert without_database.api.get("/health").status == 200
