"""Bodies are read within their limit, or thrown away, whatever the server says of them."""

import io
from typing import IO

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from shared.errors import BadRequest, BodyTooLarge, LengthRequired, UnsupportedMediaType
from shared.http.body import DISCARD_LIMIT_BYTES, JSON_LIMIT_BYTES, discard, read_json


class Endless(io.RawIOBase):
    """A body that never ends, and how much was read of it."""

    def __init__(self) -> None:
        self.read_bytes = 0

    def read(self, size: int = -1) -> bytes:
        self.read_bytes += size
        return b" " * size


class Broken(io.RawIOBase):
    """A body that breaks off after its first piece."""

    def __init__(self) -> None:
        self.pieces = [b"{"]

    def read(self, size: int = -1) -> bytes:
        if self.pieces:
            return self.pieces.pop()
        raise ConnectionResetError("the client went away")


def request(
    stream: IO[bytes] | io.RawIOBase, length: int | None = None, content_type: str = "application/json"
) -> Request:
    environ = EnvironBuilder(method="POST", content_type=content_type).get_environ()
    environ["wsgi.input"] = stream
    environ["wsgi.input_terminated"] = True
    if length is None:
        environ["HTTP_TRANSFER_ENCODING"] = "chunked"
    else:
        environ["CONTENT_LENGTH"] = str(length)
    return Request(environ)


def test_a_body_is_read_whole() -> None:
    assert read_json(request(io.BytesIO(b"{}"), 2)) == b"{}"
    assert read_json(request(io.BytesIO(b"{}"))) == b"{}"


def test_a_body_that_says_it_is_too_large_is_not_read() -> None:
    stream = Endless()

    with pytest.raises(BodyTooLarge):
        read_json(request(stream, JSON_LIMIT_BYTES + 1))
    assert stream.read_bytes == 0


def test_a_body_that_does_not_say_how_large_it_is_is_read_up_to_the_limit() -> None:
    stream = Endless()

    with pytest.raises(BodyTooLarge):
        read_json(request(stream))
    assert stream.read_bytes == JSON_LIMIT_BYTES + 1


def test_a_body_shorter_than_it_says_is_refused() -> None:
    with pytest.raises(BadRequest, match="ends before"):
        read_json(request(io.BytesIO(b"{}"), 3))


def test_a_body_that_breaks_off_is_refused() -> None:
    stream = Broken()
    stream.pieces = []

    with pytest.raises(BadRequest, match="broke off"):
        read_json(request(stream))


def test_a_body_of_another_type_is_refused_before_it_is_read() -> None:
    stream = Endless()

    with pytest.raises(UnsupportedMediaType):
        read_json(request(stream, content_type="text/plain"))
    assert stream.read_bytes == 0


def test_a_body_needs_a_length() -> None:
    environ = EnvironBuilder(method="POST", content_type="application/json").get_environ()

    with pytest.raises(LengthRequired):
        read_json(Request(environ))


def test_what_is_left_of_a_body_is_read_and_forgotten() -> None:
    stream = io.BytesIO(b" " * 100_000)
    received = request(stream)

    discard(received)

    assert stream.read() == b""


def test_no_more_is_thrown_away_than_within_reason() -> None:
    stream = Endless()
    received = request(stream)

    discard(received)

    assert stream.read_bytes == DISCARD_LIMIT_BYTES


def test_a_body_that_breaks_off_while_it_is_thrown_away_ends_there() -> None:
    stream = Broken()

    discard(request(stream))

    assert stream.pieces == []
