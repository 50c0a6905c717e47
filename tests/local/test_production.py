"""In production (`K_SERVICE` is set) a function starts only with what it needs, and its log lines are JSON."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.settings import PROJECT
from tests.ports import free_port
from tests.server import START_LIMIT_S, Process, environment, function_alone, function_command

SECRET = "a secret of thirty-two bytes ..."
TRACE = "0af7651916cd43dd8448eb211c80319c"


def production(tmp_path: Path, **variables: str) -> dict[str, str]:
    """What Cloud Run and our deployment set for a function that signs nothing; its cluster does not answer."""
    cluster_file = tmp_path / "fdb.cluster"
    cluster_file.write_text("nowhere:nobody@127.0.0.1:1\n")
    return {
        "K_SERVICE": "function",
        "CORS_ALLOWED_ORIGINS": "https://app.example.com",
        "FDB_CLUSTER_FILE": str(cluster_file),
        "GOOGLE_CLOUD_PROJECT": "project",
        **variables,
    }


def refused(name: str, data_dir: Path, variables: dict[str, str]) -> str:
    """Start a function that must end by itself; returns what it says."""
    done = subprocess.run(
        function_command(name, free_port()),
        cwd=PROJECT,
        env=environment(data_dir, **variables),
        capture_output=True,
        text=True,
        timeout=START_LIMIT_S,
        check=False,
    )
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    return done.stderr


@pytest.mark.parametrize("name", ["auth", "sessions"])
@pytest.mark.parametrize("secret", ["", "x" * 31], ids=["none", "short"])
def test_who_signs_needs_a_secret_and_says_how_to_make_one(
    data_dir: Path, tmp_path: Path, name: str, secret: str
) -> None:
    message = refused(name, data_dir, production(tmp_path, JWT_SECRET=secret))

    assert message.startswith("Cannot start. JWT_SECRET: ")
    assert "openssl rand -base64 48" in message
    assert "x" * 31 not in message


def test_a_short_secret_that_is_being_replaced_is_refused_too(data_dir: Path, tmp_path: Path) -> None:
    message = refused("auth", data_dir, production(tmp_path, JWT_SECRET=SECRET, JWT_SECRET_PREVIOUS="short"))

    assert message.startswith("Cannot start. JWT_SECRET_PREVIOUS: ")


@pytest.mark.parametrize("name", ["CORS_ALLOWED_ORIGINS", "FDB_CLUSTER_FILE"])
def test_what_a_laptop_may_leave_out_is_required(data_dir: Path, tmp_path: Path, name: str) -> None:
    message = refused("health", data_dir, production(tmp_path, **{name: ""}))

    assert message.startswith(f"Cannot start. {name}: required in production")


@pytest.mark.parametrize("name", ["auth", "sessions"])
def test_with_a_secret_they_start(data_dir: Path, tmp_path: Path, name: str) -> None:
    variables = production(tmp_path, JWT_SECRET=SECRET)

    with function_alone(name, data_dir, tmp_path / "output.txt", **variables) as function:
        answer = function.api.get("/nowhere")

    assert answer.code == "not_found"


@pytest.fixture(scope="module")
def health(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """The health function, which needs no secret."""
    folder = tmp_path_factory.mktemp("production")
    with function_alone("health", folder / "data", folder / "output.txt", **production(folder)) as process:
        yield process


def lines(process: Process) -> list[dict[str, Any]]:
    """All that was logged: one JSON object a line, and nothing else."""
    return [json.loads(line) for line in process.printed().splitlines()]


def logged(process: Process, request_id: str) -> list[dict[str, Any]]:
    return [line for line in lines(process) if line.get("requestId") == request_id]


def test_health_starts_without_a_secret(health: Process) -> None:
    assert health.api.get("/health").data == {"status": "healthy"}


def test_the_data_dir_is_not_touched(health: Process) -> None:
    health.api.get("/ready")

    assert not (health.output.parent / "data").exists()


def test_a_request_is_one_line_with_what_cloud_logging_shows(health: Process) -> None:
    headers = {"X-Request-Id": "one-line", "X-Cloud-Trace-Context": f"{TRACE}/1;o=1"}

    answer = health.api.get("/health?token=hidden", headers=headers)

    (line,) = logged(health, "one-line")
    latency = line["httpRequest"].pop("latency")
    assert float(latency.removesuffix("s")) >= 0
    assert line == {
        "severity": "INFO",
        "message": "GET /api/v5/health 200",
        "httpRequest": {
            "requestMethod": "GET",
            "requestUrl": "/api/v5/health",
            "status": 200,
            "responseSize": str(len(answer.body)),
        },
        "requestId": "one-line",
        "logging.googleapis.com/trace": f"projects/project/traces/{TRACE}",
    }


def test_the_line_of_an_error_has_its_code(health: Process) -> None:
    health.api.get("/nowhere", headers={"X-Request-Id": "an-error"})

    (line,) = logged(health, "an-error")
    assert line["severity"] == "INFO"
    assert line["code"] == "not_found"


def test_a_trace_that_is_none_is_left_out(health: Process) -> None:
    health.api.get("/health", headers={"X-Request-Id": "no-trace", "X-Cloud-Trace-Context": "../../other/traces/1"})

    (line,) = logged(health, "no-trace")
    assert "logging.googleapis.com/trace" not in line


def test_it_is_not_ready_without_a_cluster_and_the_log_says_why(health: Process) -> None:
    answer = health.api.get("/ready", headers={"X-Request-Id": "not-ready"})

    assert answer.status == 503
    assert answer.code == "not_ready"
    reason, request = logged(health, "not-ready")
    assert reason["severity"] == request["severity"] == "ERROR"
    assert reason["code"] == request["code"] == "not_ready"
    assert "shared.database.errors" in reason["stack_trace"]
