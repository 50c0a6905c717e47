"""Idempotency-Key headers of any bytes, over HTTP."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.http.exchange import IDEMPOTENCY_KEY_LIMIT_CHARS
from tests.client import Api

VALUES = st.binary(max_size=400).filter(lambda value: not set(value) & {*range(9), *range(10, 32), 127})


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(VALUES)
def test_a_key_is_taken_or_refused(api: Api, value: bytes) -> None:
    trimmed = value.strip(b" \t")
    is_key = 0 < len(trimmed) <= IDEMPOTENCY_KEY_LIMIT_CHARS and all(32 < byte < 127 for byte in trimmed)

    answer = api.send(
        b"POST /api/v5/auth/logout HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n"
        b"Idempotency-Key: " + value + b"\r\n\r\n"
    )

    assert answer.status == (200 if is_key else 400)
    assert is_key or answer.code == "bad_request"
