"""The embedded engine: an ordered table of bytes in one SQLite file, for a laptop and for tests.

Several processes may share the file. A read runs on a snapshot and waits for nobody (WAL); a write transaction holds
the write lock from its beginning, so writers come one after the other: serialisable, without conflicts. A commit is on
the disk before it returns (synchronous=FULL). It answers as FoundationDB does, error codes included; where they differ,
this engine is wrong. It is no way to scale, and production refuses it.
"""

import fcntl
import sqlite3
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Generic, TypeVar

from shared.database import errors
from shared.database.atomic import OPERATIONS
from shared.database.errors import DatabaseError
from shared.database.limits import (
    KEY_LIMIT_BYTES,
    REQUEST_DEADLINE_S,
    TRANSACTION_LIFETIME_S,
    TRANSACTION_LIMIT_BYTES,
    VALUE_LIMIT_BYTES,
)
from shared.database.transaction import KeySelector, KeyValue, Reads, ReadTransaction, Transaction

T = TypeVar("T")

APPLICATION_ID = 0x0C0D17EC  # in the file's header, so that `file` and we know whose it is
FORMAT = 1
END = b"\xff"  # keys from here on are the system's
STAMP_BYTES = 10

_SCHEMA = (
    "CREATE TABLE pairs (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
    "CREATE TABLE versions (version INTEGER NOT NULL)",
    "INSERT INTO versions VALUES (0)",
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {FORMAT}",
)


_RANGE = "SELECT key, value FROM pairs WHERE key >= ? AND key < ? ORDER BY key LIMIT ?"
_RANGE_REVERSED = "SELECT key, value FROM pairs WHERE key >= ? AND key < ? ORDER BY key DESC LIMIT ?"
_FROM = "SELECT key FROM pairs WHERE key >= ? ORDER BY key LIMIT 1 OFFSET ?"
_AFTER = "SELECT key FROM pairs WHERE key > ? ORDER BY key LIMIT 1 OFFSET ?"
_BEFORE = "SELECT key FROM pairs WHERE key < ? ORDER BY key DESC LIMIT 1 OFFSET ?"
_UP_TO = "SELECT key FROM pairs WHERE key <= ? ORDER BY key DESC LIMIT 1 OFFSET ?"


class UnusableFile(DatabaseError):
    """The database's file cannot be used; the message says why and what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(errors.IO_ERROR, message)


class EmbeddedDatabase:
    """A database in the file `path`, made when it is not there; raises UnusableFile."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connections = threading.local()
        # Threads of this process queue here; SQLite's own waiting, between processes, polls.
        self._writers = threading.Lock()
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _locked(path.with_suffix(".lock")):
                _prepare(self._connection(), path)
        except sqlite3.Error as error:
            raise _explained(error, path) from error
        except OSError as error:
            raise UnusableFile(f"{path}: {error.strerror}; check its rights, or set DATA_DIR elsewhere") from error

    def read(self, work: Callable[[ReadTransaction], T], *, timeout_s: float = REQUEST_DEADLINE_S) -> T:
        """Run `work` on a consistent view."""
        return self._run(self._view, work, timeout_s)

    def write(self, work: Callable[[Transaction], T], *, timeout_s: float = REQUEST_DEADLINE_S) -> T:
        """Run `work` and commit."""
        return self._run(self._turn, work, timeout_s)

    def close(self) -> None:
        """Close this thread's connection; it opens again by itself."""
        connection = getattr(self._connections, "connection", None)
        if connection is not None:
            connection.close()
            del self._connections.connection

    def _run(self, attempt: Callable[[Callable[..., T], float], T], work: Callable[..., T], timeout_s: float) -> T:
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                return attempt(work, deadline)
            except sqlite3.Error as error:
                raise _explained(error, self.path) from error
            except DatabaseError as error:
                if not error.retryable or time.monotonic() >= deadline:
                    raise

    def _view(self, work: Callable[[ReadTransaction], T], _deadline: float) -> T:
        connection = self._connection()
        connection.execute("BEGIN")
        try:
            return work(View(connection))
        finally:
            connection.execute("ROLLBACK")

    def _turn(self, work: Callable[[Transaction], T], deadline: float) -> T:
        """Take the write lock, run `work`, commit."""
        if not self._writers.acquire(timeout=max(0.0, deadline - time.monotonic())):
            raise DatabaseError(errors.TIMED_OUT)
        try:
            tr = self.begin(deadline)
            try:
                answer = work(tr)
                tr.commit()
            finally:
                tr.cancel()
            return answer
        finally:
            self._writers.release()

    def begin(self, deadline: float) -> "WriteTransaction":
        """Begin a write transaction, once no other process has one; `deadline` is an instant of `time.monotonic`."""
        connection = self._connection()
        wait_ms = max(0, int((deadline - time.monotonic()) * 1000))
        connection.execute(f"PRAGMA busy_timeout = {wait_ms}")
        connection.execute("BEGIN IMMEDIATE")
        return WriteTransaction(connection)

    def _connection(self) -> sqlite3.Connection:
        """Return this thread's connection."""
        try:
            connection: sqlite3.Connection = self._connections.connection
        except AttributeError:
            connection = sqlite3.connect(self.path, timeout=REQUEST_DEADLINE_S, isolation_level=None)
            connection.execute("PRAGMA synchronous = FULL")
            self._connections.connection = connection
        return connection


