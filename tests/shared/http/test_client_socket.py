"""A connection whose client reads slowly, or sends slowly: its thread waits, and nobody else."""

import socket
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import pytest

from shared.http.client_socket import ClientSocket
from shared.turns import Turns

PATIENCE_S = 60
# More than systems keep for a client that does not read.
CONTENT = b"0123456789" * 2_000_000


Ends = tuple[ClientSocket, socket.socket]


@pytest.fixture
def ends() -> Iterator[Ends]:
    """Ours, and the client's."""
    ours, client = socket.socketpair()
    with client, ClientSocket(ours) as accepted:
        client.settimeout(PATIENCE_S)
        yield accepted, client


@pytest.fixture
def turns() -> Turns:
    return Turns(2)


def others_work(turns: Turns, future: "Future[Any]") -> bool:
    """Whether another call is done while this one goes on."""
    return turns.submit(abs, -1).result(PATIENCE_S) == 1 and not future.done()


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is relieved: who waits has to say so."""
    monkeypatch.setattr("shared.turns.TURN_LIMIT_S", PATIENCE_S)


def test_an_answer_goes_out_whole_however_slowly_it_is_read(ends: Ends, turns: Turns) -> None:
    ours, client = ends
    sending = turns.submit(ours.sendall, CONTENT)

    assert others_work(turns, sending)
    got = bytearray()
    while len(got) < len(CONTENT):
        got += client.recv(1_000_000)
    sending.result(PATIENCE_S)

    assert got == CONTENT
    assert ours.gettimeout() is None


def test_who_does_not_read_at_all_is_given_up(ends: Ends, turns: Turns, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.http.client_socket.READING_LIMIT_S", 0.05)
    ours, _ = ends

    with pytest.raises(BrokenPipeError):
        turns.submit(ours.sendall, CONTENT).result(PATIENCE_S)


def test_a_body_that_is_on_its_way_is_waited_for(ends: Ends, turns: Turns) -> None:
    ours, client = ends
    reading = turns.submit(ours.recv, 10)

    assert others_work(turns, reading)
    client.sendall(b"late")

    assert reading.result(PATIENCE_S) == b"late"


def test_what_is_here_already_is_read_at_once(ends: Ends) -> None:
    ours, client = ends
    with pytest.raises(BlockingIOError):
        ours.recv_now(10)
    client.sendall(b"early")

    assert (ours.recv(2), ours.recv_now(10)) == (b"ea", b"rly")
