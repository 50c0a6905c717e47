"""Bodies up to their limit and far past it: a refusal is always seen, also by who is still sending."""

import socket

import pytest

from shared.http.body import DISCARD_LIMIT_BYTES, JSON_LIMIT_BYTES
from tests.client import Answer, Api, Person

JSON = {"Content-Type": "application/json"}
MIB = 1024 * 1024
MANY = 10 * MIB
SESSION = "/sessions/0193585d-9d2b-7c3a-8000-00000000ffff"
TAKE_JSON = [("POST", "/auth/register"), ("POST", "/auth/login"), ("POST", "/sessions"), ("PATCH", SESSION)]
TAKE_NONE = [
    ("GET", "/health", 200),
    ("GET", "/ready", 200),
    ("GET", "/sessions", 200),
    ("GET", SESSION, 404),
    ("DELETE", SESSION, 404),
    ("POST", "/auth/logout", 200),
    ("PUT", "/sessions", 405),
    ("OPTIONS", "/sessions", 204),
    ("POST", "/nowhere", 404),
]


def send_chunked(api: Api, method: str, path: str, size_bytes: int, token: str = "none") -> Answer:
    """Send {} and blanks, in chunks of 64 KiB."""
    head = (
        f"{method} /api/v5{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {token}\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    body = b"{}".ljust(size_bytes)
    pieces = (body[start : start + 65_536] for start in range(0, size_bytes, 65_536))
    return api.send(head.encode() + b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n")


def test_a_chunked_body_may_have_a_mebibyte_too(api: Api) -> None:
    fits, exceeds = (
        send_chunked(api, "POST", "/auth/login", size) for size in (JSON_LIMIT_BYTES, JSON_LIMIT_BYTES + 1)
    )

    assert fits.status == 422
    assert exceeds.status == 413
    assert exceeds.code == "body_too_large"


@pytest.mark.parametrize(("method", "path"), TAKE_JSON)
def test_ten_megabytes_are_refused_by_whoever_reads_them(api: Api, ada: Person, method: str, path: str) -> None:
    whole = api.request(method, path, raw=b"{}".ljust(MANY), headers=JSON, token=ada.token)
    chunked = send_chunked(api, method, path, MANY, ada.token)

    for answer in (whole, chunked):
        assert answer.status == 413
        assert answer.code == "body_too_large"


@pytest.mark.parametrize(("method", "path", "status"), TAKE_NONE)
def test_ten_megabytes_do_not_matter_where_nobody_reads_them(
    api: Api, ada: Person, method: str, path: str, status: int
) -> None:
    whole = api.request(method, path, raw=b" " * MANY, token=ada.token)
    chunked = send_chunked(api, method, path, MANY, ada.token)

    assert (whole.status, chunked.status) == (status, status)


def send_much(api: Api) -> None:
    """Send far more than is ever read, in chunks."""
    piece = b"100000\r\n" + bytes(MIB) + b"\r\n"
    with socket.create_connection(("127.0.0.1", api.port), timeout=30) as connection:
        connection.sendall(b"POST /api/v5/auth/logout HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(10 * DISCARD_LIMIT_BYTES // MIB):
            connection.sendall(piece)


@pytest.mark.direct
def test_a_body_without_end_is_cut_off(api: Api) -> None:
    with pytest.raises(ConnectionError):
        send_much(api)


def test_ten_megabytes_of_a_stranger_are_not_read_as_json(api: Api) -> None:
    answer = api.request("POST", "/sessions", raw=b"[" * MANY, headers=JSON)

    assert answer.status == 401
    assert answer.code == "unauthenticated"
