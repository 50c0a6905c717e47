"""JWT_SECRET may name a secret in Secret Manager: it is fetched at the start, and a wrong name stops the start."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import jwt
import pytest

from shared.settings import PROJECT
from tests.client import register
from tests.ports import free_port
from tests.server import START_LIMIT_S, environment, function_alone, function_command, local_server
from tests.shared.security.secret_manager import SecretManager, serving

NAME = "projects/example/secrets/jwt-secret/versions/3"
NEXT = "projects/example/secrets/jwt-secret/versions/4"
SECRET = b"a secret of more than thirty-two bytes"


@pytest.fixture
def secret_manager(tmp_path: Path) -> Iterator[SecretManager]:
    with serving(tmp_path / "secret-manager") as server:
        yield server


def refused(data_dir: Path, **variables: str) -> str:
    """Start a function that must end by itself; returns what it prints."""
    done = subprocess.run(
        function_command("auth", free_port()),
        cwd=PROJECT,
        env=environment(data_dir, **variables),
        capture_output=True,
        text=True,
        timeout=START_LIMIT_S,
        check=False,
    )
    assert done.returncode != 0
    return done.stderr


def test_a_function_signs_with_the_secret_that_is_named(
    secret_manager: SecretManager, data_dir: Path, tmp_path: Path
) -> None:
    secret_manager.secrets = {NAME: SECRET, NEXT: SECRET[::-1]}
    variables = {**secret_manager.variables, "JWT_SECRET": NAME, "JWT_SECRET_PREVIOUS": NEXT}

    with function_alone("auth", data_dir, tmp_path / "output.txt", **variables) as function:
        token = register(function.api, "ada@example.com").token

    assert jwt.decode(token, SECRET, ["HS256"])["email"] == "ada@example.com"
    assert sorted(secret_manager.asked) == [NAME, NEXT], "each is fetched once"


def test_the_local_runner_fetches_it_once_for_all_functions(
    secret_manager: SecretManager, data_dir: Path, tmp_path: Path
) -> None:
    secret_manager.secrets = {NAME: SECRET}

    with local_server(data_dir, tmp_path / "output.txt", **secret_manager.variables, JWT_SECRET=NAME) as server:
        token = register(server.api, "ada@example.com").token

    assert jwt.decode(token, SECRET, ["HS256"])
    assert secret_manager.asked == [NAME]


def test_a_name_that_is_not_there_stops_the_start(secret_manager: SecretManager, data_dir: Path) -> None:
    message = refused(data_dir, **secret_manager.variables, JWT_SECRET=NAME)

    assert f"Cannot start. JWT_SECRET: {NAME} cannot be read from Secret Manager: 404 " in message
    assert "Traceback" not in message


def test_credentials_that_are_missing_stop_the_start(data_dir: Path, tmp_path: Path) -> None:
    missing = str(tmp_path / "missing.json")

    message = refused(data_dir, JWT_SECRET=NAME, GOOGLE_APPLICATION_CREDENTIALS=missing)

    assert f"Cannot start. JWT_SECRET: {NAME} cannot be read from Secret Manager: " in message
    assert missing in message
    assert "Traceback" not in message


def test_a_server_that_does_not_answer_stops_the_start(secret_manager: SecretManager, data_dir: Path) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"

    message = refused(
        data_dir, **{**secret_manager.variables, "HTTPS_PROXY": nobody, "https_proxy": nobody}, JWT_SECRET=NAME
    )

    assert f"Cannot start. JWT_SECRET: {NAME} cannot be read from Secret Manager: " in message
    assert "Traceback" not in message


def test_the_client_is_imported_only_for_a_name() -> None:
    script = (
        "import sys; from shared.security.signing import signing_keys; signing_keys(); "
        "sys.exit('google.cloud.secretmanager_v1' in sys.modules)"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], cwd=PROJECT, env=environment(Path(), JWT_SECRET=SECRET.decode()), check=False
    )

    assert done.returncode == 0
