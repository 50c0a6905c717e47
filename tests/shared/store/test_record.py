"""Keys are FoundationDB tuples, as its own binding packs them: each stays in its range, and keeps out of all others."""

from datetime import date
from uuid import UUID

import pytest
from fdb.tuple import pack
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import InvalidCursor
from shared.settings import settings
from shared.store.pages import cursor_at, place_of
from shared.store.record import STAMP_BYTES, key, key_at, key_to_stamp, span

parts = st.lists(st.one_of(st.uuids(), st.text(), st.binary(), st.integers(), st.none()), max_size=6)
stamps = st.binary(min_size=STAMP_BYTES, max_size=STAMP_BYTES)


@given(parts)
def test_a_key_is_packed_as_the_binding_packs_it(given_parts: list[object]) -> None:
    assert key(*given_parts) == pack(tuple(given_parts), settings().key_prefix)


@pytest.mark.parametrize("text", ["", "\0", "a\0b", "\0\xff", "é", "🎨"])
def test_texts_that_a_shortcut_would_get_wrong(text: str) -> None:
    assert key(text, UUID(int=0)) == pack((text, UUID(int=0)), settings().key_prefix)


@given(parts, parts)
def test_a_range_holds_what_goes_on_after_its_parts_and_nothing_else(some: list[object], others: list[object]) -> None:
    begin, end = span(*some)

    assert (begin <= key(*some, *others) < end) == bool(others)
    goes_on = len(others) > len(some) and others[: len(some)] == some
    assert (begin <= key(*others) < end) == goes_on


@given(st.uuids(), st.dates(), st.dates())
def test_days_in_a_key_are_in_order(user_id: UUID, day: date, other: date) -> None:
    assert (key("expiries", day.toordinal(), user_id) < key("expiries", other.toordinal())) == (day < other)


@given(parts, stamps)
def test_a_stamp_stands_where_the_database_is_told_to_put_it(some: list[object], stamp: bytes) -> None:
    asked = key_to_stamp(*some)
    template, place = asked[:-4], int.from_bytes(asked[-4:], "little")

    assert template[:place] + stamp + template[place + STAMP_BYTES :] == key_at(*some, stamp=stamp)
    begin, end = span(*some)
    assert begin <= key_at(*some, stamp=stamp) < end


@given(stamps)
def test_a_cursor_leads_back_to_its_stamp(stamp: bytes) -> None:
    assert place_of(cursor_at(stamp), STAMP_BYTES) == stamp


@given(st.text() | st.text("ABab01-_=", min_size=14, max_size=18))
def test_any_text_is_a_cursor_to_a_stamp_or_a_problem(text: str) -> None:
    try:
        place = place_of(text, STAMP_BYTES)
    except InvalidCursor:
        return
    assert cursor_at(place) == text
