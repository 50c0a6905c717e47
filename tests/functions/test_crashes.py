"""A handler that crashes: the client learns nothing of the inside, the log everything."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ports import free_port
from tests.server import Process, environment

MAIN = '''
"""A group that fails in every way."""
from shared.database.errors import TRANSACTION_TOO_LARGE, DatabaseError
from shared.database.transaction import ReadTransaction, Transaction
from shared.http import PUBLIC, Group, Message

group = Group("failing")

@group.endpoint("GET /crash", access=PUBLIC)
def crash() -> Message:
    """Crash."""
    raise ValueError("the secret inside")

@group.endpoint("POST /crash", access=PUBLIC)
def crash_in_a_transaction(tr: Transaction) -> Message:
    """Crash after a write."""
    tr.set(b"half", b"done")
    raise ZeroDivisionError

@group.endpoint("GET /health", access=PUBLIC)
def health(tr: ReadTransaction) -> Message:
    """Tell whether there is half a write."""
    return Message(message=str(tr.get(b"half").wait()))

@group.endpoint("POST /large", access=PUBLIC)
def write_too_much(tr: Transaction) -> Message:
    """Write more than a transaction takes."""
    for number in range(101):
        tr.set(b"%03d" % number, b"x" * 100_000)
    return Message(message="never")

@group.endpoint("POST /exit", access=PUBLIC)
def answer_with_another_type() -> Message:
    """Answer what cannot be encoded."""
    return object()

failing = group.function()
'''.replace('"ReadTransaction"', "ReadTransaction").replace(
    "import Transaction\n", "import ReadTransaction, Transaction\n"
)


@pytest.fixture(scope="module")
def failing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    folder = tmp_path_factory.mktemp("failing")
    (folder / "main.py").write_text(MAIN)
    port = free_port()
    command = [str(Path(sys.executable).with_name("functions-framework")), "--source", str(folder / "main.py")]
    command += ["--target", "failing", "--host", "127.0.0.1", "--port", str(port)]
    process = Process(command, port, environment(folder / "data"), folder / "output.txt")
    try:
        process.wait_until_it_answers()
        yield process
    finally:
        process.stop()


def test_a_crash_tells_nothing_but_the_request_id(failing: Process) -> None:
    answer = failing.api.get("/crash", headers={"X-Request-Id": "crash-1"})

    assert (answer.status, answer.code) == (500, "internal")
    assert answer.error["requestId"] == "crash-1"
    assert b"secret inside" not in answer.body
    assert b"Error" not in answer.body


def test_a_crash_is_in_the_log_with_its_cause(failing: Process) -> None:
    failing.api.get("/crash", headers={"X-Request-Id": "crash-2"})

    log = failing.printed().split("[crash-2]")[1]
    assert "Traceback" in log
    assert "ValueError: the secret inside" in log


def test_a_crash_leaves_no_half_of_a_write(failing: Process) -> None:
    assert failing.api.post("/crash").code == "internal"

    assert failing.api.get("/health").data == {"message": "None"}


def test_a_transaction_that_is_too_large_is_told_as_such(failing: Process) -> None:
    answer = failing.api.post("/large")

    assert (answer.status, answer.code) == (413, "body_too_large")


def test_an_answer_that_cannot_be_written_is_a_crash_too(failing: Process) -> None:
    assert failing.api.post("/exit").code == "internal"
