"""The emulation of API Gateway does what the real one is documented to do where a function is slow or away."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from tests.client import Api
from tests.gateway import check_gateways, normalised, serving


@pytest.mark.parametrize(
    ("path", "resolved"),
    [
        ("/a/../b", "/b"),
        ("/a/%2E%2e/b", "/b"),
        ("//a///b/", "/a/b/"),
        ("/..", "/"),
        ("/a/.", "/a/"),
        ("/a%2Fb", "/a%2Fb"),
    ],
)
def test_a_path_is_resolved_before_it_is_looked_up(path: str, resolved: str) -> None:
    assert normalised(path) == resolved


@pytest.fixture
def silent() -> Iterator[int]:
    """A port where connections are taken and nothing is answered."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def document(port: int) -> dict[str, Any]:
    """A gateway with one path, and little patience."""
    backend = {
        "address": f"http://127.0.0.1:{port}",
        "pathTranslation": "APPEND_PATH_TO_ADDRESS",
        "deadline": 0.05,
    }
    paths = {"/v5/x": {"get": {"x-google-backend": "slow"}}}
    return {"x-google-api-management": {"backends": {"slow": backend}}, "paths": paths}


def test_the_gateway_gives_up_after_its_deadline(silent: int) -> None:
    with serving(document(silent), []) as impatient:
        check_gateways(Api(impatient.port, "/v5").get("/x"), 504)


def test_the_gateway_says_when_nobody_is_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = listener.getsockname()[1]

    with serving(document(closed), []) as server:
        check_gateways(Api(server.port, "/v5").get("/x"), 503)
