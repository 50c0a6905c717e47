"""Tokens: what is issued is verified, and nothing else is."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import clock
from shared.errors import TokenExpired, Unauthenticated
from shared.security.caller import Caller
from shared.security.signing import SigningKeys
from shared.security.tokens import TOKEN_LIMIT_CHARS, TOKEN_TTL_S, issue, verify
from shared.settings import Secret

OLD, NEW = Secret(b"the old secret of thirty-two bytes"), Secret(b"the new secret of thirty-two bytes")
KEYS = SigningKeys.of(NEW, None)
ADA = Caller(uuid4(), uuid4(), uuid4())
EMAIL = "ada@example.com"


def claims(token: str) -> dict[str, Any]:
    decoded: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return decoded


@given(st.uuids(), st.uuids(), st.uuids(), st.text(st.characters(exclude_categories=["Cs"]), max_size=254))
def test_what_is_issued_is_verified(user_id: UUID, tenant_id: UUID, login_id: UUID, email: str) -> None:
    caller = Caller(user_id, tenant_id, login_id)

    assert verify(KEYS, issue(KEYS, caller, email, clock.now())) == caller


def test_the_same_login_at_the_same_time_has_the_same_token() -> None:
    now = clock.now()

    assert issue(KEYS, ADA, EMAIL, now) == issue(KEYS, ADA, EMAIL, now)


def test_a_token_says_who_is_calling_and_until_when() -> None:
    now = clock.now()

    assert claims(issue(KEYS, ADA, EMAIL, now)) == {
        "sub": str(ADA.user_id),
        "tenant_id": str(ADA.tenant_id),
        "sid": str(ADA.login_id),
        "email": EMAIL,
        "iat": int(now.timestamp()),
        "exp": int(now.timestamp()) + 24 * 60 * 60,
    }


def test_a_token_is_good_for_its_time_and_not_a_second_more() -> None:
    ends_soon = clock.now() - timedelta(seconds=TOKEN_TTL_S - 60)
    has_ended = clock.now() - timedelta(seconds=TOKEN_TTL_S)

    assert verify(KEYS, issue(KEYS, ADA, EMAIL, ends_soon)) == ADA
    with pytest.raises(TokenExpired):
        verify(KEYS, issue(KEYS, ADA, EMAIL, has_ended))


def test_a_token_of_tomorrow_is_refused() -> None:
    with pytest.raises(Unauthenticated) as refused:
        verify(KEYS, issue(KEYS, ADA, EMAIL, clock.now() + timedelta(days=1)))

    assert refused.type is Unauthenticated


def test_an_expired_token_of_another_secret_is_just_not_valid() -> None:
    others = SigningKeys.of(OLD, None)
    forged = jwt.encode(
        claims(issue(others, ADA, EMAIL, clock.now() - timedelta(days=2))),
        OLD.reveal(),
        "HS256",
        {"kid": KEYS.current.id},
    )

    with pytest.raises(Unauthenticated) as refused:
        verify(KEYS, forged)

    assert refused.type is Unauthenticated


def test_a_token_signed_by_the_secret_before_is_still_good() -> None:
    before, after = SigningKeys.of(OLD, None), SigningKeys.of(NEW, OLD)

    assert verify(after, issue(before, ADA, EMAIL, clock.now())) == ADA


def test_the_secret_before_signs_nothing_any_more() -> None:
    token = issue(SigningKeys.of(NEW, OLD), ADA, EMAIL, clock.now())

    assert verify(SigningKeys.of(NEW, None), token) == ADA
    with pytest.raises(Unauthenticated):
        verify(SigningKeys.of(OLD, None), token)


def test_a_token_has_up_to_4096_characters() -> None:
    def of_length(length: int) -> str:
        for size in range(length):
            token = issue(KEYS, ADA, "a" * size, clock.now())
            if len(token) >= length:
                return token
        raise AssertionError

    fits = of_length(TOKEN_LIMIT_CHARS - 1)

    assert verify(KEYS, fits) == ADA
    with pytest.raises(Unauthenticated):
        verify(KEYS, of_length(TOKEN_LIMIT_CHARS + 1))


def test_the_reason_is_for_the_log_and_not_for_the_client() -> None:
    with pytest.raises(Unauthenticated) as refused:
        verify(KEYS, "a.b.c")

    assert str(refused.value) == "This token is not valid; sign in again."
    assert refused.value.__cause__ is not None


def test_a_token_that_was_good_a_moment_ago_expires_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    now = clock.now()
    token = issue(KEYS, ADA, EMAIL, now)
    verify(KEYS, token)
    expires = now.replace(microsecond=0) + timedelta(seconds=TOKEN_TTL_S)

    monkeypatch.setattr(clock, "now", lambda: expires - timedelta(milliseconds=1))
    assert verify(KEYS, token) == ADA

    monkeypatch.setattr(clock, "now", lambda: expires)
    with pytest.raises(TokenExpired):
        verify(KEYS, token)
