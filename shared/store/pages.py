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


def cursor_after(entry_id: UUID) -> str:
    """Write the cursor that continues a list after an entry."""
    return base64.urlsafe_b64encode(entry_id.bytes).rstrip(b"=").decode()


def entry_before(cursor: str) -> UUID:
    """Read which entry a cursor continues after; raises InvalidCursor."""
    try:
        entry_id = UUID(bytes=base64.urlsafe_b64decode(cursor.encode("ascii") + b"=="))
    except (ValueError, binascii.Error):
        raise InvalidCursor from None
    if cursor_after(entry_id) != cursor:
        raise InvalidCursor
    return entry_id
