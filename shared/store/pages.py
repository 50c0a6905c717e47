"""Lists are read a page at a time; a cursor names the last entry that was answered, opaque to the client."""

import base64
import binascii
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from shared.errors import InvalidCursor

T = TypeVar("T")

PAGE_LIMIT = 200
PAGE_DEFAULT = 50


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some entries of a list, and the cursor that continues it; None at its end."""

    items: list[T]
    next_cursor: str | None


def cursor_at(place: bytes) -> str:
    """Write the cursor that continues a list after a place in it."""
    return base64.urlsafe_b64encode(place).rstrip(b"=").decode()


def place_of(cursor: str, size_bytes: int) -> bytes:
    """Read which place a cursor continues after; raises InvalidCursor."""
    try:
        place = base64.urlsafe_b64decode(cursor.encode("ascii") + b"==")
    except (ValueError, binascii.Error):
        raise InvalidCursor from None
    if len(place) != size_bytes or cursor_at(place) != cursor:
        raise InvalidCursor
    return place


def cursor_after(entry_id: UUID) -> str:
    """Write the cursor that continues a list after an entry."""
    return cursor_at(entry_id.bytes)


def entry_before(cursor: str) -> UUID:
    """Read which entry a cursor continues after; raises InvalidCursor."""
    return UUID(bytes=place_of(cursor, 16))
