"""The embedded engine: an ordered table of bytes in one SQLite file, for a laptop and for tests.

Several processes may share the file. A read runs on a snapshot and waits for nobody (WAL); a write transaction holds
the write lock from its beginning, so writers come one after the other: serialisable, without conflicts. A commit is on
the disk before it returns (synchronous=FULL). It answers as FoundationDB does, error codes included; where they differ,
this engine is wrong. It is no way to scale, and production refuses it.
"""

import struct
import threading
import time
from pathlib import Path
from typing import Generic, TypeVar

from shared.database import errors
from shared.database.atomic import OPERATIONS
from shared.database.engine import Engine
from shared.database.errors import DatabaseError
from shared.database.limits import (
    KEY_LIMIT_BYTES,
    TRANSACTION_LIFETIME_S,
    TRANSACTION_LIMIT_BYTES,
    VALUE_LIMIT_BYTES,
)
from shared.database.polling_watch import PollingWatch
from shared.database.sqlite import Connection, prepare
from shared.database.transaction import Future, KeySelector, KeyValue, Reads
from shared.turns import waiting

T = TypeVar("T")

END = b"\xff"  # keys from here on are the system's
STAMP_BYTES = 10
# SQLite takes no more than 32,766 values in a statement.
BATCH_LIMIT = 1_000

_VALUES = "SELECT key, value FROM pairs WHERE key IN"
_RANGE = "SELECT key, value FROM pairs WHERE key >= ? AND key < ? ORDER BY key LIMIT ?"
_RANGE_REVERSED = "SELECT key, value FROM pairs WHERE key >= ? AND key < ? ORDER BY key DESC LIMIT ?"
_FROM = "SELECT key FROM pairs WHERE key >= ? ORDER BY key LIMIT 1 OFFSET ?"
_BEFORE = "SELECT key FROM pairs WHERE key < ? ORDER BY key DESC LIMIT 1 OFFSET ?"


class EmbeddedDatabase(Engine):
    """A database in the file `path`, made when it is not there; raises UnusableDatabase."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connections = threading.local()
        # Threads of this process queue here; SQLite's own waiting, between processes, polls.
        self._writers = threading.Lock()
        prepare(path)

    def view(self, deadline: float, tag: str = "") -> "View":
        """Begin a read transaction."""
        return View(self._connection(), deadline)

    def begin(self, deadline: float, tag: str = "") -> "WriteTransaction":
        """Begin a write transaction, once no other has the write lock."""
        return WriteTransaction(self, self._connection(), self._writers, deadline)

    def close(self) -> None:
        """Close this thread's connection; it opens again by itself."""
        if hasattr(self._connections, "connection"):
            self._connections.connection.close()
            del self._connections.connection

    def _connection(self) -> Connection:
        """Return this thread's connection."""
        try:
            connection: Connection = self._connections.connection
        except AttributeError:
            connection = self._connections.connection = Connection(self._path)
        return connection


class Known(Generic[T]):
    """A future whose answer is here already."""

    __slots__ = ("_value",)

    def __init__(self, value: T) -> None:
        self._value = value

    def wait(self) -> T:
        """Return the answer."""
        return self._value


class Asked:
    """A value that a view was asked for, and reads once it is waited for."""

    __slots__ = ("_key", "_view")

    def __init__(self, view: "View", key: bytes) -> None:
        self._view = view
        self._key = key

    def wait(self) -> bytes | None:
        """Return the value."""
        return self._view.value_of(self._key)


