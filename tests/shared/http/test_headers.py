"""The decoders of headers: whatever bytes come, an answer or a Problem."""

from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from shared.clock import now
from shared.errors import NotAcceptable, PreconditionFailed, Unauthenticated
from shared.http import bearer
from shared.http.answers import Precondition, encode, etag
from shared.http.exchange import REQUEST_ID_LIMIT_CHARS, _check_accept, _request_id
from shared.security.caller import Caller
from shared.security.signing import SigningKeys
from shared.security.tokens import issue
from shared.settings import Secret

HEADER = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"))
"""A header's value as WSGI gives it: every byte is a character."""

SANE = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
KEYS = SigningKeys.of(Secret(b"a secret of more than thirty-two bytes"), None)
ADA = Caller(uuid4(), uuid4(), uuid4())
TOKEN = issue(KEYS, ADA, "ada@example.com", now())


def request(authorization: str | None) -> Request:
    environ = EnvironBuilder().get_environ()
    if authorization is not None:
        environ["HTTP_AUTHORIZATION"] = authorization
    return Request(environ)


def test_without_a_header_nobody_is_calling() -> None:
    assert bearer.caller(request(None), KEYS, behind_gateway=False) is None


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER   "])
def test_a_token_says_who_is_calling(scheme: str) -> None:
    assert bearer.caller(request(scheme + TOKEN), KEYS, behind_gateway=False) == ADA


@given(HEADER | HEADER.map("Bearer {}".format))
def test_any_other_authorization_is_refused(authorization: str) -> None:
    with pytest.raises(Unauthenticated):
        bearer.caller(request(authorization), KEYS, behind_gateway=False)


@given(st.integers(0, len(TOKEN) - 1), st.characters(max_codepoint=255))
def test_a_token_with_one_character_changed_is_refused(place: int, char: str) -> None:
    changed = TOKEN[:place] + char + TOKEN[place + 1 :]

    if changed != TOKEN:
        with pytest.raises(Unauthenticated):
            bearer.caller(request(f"Bearer {changed}"), KEYS, behind_gateway=False)


@given(HEADER | st.none())
def test_a_request_is_named_by_a_sane_token_whatever_came(given_name: str | None) -> None:
    name = _request_id(given_name)

    assert 0 < len(name) <= REQUEST_ID_LIMIT_CHARS
    assert SANE.issuperset(name)


@given(st.text(sorted(SANE), min_size=1, max_size=REQUEST_ID_LIMIT_CHARS))
def test_a_sane_name_is_kept(name: str) -> None:
    assert _request_id(name) == name


@given(HEADER)
def test_any_accept_header_takes_json_or_is_refused(accept: str) -> None:
    try:
        _check_accept(accept)
    except NotAcceptable:
        assert accept not in ("*/*", "application/json")
    else:
        assert any(taken in accept.lower() for taken in ("*/*", "application/"))


@given(st.lists(HEADER.filter(lambda text: "," not in text)))
def test_json_may_stand_anywhere_among_what_is_accepted(others: list[str]) -> None:
    _check_accept(",".join([*others, "application/json"]))
    _check_accept(",".join(["application/json", *others]))


RESOURCE = {"id": "1"}
TAG = etag(encode(RESOURCE))
TAGS = st.text(st.characters(min_codepoint=35, max_codepoint=126), max_size=10).map('"{}"'.format)


@given(HEADER)
def test_any_precondition_holds_or_fails(if_match: str) -> None:
    try:
        Precondition(if_match).check(RESOURCE)
    except PreconditionFailed:
        assert if_match.strip() != "*"
    else:
        assert "*" in if_match


@given(st.lists(TAGS), st.lists(TAGS))
def test_a_precondition_holds_when_its_tag_is_among_many(before: list[str], after: list[str]) -> None:
    Precondition(", ".join([*before, TAG, *after])).check(RESOURCE)


def test_without_a_precondition_every_state_will_do() -> None:
    Precondition(None).check(RESOURCE)


def test_a_weak_tag_is_no_precondition() -> None:
    with pytest.raises(PreconditionFailed):
        Precondition(f"W/{TAG}").check(RESOURCE)


@given(st.uuids(), st.uuids())
def test_two_states_have_two_tags(one: UUID, other: UUID) -> None:
    assert (etag(one.bytes) == etag(other.bytes)) == (one == other)
