"""Every function starts by itself under functions-framework, several of them on the same data."""

import http.client
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.client import Answer, Api, Person, register
from tests.server import Process, function_alone

GROUPS = ("auth", "health", "sessions")


@pytest.fixture(scope="module")
def functions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Process]]:
    """Each function as a process of its own, all on the same data."""
    folder = tmp_path_factory.mktemp("functions")
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(function_alone(name, folder / "data", folder / f"{name}.txt")) for name in GROUPS
        }


@pytest.fixture(scope="module")
def ada(functions: dict[str, Process]) -> Person:
    return register(functions["auth"].api, "ada@example.com")


def test_what_one_function_writes_another_reads(functions: dict[str, Process], ada: Person) -> None:
    started = functions["sessions"].api.post("/sessions", {"name": "My Project"}, token=ada.token)

    assert started.status == 201
    assert started.data["tenantId"] == ada.user["tenantId"]


def test_signing_out_at_one_function_ends_the_token_at_another(functions: dict[str, Process]) -> None:
    bob = register(functions["auth"].api, "bob@example.com")
    assert functions["sessions"].api.get("/sessions", token=bob.token).status == 200

    functions["auth"].api.post("/auth/logout", token=bob.token)

    assert functions["sessions"].api.get("/sessions", token=bob.token).code == "token_revoked"


def test_health_reaches_the_same_database(functions: dict[str, Process]) -> None:
    assert functions["health"].api.get("/ready").data == {"status": "ready"}


@pytest.mark.parametrize("prefix", ["/api/v5", "/v5"])
@pytest.mark.parametrize("path", ["/auth/login", "/health", "/sessions"])
def test_a_path_is_known_to_its_own_function_only(functions: dict[str, Process], path: str, prefix: str) -> None:
    answers = {name: Api(function.port, prefix).request("PUT", path) for name, function in functions.items()}

    # That the method is wrong, only the one who knows the path can tell.
    codes = {name: answer.code for name, answer in answers.items()}
    owner = path.split("/")[1]
    assert codes == {**dict.fromkeys(GROUPS, "not_found"), owner: "method_not_allowed"}


@pytest.mark.parametrize("name", GROUPS)
@pytest.mark.parametrize(
    ("head", "status", "code"),
    [
        (b"GET /v5/health HTTP/1.1\r\nno header\r\n\r\n", 400, "bad_request"),
        (b"nonsense\r\n\r\n", 400, "bad_request"),
        (b"GET /v5/health HTTP/1.1\r\nX-Long: " + b"x" * 10_000 + b"\r\n\r\n", 431, "headers_too_large"),
    ],
    ids=["a header without colon", "no request line", "a long header"],
)
def test_what_is_no_request_is_answered_in_json(
    functions: dict[str, Process], name: str, head: bytes, status: int, code: str
) -> None:
    answer = send(functions[name].port, head)

    assert answer.status == status
    assert answer.code == code


def test_a_function_starts_from_any_folder(data_dir: Path, tmp_path: Path) -> None:
    with function_alone("health", data_dir, tmp_path / "output.txt", tmp_path) as function:
        answer = function.api.get("/ready")

    assert answer.status == 200


def send(port: int, request: bytes) -> Answer:
    """Send bytes that no client would."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(request)
        response = http.client.HTTPResponse(connection)
        response.begin()
        return Answer(response.status, response.headers, response.read())