class View:
    """A read transaction: what was committed when it first read.

    All values that were asked for before the first of them is waited for are read by one statement, which is a snapshot
    by itself; only where more is read does SQLite hold one.
    """

    def __init__(self, connection: Connection, deadline: float) -> None:
        self._connection = connection
        self._run = connection.run
        self._deadline = deadline
        self._begin()

    def _begin(self) -> None:
        self._connection.wait_until(self._deadline)
        self._asked: set[bytes] = set()
        self._values: dict[bytes, bytes | None] = {}
        self._ended = False
        self._expires = time.monotonic() + TRANSACTION_LIFETIME_S

    def on_error(self, error: DatabaseError) -> None:
        """Begin anew; raises an error that this would not cure."""
        if not error.retryable:
            raise error
        self.cancel()
        self._begin()
        self._hold()

    def cancel(self) -> None:
        """Let go of what was committed when it began."""
        self._ended = True
        if self._connection.in_transaction:
            self._run("ROLLBACK")

    def _hold(self) -> None:
        """Have SQLite hold the snapshot from here on; what was read before must be in it as it was."""
        if not self._connection.in_transaction:
            self._run("BEGIN")
            if self._values and self._found(list(self._values)) != self._values:
                raise DatabaseError(errors.TRANSACTION_TOO_OLD)

    @property
    def snapshot(self) -> Reads:
        """Nothing conflicts here, so every read is a snapshot read."""
        return self

    def get(self, key: bytes) -> Future[bytes | None]:
        """Read one value."""
        self._check_read(key, key + b"\0")
        if key not in self._values:
            self._asked.add(key)
        if len(self._asked) == BATCH_LIMIT:
            self._read_asked()
        return Asked(self, key)

    def value_of(self, key: bytes) -> bytes | None:
        """Return a value that was asked for, with all others that were."""
        if key not in self._values:
            self._read_asked()
        return self._values[key]

    def _read_asked(self) -> None:
        self._check_age()
        if self._values:
            self._hold()
        keys = list(self._asked)
        self._asked.clear()
        self._values |= self._found(keys)

    def _found(self, keys: list[bytes]) -> dict[bytes, bytes | None]:
        values: dict[bytes, bytes | None] = dict.fromkeys(keys)
        values |= self._run(f"{_VALUES} ({', '.join('?' * len(keys))})", *keys)
        return values

    def get_range(self, begin: bytes, end: bytes, *, limit: int = 0, reverse: bool = False) -> Known[list[KeyValue]]:
        """Read a range."""
        self._check_read(begin, end)
        self._hold()
        rows = self._run(_RANGE_REVERSED if reverse else _RANGE, begin, end, limit or -1)
        if limit and len(rows) == limit:
            # What lies past the last row was not looked at.
            last = rows[-1][0]
            begin, end = (last, end) if reverse else (begin, last + b"\0")
        self._check_readable(begin, end)
        return Known(rows)

    def get_key(self, selector: KeySelector) -> Known[bytes]:
        """Find a key."""
        key, or_equal, offset = selector
        self._check_read(key, key)
        self._hold()
        start = key + b"\0" if or_equal else key
        if offset > 0:
            rows = self._run(_FROM, start, offset - 1)
            found = rows[0][0] if rows else END
            self._check_readable(start, found + b"\0")
        else:
            rows = self._run(_BEFORE, start, -offset)
            found = rows[0][0] if rows else b""
            self._check_readable(found, start)
        return Known(found)

    def _check_read(self, begin: bytes, end: bytes) -> None:
        """Refuse to read what lies outside the user's keys, or when the view is too old."""
        if begin > END or end > END:
            raise DatabaseError(errors.KEY_OUTSIDE_LEGAL_RANGE)
        self._check_age()

    def _check_readable(self, begin: bytes, end: bytes) -> None:
        """Refuse to tell what only the commit decides: in a view, nothing."""

    def _check_age(self) -> None:
        if self._ended:
            raise DatabaseError(errors.CANCELLED)
        if time.monotonic() > self._expires:
            raise DatabaseError(errors.TRANSACTION_TOO_OLD)


