"""JSON and query strings into shapes: whatever comes, a shape or a Problem that names the faults."""

import json
from typing import Annotated, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, Meta, UnsetType

from shared.errors import FieldError, InvalidJson, InvalidRequest, Problem
from shared.http.fields import ONE_LINE, EmailAddress, Password
from shared.http.shapes import FAULTS_LIMIT, Shape, from_json, from_query
from tests.shared.http.json_values import JSON, TEXT


class Place(Shape):
    """Something inside another."""

    street_name: Annotated[str, Meta(min_length=1, max_length=10)]
    number: Annotated[int, Meta(ge=1)] = 1


class Order(Shape):
    """One of everything."""

    email: EmailAddress
    password: Password
    name: Annotated[str, Meta(min_length=1, max_length=20, pattern=ONE_LINE)]
    count: Annotated[int, Meta(ge=1, le=200)] = 1
    ready: bool = False
    tags: list[str] = msgspec.field(default_factory=list)
    place: Place | None = None
    home: Place = msgspec.field(default_factory=lambda: Place(street_name="a"))
    note: str | UnsetType = UNSET


class Query(Shape):
    """Parameters of an address."""

    page_size: Annotated[int, Meta(ge=1, le=200)] = 50
    cursor: str | None = None
    recursive: bool = False


FINE = {"email": "ada@example.com", "password": "password123", "name": "Ada"}
FIELDS = ["email", "password", "name", "count", "ready", "tags", "place", "home", "note", "unknown"]


def faults_of(body: dict[str, Any]) -> list[FieldError]:
    with pytest.raises(InvalidRequest) as caught:
        from_json(Order, json.dumps(body).encode())
    assert caught.value.details is not None
    return caught.value.details


def order(body: bytes) -> Order | Problem:
    try:
        return from_json(Order, body)
    except Problem as problem:
        return problem


def query(parameters: dict[str, str]) -> Query | Problem:
    try:
        return from_query(Query, parameters)
    except Problem as problem:
        return problem


def at_fault(read: Order | Query | Problem) -> set[str]:
    """The fields that a refusal names, each by its beginning; none when there was no refusal."""
    if not isinstance(read, InvalidRequest):
        return set()
    assert read.details
    return {fault.field.split(".")[0] for fault in read.details}


@given(st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_any_values_of_the_fields_are_taken_or_named(values: dict[str, Any]) -> None:
    read = order(json.dumps(FINE | values).encode())

    assert isinstance(read, Order) or at_fault(read)
    assert at_fault(read) <= set(values)


@given(st.integers(min_value=1, max_value=200), st.booleans(), TEXT)
def test_a_query_is_read_as_it_was_written(page_size: int, recursive: bool, cursor: str) -> None:
    parameters = {"pageSize": str(page_size), "recursive": str(recursive).lower(), "cursor": cursor, "other": "1"}

    read = query(parameters)

    assert isinstance(read, Query)
    assert (read.page_size, read.recursive) == (page_size, recursive)
    assert read.cursor in (cursor, None)


def test_a_body_is_read_as_it_was_written() -> None:
    body = FINE | {"count": 200, "ready": True, "tags": ["a"], "home": {"streetName": "b", "number": 2}}

    read = from_json(Order, json.dumps(body).encode())

    assert (read.email, read.count, read.tags, read.home.number) == ("ada@example.com", 200, ["a"], 2)
    assert read.note is UNSET


@pytest.mark.parametrize("written", ["7", "7.0", "7.00e0", "0.7e1", "70E-1"])
def test_a_whole_number_is_whole_however_it_is_written(written: str) -> None:
    body = json.dumps(FINE)[:-1] + f', "count": {written}}}'

    assert from_json(Order, body.encode()).count == 7


def test_a_whole_number_inside_another_object_is_whole_too() -> None:
    body = {**FINE, "home": {"streetName": "a", "number": 7.0}}

    assert from_json(Order, json.dumps(body).encode()).home.number == 7


@pytest.mark.parametrize("written", ["7.5", "0.0", "-0.0", "1e300", '"7"', '"7.0"', "true", "null", "201.0"])
def test_what_is_no_whole_number_in_its_limits_is_a_fault(written: str) -> None:
    body = json.dumps(FINE)[:-1] + f', "count": {written}}}'

    with pytest.raises(InvalidRequest) as caught:
        from_json(Order, body.encode())

    assert [fault.field for fault in caught.value.details or []] == ["count"]


@pytest.mark.parametrize("field", ["email", "name", "ready", "tags", "home"])
def test_a_whole_number_is_nothing_but_a_number(field: str) -> None:
    assert [fault.field for fault in faults_of({**FINE, field: 7.0})] == [field]


def test_every_fault_is_told_and_no_other_field() -> None:
    faults = faults_of({"email": "ada", "name": "Ada", "count": 201, "ready": "yes", "tags": "a", "other": 1})

    assert [fault.field for fault in faults] == ["email", "password", "count", "ready", "tags", "other"]


def test_a_fault_inside_another_object_is_named_with_its_way() -> None:
    faults = faults_of(FINE | {"home": {"streetName": "", "number": 0, "zip": 1}})

    assert [fault.field for fault in faults] == ["home.streetName", "home.number", "home.zip"]


def test_no_more_faults_are_told_than_a_person_can_mend() -> None:
    faults = faults_of({f"{number}": number for number in range(1_000)})

    assert len(faults) == FAULTS_LIMIT


def test_a_long_name_of_an_unknown_field_is_cut() -> None:
    (fault,) = faults_of(FINE | {"a" * 10_000: 1})

    assert fault.field == "a" * 100


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("email", "ada", "It must be an e-mail address, as in name@example.com."),
        ("email", 7, "It must be an e-mail address of at most 254 characters."),
        ("password", "short", "It must have 8 to 256 characters."),
        ("name", "", "It must be of length >= 1."),
        ("name", "a" * 21, "It must be of length <= 20."),
        ("name", 7, "It must be str, got int."),
        ("name", None, "It must be str, got null."),
        ("name", "a\nb", "It must be one line of text with something in it, without control characters."),
        ("count", "1", "It must be int, got str."),
        ("count", 0, "It must be int >= 1."),
        ("count", 201, "It must be int <= 200."),
        ("count", 1.5, "It must be int, got float."),
        ("ready", 1, "It must be bool, got int."),
        ("tags", "a", "It must be array, got str."),
        ("tags", ["a", 7], "It must be str, got int."),
        ("home", [], "It must be an object."),
        ("other", 1, "There is no such field."),
    ],
)
def test_a_fault_is_told_in_a_sentence(field: str, value: Any, message: str) -> None:
    (fault,) = faults_of(FINE | {field: value})

    assert fault == (field, message)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "The body is not JSON: Input data was truncated."),
        (b"\xff", "The body is not JSON: JSON is malformed: invalid character (byte 0)."),
        (b'"\xff"', "The body is not UTF-8."),
        (b"[" * 100_000, "The body is nested too deeply."),
        (b"{} {}", "The body is not JSON: JSON is malformed: trailing characters (byte 4)."),
    ],
)
def test_what_is_no_json_is_told_apart(body: bytes, message: str) -> None:
    with pytest.raises(InvalidJson) as caught:
        from_json(Order, body)

    assert str(caught.value) == message
