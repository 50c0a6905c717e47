"""Times as the API and the records write them, and ids that follow them."""

import os
import time
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

from msgspec import Meta

# Servers' clocks may differ by this much.
CLOCK_SKEW = timedelta(minutes=5)

Time = Annotated[
    str,
    Meta(
        extra_json_schema={"format": "date-time"}, description="RFC 3339, in UTC", examples=["2026-11-23T17:55:00.123Z"]
    ),
]
"""An instant as text: RFC 3339 in UTC, to the millisecond, so that texts order as their instants do."""


def now() -> datetime:
    """Return the present instant, in UTC, cut to the millisecond that is kept of it."""
    instant = datetime.now(UTC)
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


def text(instant: datetime) -> Time:
    """Write an instant in UTC as `2026-11-23T17:55:00.123Z`."""
    return instant.isoformat(timespec="milliseconds")[:-6] + "Z"


def instant(text: Time) -> datetime:
    """Read what `text` wrote."""
    return datetime.fromisoformat(text)


def uuid7() -> UUID:
    """Make an id that sorts by its time of making: UUID version 7, finer than the millisecond (RFC 9562, 6.2)."""
    milliseconds, rest_ns = divmod(time.time_ns(), 1_000_000)
    fraction = (rest_ns << 12) // 1_000_000
    random = int.from_bytes(os.urandom(8)) & ((1 << 62) - 1)
    return UUID(int=(milliseconds << 80) | (0x7000 | fraction) << 64 | (0b10 << 62) | random)


def made_at(id_: UUID) -> datetime:
    """Tell when an id of `uuid7` was made, to the millisecond."""
    return datetime.fromtimestamp((id_.int >> 80) / 1000, UTC)
