"""A start that cannot succeed ends at once, with one line that says what to change."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.settings import PROJECT
from tests.ports import free_port
from tests.server import START_LIMIT_S, environment


def refused(data_dir: Path, **variables: str) -> str:
    """Start the local runner where it must end by itself; returns the one line that it prints."""
    given = environment(data_dir, **{"PORT": str(free_port()), **variables})
    done = subprocess.run(
        [sys.executable, "-m", "local"],
        cwd=PROJECT,
        env=given,
        capture_output=True,
        text=True,
        timeout=START_LIMIT_S,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    return line


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_a_port_in_use_is_said_in_one_line(data_dir: Path, taken_port: int) -> None:
    line = refused(data_dir, PORT=str(taken_port))

    assert line == (
        f"Cannot start. HOST, PORT: cannot listen on 127.0.0.1:{taken_port} (Address already in use); "
        "try another, as in: make run PORT=8081"
    )


def test_make_run_fails_with_it(data_dir: Path, taken_port: int) -> None:
    given = environment(data_dir, PORT=str(taken_port))

    done = subprocess.run(["make", "run"], cwd=PROJECT, env=given, capture_output=True, text=True, check=False)

    assert done.returncode != 0
    assert f"Cannot start. HOST, PORT: cannot listen on 127.0.0.1:{taken_port}" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("port", ["http", "0", "65536", "٣"])
def test_what_is_no_port_is_refused(data_dir: Path, port: str) -> None:
    assert refused(data_dir, PORT=port) == f"Cannot start. PORT: {port!r} is not a port, a number from 1 to 65535"


def test_a_host_that_is_not_here_is_refused(data_dir: Path) -> None:
    assert refused(data_dir, HOST="nowhere.invalid").startswith("Cannot start. HOST, PORT: cannot listen on nowhere.")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LOG_LEVEL", "loud"),
        ("CORS_ALLOWED_ORIGINS", "app.example.com"),
        ("CORS_ALLOWED_ORIGINS", "https://app.example.com/"),
        ("KEY_PREFIX", "clé/"),
        ("KEY_PREFIX", "k" * 65),
    ],
)
def test_a_bad_setting_names_itself(data_dir: Path, name: str, value: str) -> None:
    assert refused(data_dir, **{name: value}).startswith(f"Cannot start. {name}: ")


def test_a_file_of_another_program_is_refused_and_left_alone(data_dir: Path) -> None:
    data_dir.mkdir()
    database = data_dir / "coditect.db"
    database.write_text("the notes of somebody else")

    line = refused(data_dir)

    assert line.startswith(f"Cannot start. {database} is not a database of this product")
    assert database.read_text() == "the notes of somebody else"


def test_a_data_dir_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    line = refused(tmp_path / "file" / "data")

    assert line.startswith("Cannot start. ")
    assert str(tmp_path / "file" / "data") in line
    assert "set DATA_DIR elsewhere" in line


def test_a_damaged_secret_is_refused(data_dir: Path) -> None:
    data_dir.mkdir()
    (data_dir / "jwt_secret").touch()

    line = refused(data_dir)

    assert line == f"Cannot start. DATA_DIR: {data_dir / 'jwt_secret'} is damaged; remove it, and a new secret is made"


def test_production_without_a_secret_is_refused_here_too(data_dir: Path) -> None:
    production = {"K_SERVICE": "api", "CORS_ALLOWED_ORIGINS": "https://app.example.com", "FDB_CLUSTER_FILE": "/fdb"}

    assert refused(data_dir, **production).startswith("Cannot start. JWT_SECRET: required in production")
