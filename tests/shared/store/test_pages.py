"""Cursors, which only come from an earlier answer."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import InvalidCursor
from shared.store.pages import cursor_after, entry_before


@given(st.uuids())
def test_a_cursor_tells_where_to_go_on(entry_id: UUID) -> None:
    assert entry_before(cursor_after(entry_id)) == entry_id


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "=", "ä", "!!!!", cursor_after(UUID(int=1))[:-1], cursor_after(UUID(int=1)) + "A", "A" * 1_000],
)
def test_what_is_no_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidCursor):
        entry_before(cursor)


@given(st.uuids(), st.sampled_from("=\n AB-_"))
def test_a_cursor_with_something_added_is_refused(entry_id: UUID, more: str) -> None:
    with pytest.raises(InvalidCursor):
        entry_before(cursor_after(entry_id) + more)


def test_a_cursor_has_one_spelling() -> None:
    """The last character's unused bits make four spellings of the same bytes."""
    cursor = cursor_after(UUID(int=0))
    assert cursor[-1] == "A"

    for spelling in "BCDEP":
        with pytest.raises(InvalidCursor):
            entry_before(cursor[:-1] + spelling)