def _explained(error: sqlite3.Error, path: Path) -> DatabaseError:
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return DatabaseError(errors.TIMED_OUT, "another process kept the write lock too long")
    if name.startswith("SQLITE_FULL"):
        return UnusableFile(f"the disk that holds {path} is full; make room, nothing that was answered is lost")
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
        return UnusableFile(f"{path} or its folder cannot be written; check its rights, or set DATA_DIR elsewhere")
    if name.startswith("SQLITE_NOTADB"):
        return _foreign(path)
    if name.startswith("SQLITE_CORRUPT"):
        return UnusableFile(f"{path} is damaged; move it away and restore a copy")
    return UnusableFile(f"{path}: {error}")


def _foreign(path: Path) -> UnusableFile:
    return UnusableFile(f"{path} is not a database of this product; move it away, or set DATA_DIR elsewhere")


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a file lock, so that of several processes that find no database one makes it."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Make the tables in a new file; raises UnusableFile when the file is another program's, or a newer version's."""
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    (found_format,) = connection.execute("PRAGMA user_version").fetchone()
    if application_id != APPLICATION_ID:
        if path.stat().st_size > 0:
            raise _foreign(path)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("BEGIN IMMEDIATE")
        for statement in _SCHEMA:
            connection.execute(statement)
        connection.execute("COMMIT")
    elif found_format > FORMAT:
        raise UnusableFile(f"{path} was written by a newer version; update this one")


class Known(Generic[T]):
    """A future whose answer is here already."""

    __slots__ = ("_value",)

    def __init__(self, value: T) -> None:
        self._value = value

    def wait(self) -> T:
        """Return the answer."""
        return self._value


class View:
    """A read transaction: what was committed when it first read."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._execute = connection.execute
        self._expires = time.monotonic() + TRANSACTION_LIFETIME_S

    @property
    def snapshot(self) -> Reads:
        """Nothing conflicts here, so every read is a snapshot read."""
        return self

    def get(self, key: bytes) -> Known[bytes | None]:
        """Read one value."""
        self._check_read(key, key + b"\0")
        row = self._execute("SELECT value FROM pairs WHERE key = ?", (key,)).fetchone()
        return Known(row[0] if row else None)

    def get_range(self, begin: bytes, end: bytes, *, limit: int = 0, reverse: bool = False) -> Known[list[KeyValue]]:
        """Read a range."""
        self._check_read(begin, end)
        return Known(self._execute(_RANGE_REVERSED if reverse else _RANGE, (begin, end, limit or -1)).fetchall())

    def get_key(self, selector: KeySelector) -> Known[bytes]:
        """Find a key."""
        key, or_equal, offset = selector
        self._check_read(key, key)
        if offset > 0:
            row = self._execute(_AFTER if or_equal else _FROM, (key, offset - 1)).fetchone()
        else:
            row = self._execute(_UP_TO if or_equal else _BEFORE, (key, -offset)).fetchone()
        if row is None:
            return Known(END if offset > 0 else b"")
        self._check_read(row[0], row[0] + b"\0")
        return Known(row[0])

    def _check_read(self, begin: bytes, end: bytes) -> None:
        """Refuse to read what lies outside the user's keys, or when the view is too old."""
        if begin > END or end > END:
            raise DatabaseError(errors.KEY_OUTSIDE_LEGAL_RANGE)
        self._check_age()

    def _check_age(self) -> None:
        if time.monotonic() > self._expires:
            raise DatabaseError(errors.TRANSACTION_TOO_OLD)


