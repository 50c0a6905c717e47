"""`make run`, the first front door: what it prints works, and what it keeps stays."""

import json
import re
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.settings import PROJECT
from tests.client import Api, register
from tests.ports import free_port
from tests.server import Process, copied_server, environment, make_run, wait_until

STAMP = PROJECT / ".venv" / ".local"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """`make run`, in this checkout, where all is installed."""
    subprocess.run(["make", ".venv/.local"], cwd=PROJECT, check=True, capture_output=True)
    folder = tmp_path_factory.mktemp("make-run")
    with make_run(folder / "data", folder / "output.txt") as process:
        yield process


def printed_curl(server: Process) -> str:
    (command,) = re.findall(r"^  (curl .*?)\n\n", server.printed(), re.MULTILINE | re.DOTALL)
    return str(command)


def test_it_says_where_it_listens(running: Process) -> None:
    assert f"http://localhost:{running.port}/api/v5 (and /v5)" in running.printed()


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
def test_the_curl_it_prints_works_in_a_shell(running: Process) -> None:
    done = subprocess.run(["sh", "-c", printed_curl(running)], capture_output=True, check=True)

    assert json.loads(done.stdout)["data"]["user"]["email"] == "test@example.com"


@pytest.mark.parametrize("prefix", ["/api/v5", "/v5"])
def test_every_group_answers_under_both_prefixes(running: Process, prefix: str) -> None:
    api = Api(running.port, prefix)

    token = register(api, f"ada{len(prefix)}@example.com").token

    assert api.get("/ready").status == 200
    assert api.get("/sessions", token=token).status == 200


def test_it_installs_nothing_again(running: Process, tmp_path: Path) -> None:
    installed = STAMP.stat().st_mtime_ns

    with make_run(tmp_path / "data", tmp_path / "output.txt") as second:
        assert "Installing" not in second.printed()
    assert STAMP.stat().st_mtime_ns == installed


def test_data_and_logins_are_kept_between_runs(data_dir: Path, tmp_path: Path) -> None:
    with make_run(data_dir, tmp_path / "output.txt") as server:
        ada = register(server.api, "ada@example.com")
        session = ada.start_session()

    with make_run(data_dir, tmp_path / "output.txt") as server:
        answer = server.api.get(f"/sessions/{session['id']}", token=ada.token)

    assert answer.data == session


def test_data_lie_beside_the_code_unless_told_otherwise(checkout: Path, tmp_path: Path) -> None:
    with copied_server(checkout, tmp_path / "output.txt", DATA_DIR="") as server:
        register(server.api, "ada@example.com")

        assert f"Data in {checkout}/.data" in server.printed()
    assert (checkout / ".data" / "coditect.db").stat().st_size > 0


def test_settings_are_read_from_the_env_file(checkout: Path, tmp_path: Path) -> None:
    (checkout / ".env").write_text("DATA_DIR=elsewhere\nCORS_ALLOWED_ORIGINS=https://app.example.com\n")

    with copied_server(checkout, tmp_path / "output.txt", DATA_DIR="") as server:
        answer = server.api.get("/health", headers={"Origin": "https://app.example.com"})

    assert "Data in elsewhere" in server.printed()
    assert answer.headers["Access-Control-Allow-Origin"] == "https://app.example.com"


def test_the_environment_outranks_the_env_file(checkout: Path, tmp_path: Path) -> None:
    (checkout / ".env").write_text("PORT=1\nHOST=nowhere.invalid\n")

    with copied_server(checkout, tmp_path / "output.txt", HOST="127.0.0.1") as server:
        answer = server.api.get("/health")

    assert answer.status == 200


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="there is no IPv6")
def test_it_listens_where_host_says(data_dir: Path, tmp_path: Path) -> None:
    port = free_port()
    given = environment(data_dir, HOST="::1", PORT=str(port))
    server = Process([sys.executable, "-m", "local"], port, given, tmp_path / "output.txt")
    try:
        wait_until(lambda: f"http://[::1]:{port}/api/v5" in server.printed(), server.printed())

        with urllib.request.urlopen(f"http://[::1]:{port}/v5/health") as answer:
            assert answer.status == 200
    finally:
        server.stop()
