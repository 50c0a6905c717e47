"""A calendar of what ends by itself: on which day to look at a login or an API key.

    ("expiries", kind, day, user_id, id)    ""

`day` (UTC) is the earliest on which the record can end. An entry is not moved when its record lives longer, nor removed
when it ends sooner: whoever looks at it on its day finds that out. So a renewal writes no more than the record itself.
"""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from fdb.tuple import unpack

from shared.clock import CLOCK_SKEW
from shared.database.transaction import Transaction
from shared.settings import settings
from shared.store.record import key, span

# What one transaction looks at: some 50 kB of records, read in a few milliseconds.
BATCH = 100


class Expiries:
    """The calendar of one kind of record; `record` gives the key of one."""

    def __init__(self, kind: str, record: Callable[[UUID, UUID], bytes]) -> None:
        self._kind = kind
        self._record = record

    def add(self, tr: Transaction, user_id: UUID, id_: UUID, ends_at: datetime) -> None:
        """Have a record looked at when the day is over on which it may end."""
        tr.set(key("expiries", self._kind, ends_at.date().isoformat(), user_id, id_), b"")

    def sweep(self, tr: Transaction, now: datetime, ends_at: Callable[[bytes], datetime]) -> int:
        """Remove the records that ended before today, one batch of them; returns how many entries were looked at.

        `ends_at` tells of a record's value when it ends.
        """
        today = (now - CLOCK_SKEW).date().isoformat()
        due = tr.get_range(span("expiries", self._kind)[0], key("expiries", self._kind, today), limit=BATCH).wait()
        looks = [(entry, *_ids(entry)) for entry, _ in due]
        reads = [tr.get(self._record(user_id, id_)) for _, user_id, id_ in looks]
        for (entry, user_id, id_), read in zip(looks, reads, strict=True):
            tr.clear(entry)
            if (value := read.wait()) is None:
                continue
            if (end := ends_at(value)) < now:
                tr.clear(self._record(user_id, id_))
            else:
                self.add(tr, user_id, id_, end)
        return len(looks)


def _ids(entry: bytes) -> tuple[UUID, UUID]:
    *_, user_id, id_ = unpack(entry, len(settings().key_prefix))
    return user_id, id_
