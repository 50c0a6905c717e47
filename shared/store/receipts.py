"""Receipts: what a write answered, kept beside its effect in the same commit, so that no write happens twice.

    ("receipts", day, caller, key)    Receipt, JSON

A retry after a commit of unknown result finds the receipt of its own first attempt; a client that repeats its
`Idempotency-Key` finds the receipt of its earlier request. A receipt never holds a token, key or password. `day` is an
ISO date in UTC, so that whole days of receipts age out by one range clear each.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import msgspec

from shared import clock
from shared.clock import CLOCK_SKEW
from shared.database.transaction import Future, ReadTransaction, Transaction
from shared.errors import Conflict
from shared.store.record import Record, decode, encode, span
from shared.store.record import key as pack

RECEIPT_TTL = timedelta(hours=24)


class IdempotencyKeyReused(Conflict):
    """This Idempotency-Key came with another request before; use a new key for a new request."""


class Receipt(Record):
    """What a write answered.

    `by` tells the request that was answered from every other, `content` is a keyed hash of what it asked (in hex), and
    `answer` is what its work returned, as JSON.
    """

    by: str
    content: str
    answer: msgspec.Raw


class Slip(NamedTuple):
    """A request's claim to a receipt: whose, under which key, by which request, the keyed hash of what it asks.

    `callers` and `contents` have more than one entry while a secret is being replaced: what each secret makes of the
    request, today's first.
    """

    callers: tuple[UUID | str, ...]
    key: str
    by: str
    contents: tuple[str, ...]


def find(tr: ReadTransaction, slip: Slip) -> "Search":
    """Begin to look for a receipt."""
    days = _days(clock.now())
    return Search(slip, [tr.get(_record(day, caller, slip.key)) for day in days for caller in slip.callers])


class Search:
    """A look for a receipt, under way."""

    def __init__(self, slip: Slip, reads: list[Future[bytes | None]]) -> None:
        self._slip = slip
        self._reads = reads

    def wait(self) -> Receipt | None:
        """Return the receipt, if there is one; raises IdempotencyKeyReused when it is another request's."""
        for read in self._reads:
            if (value := read.wait()) is not None:
                receipt = decode(Receipt, value)
                if receipt.content not in self._slip.contents:
                    raise IdempotencyKeyReused
                return receipt
        return None


def add(tr: Transaction, slip: Slip, answer: bytes) -> None:
    """Keep a receipt; `answer` is JSON."""
    receipt = Receipt(by=slip.by, content=slip.contents[0], answer=msgspec.Raw(answer))
    tr.set(_record(_day(clock.now()), slip.callers[0], slip.key), encode(receipt))


def sweep(tr: Transaction, now: datetime) -> None:
    """Remove the days of receipts that nobody looks up any more."""
    tr.clear_range(span("receipts")[0], pack("receipts", _day(now - RECEIPT_TTL - CLOCK_SKEW)))


def _day(instant: datetime) -> str:
    return instant.date().isoformat()


def _record(day: str, caller: UUID | str, key: str) -> bytes:
    return pack("receipts", day, caller, key)


def _days(now: datetime) -> Iterator[str]:
    """The days under which a live receipt can lie: today, yesterday, and close to midnight tomorrow."""
    yield from sorted({_day(now + shift) for shift in (-RECEIPT_TTL, timedelta(0), CLOCK_SKEW)})
