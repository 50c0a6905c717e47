"""Clients that are slow, idle or too many: others are served, and whoever is turned away is told when to come back."""

import http.client
import resource
import socket
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from shared.http.worker import ARRIVAL_LIMIT_S, QUEUED_A_THREAD, SERVING_LIMIT_S
from tests.client import Answer, Api, register
from tests.server import Process, function_alone

THREADS = 2
IDLE = 5_000
SLOW = 50
LOGINS = 200

HEAD = b"POST /v5/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


@pytest.fixture
def function(tmp_path: Path) -> Iterator[Process]:
    with function_alone(
        "auth", tmp_path / "data", tmp_path / "output.txt", THREADS=str(THREADS), TRUSTED_PROXIES="1"
    ) as function:
        yield function


def opened(function: Process, stack: ExitStack, count: int, begin: bytes) -> list[socket.socket]:
    """Open connections, and send each the beginning of a request."""
    connections = []
    for _ in range(count):
        connection = stack.enter_context(socket.create_connection(("127.0.0.1", function.port), timeout=60))
        if begin:
            connection.sendall(begin)
        connections.append(connection)
    return connections


def answer_on(connection: socket.socket) -> Answer:
    response = http.client.HTTPResponse(connection)
    response.begin()
    return Answer(response.status, response.headers, response.read())


def is_served(function: Process) -> bool:
    """Whether a new client gets an answer while none of the others is let go: they have much longer than that."""
    return Api(function.port, timeout_s=ARRIVAL_LIMIT_S / 2).get("/nowhere").status == 404


@pytest.mark.parametrize(
    "begin",
    [
        pytest.param(b"GET /v5/nowhere HTT", id="in the middle of a line"),
        pytest.param(HEAD, id="before the end of the headers"),
        pytest.param(HEAD + b"Content-Length: 100\r\n\r\n{", id="in the body"),
    ],
)
def test_many_more_clients_that_send_a_byte_now_and_then_than_threads_keep_nobody_waiting(
    function: Process, begin: bytes
) -> None:
    with ExitStack() as stack:
        slow = opened(function, stack, SLOW, begin)
        for _ in range(3):
            for connection in slow:
                connection.sendall(b"x")
            assert is_served(function)


def test_idle_connections_keep_nobody_waiting(function: Process) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        count = min(IDLE, hard - 500)
        with ExitStack() as stack:
            opened(function, stack, count, b"")
            assert is_served(function)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_request_that_does_not_arrive_is_ended_and_its_thread_is_free_again(function: Process) -> None:
    chunked = HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"
    with ExitStack() as stack:
        started = time.monotonic()
        (idle,) = opened(function, stack, 1, b"")
        (halfway,) = opened(function, stack, 1, HEAD + b"Content-Length: 100\r\n\r\n{")
        # A body of unknown length is read by a thread; here all of them wait for the rest of one.
        endless = opened(function, stack, THREADS, chunked)

        assert idle.recv(1) == b""
        late = answer_on(halfway)
        assert (late.status, late.code) == (408, "request_timeout")
        assert [answer_on(connection).code for connection in endless] == ["bad_request"] * THREADS
        assert is_served(function)
        assert time.monotonic() - started >= SERVING_LIMIT_S


def test_what_would_wait_too_long_is_told_to_come_back_and_what_is_taken_is_done(function: Process) -> None:
    person = register(function.api, "ada@example.com")

    def sign_in(number: int) -> Answer:
        headers = {"X-Forwarded-For": f"10.0.0.{number}"}
        return patient.post("/auth/login", {"email": person.email, "password": person.password}, headers=headers)

    patient = Api(function.port, timeout_s=120)
    with ThreadPoolExecutor(LOGINS) as pool:
        answers = list(pool.map(sign_in, range(LOGINS)))

    statuses = Counter(answer.status for answer in answers)
    assert statuses.keys() == {200, 503}
    assert statuses[200] >= THREADS
    assert statuses[503] <= LOGINS - THREADS - QUEUED_A_THREAD
    for refused in (answer for answer in answers if answer.status == 503):
        assert refused.code == "unavailable"
        assert int(refused.headers["Retry-After"]) > 0


def test_a_page_can_read_that_it_was_turned_away(function: Process) -> None:
    with ExitStack() as stack:
        origin = b"Origin: http://localhost:5173\r\nContent-Length: 9\r\n\r\n{"
        (connection,) = opened(function, stack, 1, HEAD + origin)

        answer = answer_on(connection)

        assert answer.status == 408
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
