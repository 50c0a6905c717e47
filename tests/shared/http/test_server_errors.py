"""What gunicorn answers by itself is of the documented shape too."""

import http.client
import socket

import pytest

from shared.http.worker import write_error
from tests.client import Answer


def written(status: int) -> Answer:
    """What a client reads when gunicorn answers an error of this status."""
    server, client = socket.socketpair()
    with server, client:
        write_error(server, status, "a reason", "a message")
        server.shutdown(socket.SHUT_WR)
        response = http.client.HTTPResponse(client)
        response.begin()
        assert response.reason == http.client.responses[response.status]
        return Answer(response.status, response.headers, response.read())


@pytest.mark.parametrize(
    ("theirs", "ours", "code"),
    [
        (400, 400, "bad_request"),
        (403, 400, "bad_request"),
        (417, 400, "bad_request"),
        (431, 431, "headers_too_large"),
        (500, 500, "internal"),
        (501, 400, "bad_request"),
    ],
)
def test_an_error_of_the_server_itself_is_answered_in_our_shape(theirs: int, ours: int, code: str) -> None:
    answer = written(theirs)

    assert answer.status == ours
    assert answer.code == code
    assert answer.headers["Connection"] == "close"
    assert b"a message" not in answer.body
