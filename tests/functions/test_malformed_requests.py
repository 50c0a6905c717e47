"""Bytes that are no HTTP, or barely: each is answered in the documented shape, never by a page, a crash or silence."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.client import Answer, Api

pytestmark = pytest.mark.direct

CLOSE = b"Host: x\r\nConnection: close\r\n"
GET = b"GET /api/v5/health HTTP/1.1\r\n" + CLOSE
LOGIN = b"POST /api/v5/auth/login HTTP/1.1\r\n" + CLOSE + b"Content-Type: application/json\r\n"
CHUNKED = LOGIN + b"Transfer-Encoding: chunked\r\n\r\n"


def check_refused(answer: Answer, *statuses: int) -> None:
    assert answer.status in (statuses or (400,))
    assert answer.code
    assert answer.body.startswith(b'{"success":false,')


@pytest.mark.parametrize(
    "line",
    [
        b"no colon",
        b": no name",
        b"X : a space before the colon",
        b"X: a NUL \0 inside",
        b"X: folded\r\n over lines",
        b"\xff: not ASCII",
        b"Host: y",  # the second
        b"Expect: something",
        b"Content-Length: 0\r\nContent-Length: 0",
        b"Content-Length: 0\r\nContent-Length: 1",
        b"Content-Length: -1",
        b"Content-Length: +1",
        b"Content-Length: 1_0",
        b"Content-Length: 0x1",
        b"Content-Length: \xb2",
        b"Content-Length: " + b"9" * 5_000,
        b"Content-Length: 2\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding: something",
        b"Transfer-Encoding: identity",
        b"Transfer-Encoding: chunked, chunked",
        b"Content-Type: a/b\r\nContent-Type: c/d",
    ],
)
def test_a_header_that_is_none_or_contradicts_another_is_refused(api: Api, line: bytes) -> None:
    check_refused(api.send(GET + line + b"\r\n\r\n"))


@pytest.mark.parametrize(
    "head",
    [
        b"GET /api/v5/health HTTP/1.1\r\nConnection: close\r\n\r\n",
        b"GET /api/v5/health HTTP/1.0\r\n\r\n",
        b"GET /api/v5/health HTTP/1.1\r\nConnection: close\r\nHost: ]]/..%00 x\r\n\r\n",
        b"GET /api/v5/health HTTP/1.1\r\nConnection: close\r\nHost: \xff\xfe\r\n\r\n",
        b"GET http://elsewhere.example/api/v5/health HTTP/1.1\r\nConnection: close\r\n\r\n",
        GET + b"X-Forwarded-Host: \xff\r\nX-Forwarded-For: nobody\r\nForwarded: nonsense\r\n\r\n",
        GET + b"X-Cloud-Trace-Context: \xff/;o=\r\nFunction-Execution-Id: \xff\r\n\r\n",
        GET + b"Script-Name: /elsewhere\r\nX_Y: 1\r\n\r\n",
        GET + b'If-None-Match: \xff""W/\r\nIf-Match: ,,,"\r\nRange: bytes=9-1\r\nCookie: \xff=;;=\r\n\r\n',
        GET + b"If-Modified-Since: yesterday\r\nDate: \xff\r\nIf-Range: \xff\r\nCache-Control: =,=\r\n\r\n",
        GET + b"ce-id: 1\r\nce-type: x\r\nce-source: y\r\nce-specversion: 9\r\n\r\n",
    ],
)
def test_a_host_or_header_that_is_strange_but_well_formed_does_not_matter(api: Api, head: bytes) -> None:
    answer = api.send(head)

    assert answer.status == 200
    assert answer.data == {"status": "healthy"}


def test_a_hundred_headers_are_enough(api: Api) -> None:
    def headers(count: int) -> bytes:
        return b"".join(b"X-%d: 1\r\n" % number for number in range(count - 2))

    few, many = (api.send(GET + headers(count) + b"\r\n") for count in (100, 101))

    assert few.status == 200
    assert many.status == 431
    assert many.code == "headers_too_large"


def test_a_header_has_up_to_eight_thousand_characters(api: Api) -> None:
    short, long = (api.send(GET + b"X: " + b"a" * count + b"\r\n\r\n") for count in (8_000, 9_000))

    assert short.status == 200
    assert long.status == 431
    assert long.code == "headers_too_large"


def test_an_address_has_up_to_8192_characters(api: Api) -> None:
    def path(count: int) -> str:
        return "/" + "a" * (count - len("/api/v5/"))

    assert api.get(path(8_192)).status == 404
    assert api.get(path(8_193)).code == "uri_too_long"
    assert api.get("/health?" + "a" * (8_192 - len("/api/v5/health"))).status == 200
    assert api.get("/health?" + "a" * (8_193 - len("/api/v5/health"))).status == 414


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "OPTIONS", "BREW"])
def test_an_absurd_address_is_refused_whatever_the_method(api: Api, method: str) -> None:
    answer = api.request(method, "/" + "a" * 200_000)

    assert answer.status == 414
    assert answer.code == "uri_too_long"


@pytest.mark.parametrize(
    "path",
    [
        "//api/v5/health",
        "/api/v5//health",
        "/api/v5/../v5/health",
        "/api/v5/./health",
        "/api/v5/health;x=1",
        "/api/v5/health%00",
        "/api/v5/%ff%fe",
        "/api/v5/%F0%9F",
        "/api/v5/%ED%A0%80",  # a lone surrogate, as UTF-8 does not have it
        "/api/v5/%0d%0aSet-Cookie:%20a=b",
        "/api/v5/%zz%",
        "/api/v5/sessions/%00",
        "/api/v5/sessions/..%2f..%2fetc%2fpasswd",
        "/api/v5/sessions/" + "%25" * 2_000,
        "/api/v5" + "/a" * 2_000,
        "/api/v5/sessions/{session_id}",
        "/<script>alert(1)</script>",
    ],
)
def test_an_address_of_nothing_is_not_found(api: Api, path: str) -> None:
    answer = api.send(f"GET {path} HTTP/1.1\r\n".encode() + CLOSE + b"\r\n")

    check_refused(answer, 404)
    assert answer.code == "not_found"
    assert answer.headers["Set-Cookie"] is None
    assert b"script" not in answer.body


@pytest.mark.parametrize(
    "body",
    [
        b"zz\r\n{}\r\n0\r\n\r\n",
        b"-2\r\n{}\r\n0\r\n\r\n",
        b"2\r\n{}0\r\n\r\n",
        b"2\r\n{}\r\n",
        b"2\r\n{",
        b"",
        b"ffffffffffffffffff\r\n{}\r\n",
        b"2;\0\r\n{}\r\n0\r\n\r\n",
        b"2\r\n{}\r\n0\r\nAuthorization: Bearer x\r\n\r\n",
        b"0\r\n",
    ],
)
def test_chunks_that_are_malformed_or_cut_off_are_refused(api: Api, body: bytes) -> None:
    answer = api.send(CHUNKED + body)

    check_refused(answer)
    assert answer.code == "bad_request"


@pytest.mark.parametrize("body", [b"", b"{", b'{"email":"ada@example.com","password":"password123"}'])
def test_a_body_shorter_than_its_length_is_refused(api: Api, body: bytes) -> None:
    answer = api.send(LOGIN + b"Content-Length: 100\r\n\r\n" + body)

    check_refused(answer)
    assert answer.code == "bad_request"


@pytest.mark.parametrize("framing", [b"Content-Length: 100\r\n\r\n{", b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"])
def test_a_broken_body_that_nobody_reads_does_not_matter(api: Api, framing: bytes) -> None:
    unknown = b"POST /robots.txt HTTP/1.1\r\n" + CLOSE

    assert api.send(GET + framing).status == 200
    assert api.send(unknown + framing).status == 404


def test_after_a_broken_body_nothing_more_is_read_from_the_connection(api: Api) -> None:
    answer = api.send(CHUNKED.replace(b"Connection: close\r\n", b"") + b"zz\r\n" + GET + b"\r\n")

    check_refused(answer)


READ = ["Authorization", "Accept", "Origin", "Content-Type", "Content-Encoding", "Idempotency-Key", "If-Match"]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(READ), value=st.binary(max_size=200))
def test_any_bytes_in_a_header_are_answered(api: Api, name: str, value: bytes) -> None:
    head = b"POST /api/v5/auth/login HTTP/1.1\r\n" + CLOSE + name.encode() + b": " + value + b"\r\n"

    answer = api.send(head + b"Content-Length: 2\r\n\r\n{}")

    check_refused(answer, 400, 406, 411, 415, 422)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sent=st.binary(min_size=1, max_size=300))
def test_any_bytes_at_all_are_answered(api: Api, sent: bytes) -> None:
    check_refused(api.send(sent + b"\r\n\r\n"), 400, 404, 405, 431)
