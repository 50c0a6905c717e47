"""What holds for every endpoint, over a real socket."""

import re

import pytest

from tests.client import Api, Person

NOWHERE, LOGIN = (pytest.param(path, marks=pytest.mark.direct) for path in ("/nowhere", "/auth/login"))
EVERYWHERE = ["/health", "/ready", LOGIN, "/sessions", NOWHERE, "/sessions/nothing"]


@pytest.mark.parametrize("path", EVERYWHERE)
def test_a_sane_request_id_is_taken_and_answered(api: Api, path: str) -> None:
    answer = api.get(path, headers={"X-Request-Id": "abc-123_x.y"})

    assert answer.headers["X-Request-Id"] == "abc-123_x.y"


@pytest.mark.parametrize("given", ["", "a b", "<script>", "x" * 129, "ada@example.com", "é"])
def test_any_other_request_id_is_replaced(api: Api, given: str) -> None:
    answer = api.get("/health", headers={"X-Request-Id": given.encode().decode("latin-1")})

    assert re.fullmatch("[0-9a-f]{32}", answer.headers["X-Request-Id"])


def test_both_prefixes_answer_alike(api: Api, ada: Person) -> None:
    short = Api(api.port, prefix="/v5")

    assert short.get("/sessions", token=ada.token).body == api.get("/sessions", token=ada.token).body
    made = short.post("/sessions", {"name": "one"}, token=ada.token)
    assert made.headers["Location"] == f"/v5/sessions/{made.data['id']}"


@pytest.mark.direct
@pytest.mark.parametrize(
    "path", ["/", "/sessions/", "//sessions", "/sessions//", "/SESSIONS", "/auth", "/robots.txt", "/%00"]
)
def test_what_is_not_declared_is_not_found(api: Api, ada: Person, path: str) -> None:
    answer = api.get(path, token=ada.token)

    assert (answer.status, answer.code) == (404, "not_found")


@pytest.mark.direct
@pytest.mark.parametrize("path", ["/", "/robots.txt", "/favicon.ico", "//", "/api", "/api/v4/health", "/v5"])
def test_nothing_outside_the_prefixes_is_found(api: Api, path: str) -> None:
    answer = Api(api.port, prefix="").get(path)

    assert (answer.status, answer.code) == (404, "not_found")


@pytest.mark.direct
@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/health", "GET, HEAD, OPTIONS"),
        ("GET", "/auth/register", "POST, OPTIONS"),
        ("PUT", "/sessions", "POST, GET, HEAD, OPTIONS"),
        ("POST", "/sessions/0190a5e0-0000-7000-8000-000000000000", "GET, PATCH, DELETE, HEAD, OPTIONS"),
        ("TRACE", "/ready", "GET, HEAD, OPTIONS"),
        ("FROB", "/ready", "GET, HEAD, OPTIONS"),
    ],
)
def test_a_method_that_is_not_declared_is_refused_with_those_that_are(
    api: Api, method: str, path: str, allowed: str
) -> None:
    answer = api.request(method, path)

    assert (answer.status, answer.code) == (405, "method_not_allowed")
    assert answer.headers["Allow"] == allowed


@pytest.mark.parametrize("path", ["/health", "/ready", "/sessions"])
def test_head_answers_what_get_does_but_for_the_body(api: Api, ada: Person, path: str) -> None:
    get, head = (api.request(method, path, token=ada.token) for method in ("GET", "HEAD"))

    assert head.status == get.status == 200
    assert head.body == b""
    changing = {"date", "x-request-id"}
    kept = [{n.lower(): v for n, v in answer.headers.items() if n.lower() not in changing} for answer in (get, head)]
    assert kept[0] == kept[1]


@pytest.mark.parametrize(
    "accept", ["application/json", "*/*", "application/*", "text/html, */*;q=0.1", "a/b, application/json;q=0.5"]
)
def test_json_is_answered_to_whoever_takes_it(api: Api, accept: str) -> None:
    assert api.get("/health", headers={"Accept": accept}).status == 200


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "application/json;q=0", ""])
def test_whoever_takes_no_json_is_told_so(api: Api, accept: str) -> None:
    answer = api.get("/health", headers={"Accept": accept})

    assert (answer.status, answer.code) == (406, "not_acceptable")


def test_no_answer_says_more_about_its_type_than_that_it_is_json(api: Api) -> None:
    answer = api.get("/health")

    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_tokens_are_not_stored_on_the_way(api: Api, ada: Person) -> None:
    login = api.post("/auth/login", {"email": ada.email, "password": ada.password})

    assert login.headers["Cache-Control"] == "no-store"


def test_a_401_says_how_to_authenticate(api: Api) -> None:
    answer = api.get("/sessions")

    assert (answer.status, answer.code) == (401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_every_field_at_fault_is_named_at_once(api: Api) -> None:
    body = {"email": "no", "password": "short", "firstName": 7, "company": "", "admin": True}

    answer = api.post("/auth/register", body)

    assert (answer.status, answer.code) == (422, "invalid_request")
    assert [fault["field"] for fault in answer.error["details"]] == [
        "email",
        "password",
        "firstName",
        "lastName",
        "company",
        "admin",
    ]
    assert all(fault["message"].endswith(".") for fault in answer.error["details"])
