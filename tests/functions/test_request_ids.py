"""X-Request-Id: every request has a name, the client's where that is sane."""

import re

import pytest

from shared.http.exchange import REQUEST_ID_LIMIT_CHARS
from tests.client import Api, Person
from tests.server import Process

MADE = re.compile(r"[0-9a-f]{32}")


@pytest.mark.parametrize("request_id", ["a", "order-7.retry_2", "A" * REQUEST_ID_LIMIT_CHARS])
def test_the_clients_own_name_for_a_request_is_answered(api: Api, request_id: str) -> None:
    answer = api.get("/health", headers={"X-Request-Id": request_id})

    assert answer.headers["X-Request-Id"] == request_id


@pytest.mark.parametrize(
    "request_id",
    [" ", "a,b", "A" * (REQUEST_ID_LIMIT_CHARS + 1), "\xfcber", "a\tb", "[x]", "%0a", '"x"'],
)
def test_a_name_that_is_no_sane_token_is_replaced(api: Api, request_id: str) -> None:
    answer = api.get("/health", headers={"X-Request-Id": request_id})

    assert MADE.fullmatch(answer.headers["X-Request-Id"])


def test_two_names_are_as_good_as_none(api: Api) -> None:
    answer = api.send(
        b"GET /api/v5/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Request-Id: a\r\nX-Request-Id: b\r\n\r\n"
    )

    assert MADE.fullmatch(answer.headers["X-Request-Id"])


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        pytest.param("GET", "/nowhere", 404, marks=pytest.mark.direct),
        pytest.param("PUT", "/health", 405, marks=pytest.mark.direct),
        ("GET", "/sessions", 401),
        ("OPTIONS", "/sessions", 204),
        ("HEAD", "/health", 200),
        ("POST", "/auth/login", 415),
    ],
)
def test_every_kind_of_answer_names_its_request(api: Api, method: str, path: str, status: int) -> None:
    answer = api.request(method, path, headers={"X-Request-Id": "mine"})

    assert answer.status == status
    assert answer.headers["X-Request-Id"] == "mine"


def test_an_unchanged_resource_names_its_request_too(api: Api, ada: Person) -> None:
    path = f"/sessions/{ada.start_session()['id']}"

    answer = api.get(path, token=ada.token, headers={"If-None-Match": "*", "X-Request-Id": "mine"})

    assert answer.status == 304
    assert answer.headers["X-Request-Id"] == "mine"


@pytest.mark.direct
def test_a_request_that_could_not_even_be_parsed_is_named_in_answer_and_log(server: Process) -> None:
    answer = server.api.send(b"nonsense\r\n\r\n")

    assert answer.status == 400
    assert f"[{answer.error['requestId']}]" in server.printed()