class WriteTransaction(View):
    """A write transaction: holding the write lock, it writes straight into the file, undone unless committed."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__(connection)
        self._connection = connection
        self._refusal: DatabaseError | None = None
        self._size_bytes = 0
        self._size_limit_bytes = TRANSACTION_LIMIT_BYTES
        self._unreadable: list[tuple[bytes, bytes]] = []
        self._stamp: bytes | None = None

    def set(self, key: bytes, value: bytes) -> None:
        """Write a pair."""
        if self._admits(key, value):
            self._readable_again(key)
            self._put(key, value)

    def clear(self, key: bytes) -> None:
        """Remove a key."""
        if self._admits(key, b""):
            self._readable_again(key)
            self._execute("DELETE FROM pairs WHERE key = ?", (key,))

    def clear_range(self, begin: bytes, end: bytes) -> None:
        """Remove a range."""
        if begin > end:
            self._refuse(errors.INVERTED_RANGE)
        elif self._admits_range(begin, end):
            self._unreadable = [span for span in self._unreadable if not (begin <= span[0] and span[1] <= end)]
            self._execute("DELETE FROM pairs WHERE key >= ? AND key < ?", (begin, end))

    def atomic(self, operation: str, key: bytes, operand: bytes) -> None:
        """Change a value by an atomic operation."""
        change = OPERATIONS[operation]
        if self._admits(key, operand):
            row = self._execute("SELECT value FROM pairs WHERE key = ?", (key,)).fetchone()
            value = change(row[0] if row else None, operand)
            if value is not None:
                self._put(key, value)
            elif row:
                self._execute("DELETE FROM pairs WHERE key = ?", (key,))

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
        """Count it: with one writer at a time there is nothing to conflict with."""
        self._size_bytes += len(begin) + len(end)

    def add_write_conflict_range(self, begin: bytes, end: bytes) -> None:
        """Count it, likewise."""
        self._size_bytes += len(begin) + len(end)

    def set_size_limit(self, size_bytes: int) -> None:
        """Refuse to commit more than this."""
        self._size_limit_bytes = size_bytes

    def commit(self) -> None:
        """Make all writes happen; raises what refused one of them."""
        self._check_age()
        if self._refusal is None and self._size_bytes > self._size_limit_bytes:
            self._refuse(errors.TRANSACTION_TOO_LARGE)
        if self._refusal is not None:
            raise self._refusal
        self._execute("COMMIT")

    def cancel(self) -> None:
        """Undo what was not committed; reads fail from here on."""
        self._refuse(errors.CANCELLED)
        if self._connection.in_transaction:
            self._execute("ROLLBACK")

    def _check_read(self, begin: bytes, end: bytes) -> None:
        if self._refusal is not None:
            raise self._refusal
        super()._check_read(begin, end)
        if any(begin < last and first < end for first, last in self._unreadable):
            raise DatabaseError(errors.UNREADABLE)

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

    def _admits_range(self, begin: bytes, end: bytes) -> bool:
        if end > END:
            self._refuse(errors.KEY_OUTSIDE_LEGAL_RANGE)
        elif max(len(begin), len(end)) > KEY_LIMIT_BYTES + 1:
            self._refuse(errors.KEY_TOO_LARGE)
        return self._counts(2 * (len(begin) + len(end)))

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
            (version,) = self._execute("UPDATE versions SET version = version + 1 RETURNING version").fetchone()
            self._stamp = struct.pack(">QH", version, 0)
        return self._stamp

    def _put(self, key: bytes, value: bytes) -> None:
        self._execute("INSERT OR REPLACE INTO pairs VALUES (?, ?)", (key, value))

    def _readable_again(self, key: bytes) -> None:
        if self._unreadable:
            self._unreadable = [span for span in self._unreadable if span != (key, key + b"\0")]
