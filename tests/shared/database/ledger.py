"""A ledger whose entries span several keys and pages, so that half a commit would show."""

import hashlib

from shared.database.engine import Engine
from shared.database.transaction import Transaction
from tests.shared.database.places import contents

ENTRIES_KEPT = 20
# Large enough that the log is copied into the file every few dozen commits.
PAGE_BYTES = 40_000


def one_more(tr: Transaction) -> int:
    """Write the next entry's two sides, remove what is old, and return the entry's number."""
    number = int(tr.get(b"count").wait() or b"0") + 1
    tr.set(b"count", b"%d" % number)
    tr.set(b"left/%08d" % number, side(number))
    tr.set(b"right/%08d" % number, side(number))
    tr.clear_range(b"left/", b"left/%08d" % (number - ENTRIES_KEPT + 1))
    tr.clear_range(b"right/", b"right/%08d" % (number - ENTRIES_KEPT + 1))
    return number


def side(number: int) -> bytes:
    return hashlib.sha256(b"%d" % number).digest() * (PAGE_BYTES // 32)


def audited(database: Engine) -> int:
    """How many entries were ever written, once it is sure that each is there as a whole."""
    pairs = contents(database)
    count = int(pairs.pop(b"count", b"0"))
    kept = range(max(1, count - ENTRIES_KEPT + 1), count + 1)
    assert pairs == {b"%s/%08d" % (name, number): side(number) for name in (b"left", b"right") for number in kept}
    return count