class WriteTransaction(View):
    """A write transaction: holding the write lock, it writes straight into the file, undone unless committed."""

    def __init__(
        self, database: EmbeddedDatabase, connection: Connection, writers: threading.Lock, deadline: float
    ) -> None:
        self._database = database
        self._writers = writers
        super().__init__(connection, deadline)

    def _begin(self) -> None:
        with waiting():
            if not self._writers.acquire(timeout=max(0.0, self._deadline - time.monotonic())):
                raise DatabaseError(errors.TIMED_OUT)
            self._writing = True
            try:
                self._connection.wait_until(self._deadline)
                self._run("BEGIN IMMEDIATE")
            except BaseException:
                self._release()
                raise
        self._expires = time.monotonic() + TRANSACTION_LIFETIME_S
        self._ended = False
        self._refusal: DatabaseError | None = None
        self._failed_read: DatabaseError | None = None
        self._size_bytes = 0
        self._size_limit_bytes = TRANSACTION_LIMIT_BYTES
        self._unreadable: list[tuple[bytes, bytes]] = []
        self._stamp: bytes | None = None
        self._watches: list[PollingWatch] = []

    def _release(self) -> None:
        """Let the next writer of this process begin; once."""
        if self._writing:
            self._writing = False
            self._writers.release()

    def get(self, key: bytes) -> Known[bytes | None]:
        """Read one value, at once: what is written later is not in it."""
        self._check_read(key, key + b"\0")
        self._check_readable(key, key + b"\0")
        return Known(self._value(key))

    def _value(self, key: bytes) -> bytes | None:
        rows = self._run("SELECT value FROM pairs WHERE key = ?", key)
        return rows[0][0] if rows else None

    def set(self, key: bytes, value: bytes) -> None:
        """Write a pair."""
        if self._admits(key, value):
            self._put(key, value)

    def clear(self, key: bytes) -> None:
        """Remove a key."""
        self.clear_range(key, key + b"\0")

    def clear_range(self, begin: bytes, end: bytes) -> None:
        """Remove a range."""
        # The mutation, and its conflict range.
        if self._admits_range(begin, end, 2 * (len(begin) + len(end))):
            self._readable_again(begin, end)
            self._run("DELETE FROM pairs WHERE key >= ? AND key < ?", begin, end)

    def atomic(self, operation: str, key: bytes, operand: bytes) -> None:
        """Change a value by an atomic operation."""
        change = OPERATIONS[operation]
        if self._admits(key, operand):
            value = change(self._value(key), operand)
            if value is None:
                self._run("DELETE FROM pairs WHERE key = ?", key)
            else:
                self._put(key, value)

    def set_versionstamped_key(self, key: bytes, value: bytes) -> None:
        """Write a pair under a key with the commit's versionstamp."""
        if (parts := self._stampable(key)) and self._admits(key, value):
            before, after = parts
            self._unreadable.append(
                (before + b"\0" * STAMP_BYTES + after, before + b"\xff" * STAMP_BYTES + after + b"\0")
            )
            self._put(before + self._versionstamp() + after, value)

    def set_versionstamped_value(self, key: bytes, value: bytes) -> None:
        """Write a value with the commit's versionstamp."""
        if (parts := self._stampable(value)) and self._admits(key, value):
            before, after = parts
            self._unreadable.append((key, key + b"\0"))
            self._put(key, before + self._versionstamp() + after)

    def add_read_conflict_range(self, begin: bytes, end: bytes) -> None:
        """Check and count it: with one writer at a time there is nothing to conflict with."""
        self._admits_range(begin, end, len(begin) + len(end))

    def add_write_conflict_range(self, begin: bytes, end: bytes) -> None:
        """Check and count it, likewise."""
        self._admits_range(begin, end, len(begin) + len(end))

    def watch(self, key: bytes) -> PollingWatch:
        """Watch a key from the commit on."""
        watch = PollingWatch(self._database, key)
        self._watches.append(watch)
        return watch

    def set_size_limit(self, size_bytes: int) -> None:
        """Refuse to commit more than this."""
        self._size_limit_bytes = size_bytes

    def commit(self) -> None:
        """Make all writes happen; raises what refused one of them."""
        self._check_age()
        if self._refusal is None and self._size_bytes > self._size_limit_bytes:
            self._refuse(errors.TRANSACTION_TOO_LARGE)
        if refusal := self._refusal or self._failed_read:
            raise refusal
        values = [self._value(watch.key) for watch in self._watches]
        self._refuse(errors.USED_DURING_COMMIT)
        with waiting():
            self._run("COMMIT")
            self._release()
        for watch, value in zip(self._watches, values, strict=True):
            watch.begin(value)

    def cancel(self) -> None:
        """Undo what was not committed; reads fail from here on."""
        self._refuse(errors.CANCELLED)
        if self._writing:
            try:
                super().cancel()
            finally:
                self._release()

    def _check_read(self, begin: bytes, end: bytes) -> None:
        if self._refusal is not None:
            raise self._refusal
        super()._check_read(begin, end)

    def _check_readable(self, begin: bytes, end: bytes) -> None:
        if any(max(begin, first) < min(end, last) for first, last in self._unreadable):
            # A commit waits for all reads before it, and fails with one that failed.
            self._failed_read = DatabaseError(errors.UNREADABLE)
            raise self._failed_read

    def _refuse(self, code: int) -> None:
        """Remember the first reason why this cannot be committed."""
        self._refusal = self._refusal or DatabaseError(code)

    def _admits(self, key: bytes, value: bytes) -> bool:
        if key >= END:
            self._refuse(errors.KEY_OUTSIDE_LEGAL_RANGE)
        elif len(key) > KEY_LIMIT_BYTES:
            self._refuse(errors.KEY_TOO_LARGE)
        elif len(value) > VALUE_LIMIT_BYTES:
            self._refuse(errors.VALUE_TOO_LARGE)
        # The pair, and its conflict range from the key to the key's successor.
        return self._counts(3 * len(key) + 1 + len(value))

    def _admits_range(self, begin: bytes, end: bytes, size_bytes: int) -> bool:
        if begin > end:
            self._refuse(errors.INVERTED_RANGE)
        elif end > END:
            self._refuse(errors.KEY_OUTSIDE_LEGAL_RANGE)
        return self._counts(size_bytes)

    def _counts(self, size_bytes: int) -> bool:
        self._size_bytes += size_bytes
        # Far past every limit nothing more is kept: a client's error must not fill the disk.
        return self._refusal is None and self._size_bytes <= 2 * TRANSACTION_LIMIT_BYTES

    def _stampable(self, text: bytes) -> tuple[bytes, bytes] | None:
        """Split at the place of the versionstamp, dropping the 4 bytes that name it; refuses one out of range."""
        body, tail = text[:-4], text[-4:]
        offset = struct.unpack("<i", tail)[0] if len(tail) == 4 else -1
        if not 0 <= offset <= len(body) - STAMP_BYTES:
            self._refuse(errors.CLIENT_INVALID_OPERATION)
            return None
        return body[:offset], body[offset + STAMP_BYTES :]

    def _versionstamp(self) -> bytes:
        """The commit's version, taken under the write lock: 8 bytes of version, 2 of order within it."""
        if self._stamp is None:
            [(version,)] = self._run("UPDATE versions SET version = version + 1 RETURNING version")
            self._stamp = struct.pack(">QH", version, 0)
        return self._stamp

    def _put(self, key: bytes, value: bytes) -> None:
        self._run("INSERT OR REPLACE INTO pairs VALUES (?, ?)", key, value)

    def _readable_again(self, begin: bytes, end: bytes) -> None:
        """Leave of the unreadable spans what lies on either side of a range."""
        sides = [
            side for first, last in self._unreadable for side in ((first, min(last, begin)), (max(first, end), last))
        ]
        self._unreadable = [(first, last) for first, last in sides if first < last]
