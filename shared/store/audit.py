"""Who did what to which, when, from where: written in the same commit as the change.

    ("audit", tenant_id, versionstamp)    Event, JSON

The versionstamp is the order in which the changes were committed, whatever the servers' clocks say. Nothing secret is
told here, and no e-mail address.
"""

from uuid import UUID

from shared import clock
from shared.clock import Time
from shared.database.transaction import Future, KeyValue, ReadTransaction, Transaction
from shared.store.pages import Page, cursor_at, place_of
from shared.store.record import STAMP_BYTES, Record, decode, encode, key_at, key_to_stamp, span


class Event(Record):
    """One thing that was done. `target` is the id of what it was done to, when that is not the actor's account."""

    at: Time
    actor: UUID
    action: str
    address: str
    target: UUID | None = None


def add(tr: Transaction, tenant_id: UUID, actor: UUID, action: str, address: str, target: UUID | None = None) -> None:
    """Keep that somebody did something, in the transaction that does it."""
    event = Event(clock.text(clock.now()), actor, action, address, target)
    tr.set_versionstamped_key(key_to_stamp("audit", tenant_id), encode(event))


def find_page(tr: ReadTransaction, tenant_id: UUID, cursor: str | None, limit: int) -> Future[list[KeyValue]]:
    """Begin to read the tenant's events, newest first; raises InvalidCursor."""
    begin, end = span("audit", tenant_id)
    if cursor is not None:
        end = key_at("audit", tenant_id, stamp=place_of(cursor, STAMP_BYTES))
    # One more than asked for tells whether there is another page.
    return tr.get_range(begin, end, limit=limit + 1, reverse=True)


def page_of(read: Future[list[KeyValue]], limit: int) -> Page[Event]:
    """Read the events out of a read under way."""
    pairs = read.wait()
    events = [decode(Event, value) for _, value in pairs[:limit]]
    return Page(events, cursor_at(pairs[limit - 1][0][-STAMP_BYTES:]) if len(pairs) > limit else None)
