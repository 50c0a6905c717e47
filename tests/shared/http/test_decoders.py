"""Whatever arrives, the decoders give a value or a problem of the documented kinds, and nothing else."""

import contextlib
from typing import Annotated
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import FieldError, InvalidCursor, InvalidJson, InvalidRequest, PreconditionFailed, Unauthenticated
from shared.http.answers import Precondition, encode, etag
from shared.http.fields import EmailAddress, Password
from shared.http.routes import Routes
from shared.http.shapes import Shape, from_json, from_query
from shared.security import api_keys, refresh, tokens
from shared.security.signing import SigningKeys
from shared.settings import Secret
from shared.store.pages import cursor_after, entry_before

KEYS = SigningKeys.of(Secret(b"a secret that only this test knows, long enough"), None)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


class Inner(Shape):
    number: int


class Example(Shape):
    email: EmailAddress
    password: Password
    a_list: list[Annotated[int, msgspec.Meta(ge=0)]]
    inner: Inner
    note: str | None = None


def likely() -> st.SearchStrategy[object]:
    """Objects that are nearly right: some fields good, some anything."""
    fields = {
        "email": st.just("a@example.com") | JSON,
        "password": st.just("password123") | JSON,
        "aList": st.lists(st.integers()) | JSON,
        "inner": st.fixed_dictionaries({"number": JSON}) | JSON,
    }
    return st.fixed_dictionaries(fields, optional={"note": JSON, "more": JSON})


@given(st.binary())
def test_any_bytes_are_json_of_the_shape_or_a_problem(body: bytes) -> None:
    with pytest.raises((InvalidJson, InvalidRequest)):
        from_json(Example, body)


@given(JSON | likely())
def test_any_json_is_of_the_shape_or_a_problem_that_names_its_faults(value: object) -> None:
    faults = faults_of(Example, value)

    assert faults is None or (faults and all(fault.message.endswith(".") for fault in faults))
    if faults is None:
        assert isinstance(value, dict)
        assert "more" not in value


def faults_of(type_: type[Shape], value: object) -> list[FieldError] | None:
    """The faults that are named, None when there are none."""
    try:
        from_json(type_, msgspec.json.encode(value))
    except InvalidRequest as problem:
        return problem.details
    return None


@given(st.dictionaries(st.text() | st.just("number"), st.text() | st.integers().map(str)))
def test_any_query_is_of_the_shape_or_a_problem(query: dict[str, str]) -> None:
    try:
        number: int | None = from_query(Inner, query).number
    except InvalidRequest:
        number = None

    assert number is None or number == int(query["number"])


def test_faults_deep_inside_are_named_by_their_path() -> None:
    body = b'{"email":"a@b.co","password":"password123","aList":[],"inner":{"number":"x","extra":1}}'

    with pytest.raises(InvalidRequest) as raised:
        from_json(Example, body)

    assert [fault.field for fault in raised.value.details or []] == ["inner.number", "inner.extra"]


@given(st.text())
def test_any_text_is_a_cursor_or_a_problem(text: str) -> None:
    with contextlib.suppress(InvalidCursor):
        assert cursor_after(entry_before(text)) == text


@given(st.uuids())
def test_a_cursor_leads_back_to_its_entry(entry_id: UUID) -> None:
    assert entry_before(cursor_after(entry_id)) == entry_id


@given(st.text() | st.from_regex(r"[A-Za-z0-9_-]{4,40}\.[A-Za-z0-9_-]{0,40}\.[A-Za-z0-9_-]{0,40}", fullmatch=True))
def test_no_text_is_a_token_that_was_not_signed(text: str) -> None:
    with pytest.raises(Unauthenticated):
        tokens.verify(KEYS, text)


@given(st.text() | st.text("ABCabc019-_=", max_size=120).map(lambda text: "cr_" + text))
def test_no_text_is_a_refresh_token_that_was_not_signed(text: str) -> None:
    with pytest.raises(Unauthenticated):
        refresh.verify(KEYS, text)


@given(st.text() | st.text("ABCabc019-_=", min_size=90, max_size=100).map(lambda text: "cdk_" + text))
def test_no_text_is_an_api_key_without_its_checksum(text: str) -> None:
    with pytest.raises(Unauthenticated):
        api_keys.presented(text)


@given(st.uuids(), st.uuids(), st.uuids(), st.integers(4, 99), st.sampled_from("ABCxyz019-_"))
def test_one_wrong_sign_in_an_api_key_is_noticed(
    key_id: UUID, user_id: UUID, tenant_id: UUID, place: int, sign: str
) -> None:
    text = api_keys.make(KEYS.current, key_id, user_id, tenant_id)
    assert api_keys.presented(text).user_id == user_id
    typo = text[:place] + sign + text[place + 1 :]

    if typo != text:
        with pytest.raises(Unauthenticated):
            api_keys.presented(typo)


@given(st.text())
def test_any_text_is_an_address_or_a_value_error(text: str) -> None:
    with contextlib.suppress(ValueError):
        address = EmailAddress.parse(text)
        assert EmailAddress.parse(address) == address


@given(st.emails())
def test_an_address_is_normalised_once_and_for_all(text: str) -> None:
    try:
        address = EmailAddress.parse(text)
    except ValueError:
        return
    assert EmailAddress.parse(f" {address.upper()} ") == EmailAddress.parse(address) == address


@given(st.text(max_size=300))
def test_any_path_is_found_or_not(path: str) -> None:
    assert Routes().find(path) is None
    assert Routes().find("/api/v5" + path) is None


@given(st.text())
def test_any_if_match_fits_or_not(header: str) -> None:
    state = Inner(number=1)
    tag = etag(encode(state))

    try:
        Precondition(header).check(state)
    except PreconditionFailed:
        assert header != tag
    else:
        assert header.strip() == "*" or tag.strip('"') in header


def test_secrets_do_not_show_in_a_repr() -> None:
    example = from_json(Example, b'{"email":"a@b.co","password":"password123","aList":[],"inner":{"number":1}}')

    assert "password123" not in repr(example)
    assert example.password == "password123"
