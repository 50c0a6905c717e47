"""Stopping: nothing is left running, nothing alarming is printed, and requests under way are answered first."""

import http.client
import json
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tests.client import register
from tests.server import START_LIMIT_S, Process, function_alone, local_server, make_run, wait_until

Ending = Callable[[Process], None]
Starting = Callable[[Path, Path], AbstractContextManager[Process]]

REGISTRATION = {"email": "ada@example.com", "password": "password123", "firstName": "Ada", "lastName": "Lovelace"}


def ctrl_c(server: Process) -> None:
    server.signal_all(signal.SIGINT)


def terminate(server: Process) -> None:
    server.popen.send_signal(signal.SIGTERM)


def auth_alone(data_dir: Path, output: Path) -> AbstractContextManager[Process]:
    return function_alone("auth", data_dir, output)


@pytest.mark.parametrize("end", [ctrl_c, terminate])
def test_make_run_leaves_nothing_running_and_complains_of_nothing(data_dir: Path, tmp_path: Path, end: Ending) -> None:
    with make_run(data_dir, tmp_path / "output.txt") as server:
        register(server.api, "ada@example.com")
        end(server)
        wait_until(lambda: not server.is_alive(), "something is left running")

    # Once its child has ended well, make ends by the signal that it was sent.
    assert server.popen.returncode in (0, -signal.SIGINT, -signal.SIGTERM)
    assert "Traceback" not in server.printed()
    assert "***" not in server.printed()


@pytest.mark.parametrize("end", [ctrl_c, terminate])
def test_the_local_runner_ends_well(data_dir: Path, tmp_path: Path, end: Ending) -> None:
    with local_server(data_dir, tmp_path / "output.txt") as server:
        end(server)

        assert server.popen.wait(START_LIMIT_S) == 0


@pytest.mark.parametrize(("start", "end"), [(make_run, ctrl_c), (make_run, terminate), (auth_alone, terminate)])
def test_requests_under_way_are_still_answered(data_dir: Path, tmp_path: Path, start: Starting, end: Ending) -> None:
    addresses = ["ada@example.com", "bob@example.com", "eve@example.com"]
    with start(data_dir, tmp_path / "output.txt") as server, http_connection(server) as witness:
        waiting = [Upload(server.port, {**REGISTRATION, "email": address}) for address in addresses]
        assert not is_stopping(witness)
        end(server)
        wait_until(lambda: is_stopping(witness), "the server does not heed the signal")

        answers = [upload.finish() for upload in waiting]

    assert [status for status, _ in answers] == [201, 201, 201]
    assert [answer["data"]["user"]["email"] for _, answer in answers] == addresses


class Upload:
    """A registration that the server has begun to read, and whose body it waits for."""

    def __init__(self, port: int, body: dict[str, str]) -> None:
        self._body = json.dumps(body).encode()
        self._socket = socket.create_connection(("127.0.0.1", port))
        head = "POST /api/v5/auth/register HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        head += f"Content-Length: {len(self._body)}\r\nExpect: 100-continue\r\n\r\n"
        self._socket.sendall(head.encode())
        assert self._socket.recv(1024).startswith(b"HTTP/1.1 100 ")

    def finish(self) -> tuple[int, dict[str, dict[str, dict[str, str]]]]:
        """Send the body, and return status and content of the answer."""
        with self._socket:
            self._socket.sendall(self._body)
            response = http.client.HTTPResponse(self._socket)
            response.begin()
            return response.status, json.loads(response.read())


@contextmanager
def http_connection(server: Process) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=START_LIMIT_S)
    yield connection
    connection.close()


def is_stopping(connection: http.client.HTTPConnection) -> bool:
    """Whether the server at the other end no longer keeps the connection open."""
    try:
        connection.request("GET", "/api/v5/health")
        response = connection.getresponse()
        response.read()
    except (OSError, http.client.HTTPException):
        return True
    return response.will_close
