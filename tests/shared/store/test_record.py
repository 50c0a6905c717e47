"""Keys are FoundationDB tuples, as its own binding packs them."""

from uuid import UUID

import pytest
from fdb.tuple import pack
from hypothesis import given
from hypothesis import strategies as st

from shared.settings import settings
from shared.store.record import key

parts = st.lists(st.one_of(st.uuids(), st.text(), st.binary(), st.integers(), st.none()), max_size=6)


@given(parts)
def test_a_key_is_packed_as_the_binding_packs_it(given_parts: list[object]) -> None:
    assert key(*given_parts) == pack(tuple(given_parts), settings().key_prefix)


@pytest.mark.parametrize("text", ["", "\0", "a\0b", "\0\xff", "é", "🎨"])
def test_texts_that_a_shortcut_would_get_wrong(text: str) -> None:
    assert key(text, UUID(int=0)) == pack((text, UUID(int=0)), settings().key_prefix)
