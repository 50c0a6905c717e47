"""Pages of other origins, as a browser would ask for them."""

from pathlib import Path

import pytest

from tests.client import Api
from tests.server import local_server

ASK = {"Origin": "https://app.example.com", "Access-Control-Request-Method": "POST"}


@pytest.mark.parametrize("path", ["/sessions", "/auth/login", pytest.param("/nowhere", marks=pytest.mark.direct)])
def test_a_preflight_is_answered_without_a_token(api: Api, path: str) -> None:
    answer = api.request("OPTIONS", path, headers=ASK)

    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    for name in ("Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match"):
        assert name in answer.headers["Access-Control-Allow-Headers"]
    assert int(answer.headers["Access-Control-Max-Age"]) > 0


@pytest.mark.parametrize("path", ["/health", "/sessions", pytest.param("/nowhere", marks=pytest.mark.direct)])
def test_every_answer_can_be_read_by_a_page(api: Api, path: str) -> None:
    answer = api.get(path, headers={"Origin": "https://app.example.com"})

    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Vary"] == "Origin"
    for name in ("ETag", "X-Request-Id", "Retry-After"):
        assert name in answer.headers["Access-Control-Expose-Headers"]


def test_where_origins_are_named_only_they_are_let_in(tmp_path: Path) -> None:
    origins = "https://app.example.com, http://localhost:5173"
    with local_server(tmp_path / "data", tmp_path / "output.txt", CORS_ALLOWED_ORIGINS=origins) as server:
        ours, local, theirs, none = (
            server.api.request("OPTIONS", "/sessions", headers={**ASK, "Origin": origin})
            for origin in ("https://app.example.com", "http://localhost:5173", "https://evil.example.com", "null")
        )
        without = server.api.get("/health")

    assert ours.headers["Access-Control-Allow-Origin"] == "https://app.example.com"
    assert local.headers["Access-Control-Allow-Origin"] == "http://localhost:5173"
    for answer in (theirs, none, without):
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert answer.headers["Vary"] == "Origin"


def test_a_preflight_has_no_body_and_so_no_type(api: Api) -> None:
    assert "Content-Type" not in api.request("OPTIONS", "/sessions", headers=ASK).headers
