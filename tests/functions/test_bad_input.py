"""Anything at all may arrive: it is answered by a 4xx of the documented shape, never by a 5xx, a page or a silence."""

import http.client
import json
import socket
from collections.abc import Iterator
from io import BytesIO

import pytest

from tests.client import Answer, Api, Person

JSON = {"Content-Type": "application/json"}
MIB = 1024 * 1024


class _Received(BytesIO):
    def makefile(self, *_: object) -> "BytesIO":
        return self


def exchange(port: int, sent: bytes) -> Answer:
    """Send bytes as they are, and read the answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    response = http.client.HTTPResponse(_Received(received))  # type: ignore[arg-type]
    response.begin()
    return Answer(response.status, response.headers, response.read())


def assert_refused(answer: Answer, *statuses: int) -> None:
    assert answer.status in (statuses or range(400, 500)), answer.body
    assert answer.code


def assert_answered(answer: Answer) -> None:
    if answer.status not in (200, 304):
        assert_refused(answer)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"hello", "not JSON"),
        (b'{"email": NaN}', "not JSON"),
        (b"{'email': 'x'}", "not JSON"),
        (b'{"email": "x",}', "not JSON"),
        (b'{"email": "x"} {}', "not JSON"),
        (b'{"email": "\\ud800"}', "not JSON"),
        (b'{"email": "a\\u0000b", ', "not JSON"),
        (b"\xff\xfe{\x00}\x00", "not"),
        (b'{"email": "\xff"}', "not UTF-8"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b'{"email":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
    ],
    ids=lambda given: repr(given[:20]),
)
def test_what_is_not_json_is_refused(api: Api, body: bytes, message: str) -> None:
    answer = api.post("/auth/login", raw=body, headers=JSON)

    assert (answer.status, answer.code) == (400, "invalid_json")
    assert message in answer.error["message"]


@pytest.mark.parametrize(
    "body", [b"null", b"1", b'"x"', b"[]", b"[[[]]]", b"{}", b'{"email": {}}', b'{"email": 1e400}']
)
def test_json_of_another_shape_is_refused(api: Api, body: bytes) -> None:
    answer = api.post("/auth/login", raw=body, headers=JSON)

    assert_refused(answer, 422, 400)


@pytest.mark.parametrize(
    "value", ["\0", "a\0@example.com", "@", "a@", "a@b@c", "a" * 255, "a" * 250 + "@b.co", "<a@b.co>", "a\n@b.co"]
)
def test_what_is_no_address_is_named(api: Api, value: str) -> None:
    answer = api.post("/auth/login", {"email": value, "password": "password123"})

    assert (answer.status, answer.code) == (422, "invalid_request")
    assert [fault["field"] for fault in answer.error["details"]] == ["email"]


def test_an_answer_to_many_faults_stays_small(api: Api) -> None:
    body = json.dumps({f"{'x' * 50}{number}": 1 for number in range(10_000)}).encode()

    answer = api.post("/auth/login", raw=body, headers=JSON)

    assert_refused(answer, 422)
    assert len(answer.error["details"]) <= 50
    assert len(answer.body) < 20_000


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/json; charset=latin-1"},
        {"Content-Type": "application/jsonx"},
        {"Content-Type": ";"},
        {**JSON, "Content-Encoding": "gzip"},
    ],
    ids=str,
)
def test_another_kind_of_body_is_refused(api: Api, headers: dict[str, str]) -> None:
    answer = api.post("/auth/login", raw=b"{}", headers=headers)

    assert (answer.status, answer.code) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    "kind", ["application/json", "Application/JSON", 'application/json; charset="utf-8"', "application/json;x=y"]
)
def test_json_by_any_of_its_names_is_taken(api: Api, ada: Person, kind: str) -> None:
    answer = api.post("/sessions", raw=b'{"name":"x"}', token=ada.token, headers={"Content-Type": kind})

    assert answer.status == 201


def chunks(size: int) -> Iterator[bytes]:
    for _ in range(size // 65536):
        yield b"x" * 65536


@pytest.mark.parametrize(
    "path", ["/auth/login", "/sessions", "/auth/logout", "/health", pytest.param("/nowhere", marks=pytest.mark.direct)]
)
def test_ten_megabytes_are_refused_or_ignored(api: Api, ada: Person, path: str) -> None:
    answer = api.post(path, raw=b"x" * 10 * MIB, token=ada.token, headers=JSON)

    expected = {"/auth/logout": 200, "/health": 405, "/nowhere": 404}.get(path, 413)
    assert answer.status == expected
    if expected == 413:
        assert answer.code == "body_too_large"


def test_ten_megabytes_in_chunks_are_refused(api: Api, ada: Person) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", api.port, timeout=30)
    headers = {**JSON, "Authorization": f"Bearer {ada.token}"}
    connection.request("POST", "/v5/sessions", chunks(10 * MIB), headers, encode_chunked=True)
    response = connection.getresponse()

    assert response.status == 413
    assert json.loads(response.read())["error"]["code"] == "body_too_large"
    connection.close()


@pytest.mark.parametrize(("size", "status"), [(MIB, 422), (MIB + 1, 413)])
def test_a_body_may_have_one_mebibyte(api: Api, size: int, status: int) -> None:
    body = b'{"x":"' + b"y" * (size - 8) + b'"}'
    assert len(body) == size

    assert_refused(api.post("/auth/login", raw=body, headers=JSON), status)


def test_a_body_in_chunks_is_taken(api: Api, ada: Person) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", api.port, timeout=30)
    headers = {**JSON, "Authorization": f"Bearer {ada.token}"}
    connection.request("POST", "/v5/sessions", iter([b'{"name"', b':"x"}']), headers, encode_chunked=True)

    assert connection.getresponse().status == 201
    connection.close()


def test_a_body_of_no_length_is_asked_for(api: Api) -> None:
    answer = exchange(api.port, b"POST /v5/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\r\n")

    assert (answer.status, answer.code) == (411, "length_required")


@pytest.mark.direct
def test_a_body_that_breaks_off_is_refused(api: Api) -> None:
    head = b"POST /v5/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n"

    assert_refused(exchange(api.port, head + b'{"email"'), 400)


@pytest.mark.direct
@pytest.mark.parametrize(
    "request_",
    [
        b"\r\n\r\n\r\n",
        b"hello\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /v5/health\r\n\r\n",
        b"GET /v5/health HTTP/9.9\r\nHost: x\r\n\r\n",
        b"GET /v5/health HTTP/1.1\r\nHo st: x\r\n\r\n",
        b"GET /v5/health HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET /v5/health HTTP/1.1\r\nX: \x00\r\n\r\n",
        b"GET /v5/health HTTP/1.1\r\nX: " + b"y" * 9000 + b"\r\n\r\n",
        b"GET /v5/health HTTP/1.1\r\n" + b"".join(b"X-%d: y\r\n" % number for number in range(200)) + b"\r\n",
        b"POST /v5/auth/login HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"POST /v5/auth/login HTTP/1.1\r\nContent-Length: -1\r\n\r\n{}",
        b"POST /v5/auth/login HTTP/1.1\r\nContent-Length: x\r\n\r\n{}",
        b"POST /v5/auth/login HTTP/1.1\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
        b"POST /v5/auth/login HTTP/1.1\r\nTransfer-Encoding: nonsense\r\n\r\n{}",
        b"POST /v5/auth/login HTTP/1.1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST /v5/auth/login HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: "
        + b"9" * 30
        + b"\r\n\r\n{}",
    ],
    ids=lambda request_: repr(request_[:70]),
)
def test_what_is_hardly_http_is_refused_in_json(api: Api, request_: bytes) -> None:
    assert_refused(exchange(api.port, request_))


@pytest.mark.parametrize("host", [b"", b"<>", b"a b", b"\xff", b"x" * 5000, b"[::1", b"evil.example.com:99999"])
def test_no_host_disturbs(api: Api, host: bytes) -> None:
    answer = exchange(api.port, b"GET /v5/health HTTP/1.1\r\nHost: " + host + b"\r\n\r\n")

    assert_answered(answer)


@pytest.mark.direct
@pytest.mark.parametrize(
    "path",
    [
        b"/v5/%00",
        b"/v5/%ff%fe",
        b"/v5/sessions/%2e%2e",
        b"/v5/" + b"a/" * 2000,
        b"/v5/\xc3\xa9",
        b"http://x/v5/nowhere",
        b"*",
    ],
)
def test_no_path_disturbs(api: Api, path: bytes) -> None:
    assert_refused(exchange(api.port, b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n\r\n"), 404, 400)


@pytest.mark.direct
@pytest.mark.parametrize("target", ["/" + "a" * 8193, "/health?" + "a" * 8193])
def test_an_endless_address_is_refused(api: Api, target: str) -> None:
    answer = api.get(target)

    assert (answer.status, answer.code) == (414, "uri_too_long")


@pytest.mark.parametrize(
    "query",
    [
        "limit=1&limit=2",
        "%",
        "&&&",
        "=",
        "limit[]=1",
        "cursor",
        "x=%ff",
        "limit=1;drop",
        pytest.param("\x7f", marks=pytest.mark.direct),
    ],
)
def test_no_query_disturbs(api: Api, ada: Person, query: str) -> None:
    answer = exchange(
        api.port,
        f"GET /v5/sessions?{query} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ada.token}\r\n\r\n".encode(),
    )

    assert_answered(answer)


def test_two_authorization_headers_are_refused(api: Api, ada: Person) -> None:
    header = f"Authorization: Bearer {ada.token}\r\n"

    answer = exchange(api.port, f"GET /v5/sessions HTTP/1.1\r\nHost: x\r\n{header}{header}\r\n".encode())

    assert (answer.status, answer.code) == (401, "unauthenticated")


@pytest.mark.parametrize(
    "name",
    [
        "If-Match",
        "If-None-Match",
        "Accept",
        "Origin",
        "X-Request-Id",
        "X-Forwarded-For",
        "User-Agent",
        "X-Cloud-Trace-Context",
        "Idempotency-Key",
        "Content-Type",
    ],
)
@pytest.mark.parametrize("value", [b"", b'"', b"\xff\xfe", b",,,", b"*" * 4000, b'W/"', b"\t"])
def test_no_header_disturbs(api: Api, ada: Person, name: str, value: bytes) -> None:
    path = f"/v5/sessions/{ada.start_session()['id']}"
    for method in ("GET", "PATCH"):
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ada.token}\r\nContent-Length: 2\r\n{name}: "
        )

        answer = exchange(api.port, head.encode() + value + b"\r\n\r\n{}")

        assert_answered(answer)


def test_the_server_is_as_well_as_before(api: Api) -> None:
    assert api.get("/ready").data == {"status": "ready"}
