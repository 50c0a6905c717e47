"""FoundationDB, through its official binding: what production runs on.

The binding speaks to the client library libfdb_c, which runs a thread of its own, so a database is opened in the
process that uses it and never before a fork. Binding, API version and library are all of 7.3.
"""

import os
import re
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Generic, TypeVar

import fdb

from shared.database.engine import Engine
from shared.database.errors import TIMED_OUT, DatabaseError, UnusableDatabase
from shared.database.limits import TRANSACTION_LIFETIME_S, TRANSACTION_LIMIT_BYTES
from shared.database.transaction import KeySelector, KeyValue
from shared.turns import waiting

T = TypeVar("T")

API_VERSION = 730
TAG_LIMIT_CHARS = 16
# The client doubles its pause up to this, so that a request still has several attempts before its deadline.
RETRY_DELAY_LIMIT_MS = 500
# A deadline ends most requests earlier; this ends one that fails without any pause.
RETRY_LIMIT = 100

# description:id@host:port,…  https://apple.github.io/foundationdb/administration.html#cluster-file-format
_CLUSTER_FILE = re.compile(r"\w+:\w+@[^\s,]+:\d+(:tls)?(,[^\s,]+:\d+(:tls)?)*")


class FoundationDatabase(Engine):
    """The cluster that a cluster file names; raises UnusableDatabase when there is no way to speak to it at all."""

    def __init__(self, cluster_file: Path) -> None:
        _check(cluster_file)
        _load_client()
        with _translated():
            self._database = fdb.open(str(_writable(cluster_file)))
            options = self._database.options
            options.set_transaction_max_retry_delay(RETRY_DELAY_LIMIT_MS)
            options.set_transaction_retry_limit(RETRY_LIMIT)
            options.set_transaction_size_limit(TRANSACTION_LIMIT_BYTES)

    def view(self, deadline: float, tag: str = "") -> "FoundationTransaction":
        """Begin a read transaction."""
        return self.begin(deadline, tag)

    def begin(self, deadline: float, tag: str = "") -> "FoundationTransaction":
        """Begin a transaction."""
        return FoundationTransaction(self._database, deadline, tag)


def _check(cluster_file: Path) -> None:
    """Raise UnusableDatabase when the cluster file cannot be one."""
    try:
        lines = cluster_file.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise UnusableDatabase(f"FDB_CLUSTER_FILE: {cluster_file} cannot be read: {reason}") from error
    content = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    if len(content) != 1 or not _CLUSTER_FILE.fullmatch(content[0]):
        raise UnusableDatabase(
            f"FDB_CLUSTER_FILE: {cluster_file} is no cluster file; that is one line like description:id@10.0.0.1:4500"
        )


def _writable(cluster_file: Path) -> Path:
    """Return the file, or a copy when it is mounted read-only: the client rewrites it when coordinators move."""
    if os.access(cluster_file, os.W_OK) and os.access(cluster_file.parent, os.W_OK):
        return cluster_file
    copy = Path(tempfile.mkdtemp(prefix="fdb-")) / "fdb.cluster"
    shutil.copyfile(cluster_file, copy)
    return copy


def _load_client() -> None:
    try:
        fdb.api_version(API_VERSION)
    except RuntimeError as error:
        raise UnusableDatabase(f"The FoundationDB client library does not fit, install that of 7.3: {error}") from error
    except Exception as error:  # the binding raises a bare Exception when it finds no library
        raise UnusableDatabase(
            "The FoundationDB client library (libfdb_c) of 7.3 is not installed; get foundationdb-clients 7.3 from "
            "https://github.com/apple/foundationdb/releases, or unset FDB_CLUSTER_FILE to use the embedded database"
        ) from error
    # The binding has every future call back into Python from the client's thread, so that the main thread can handle
    # signals meanwhile. Requests are not served by the main thread, and a tenth of a read's time would go into that.
    fdb.impl.Future.block_until_ready = _block_until_ready


def _block_until_ready(future: Any) -> None:
    """Wait for an answer inside the client library, where it is in nobody's way."""
    if not future.is_ready():
        with waiting():
            future.capi.fdb_future_block_until_ready(future.fpointer)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except fdb.FDBError as error:
        raise _ours(error) from error


def _ours(error: Any) -> DatabaseError:
    return DatabaseError(error.code, error.description.decode())


class Awaited(Generic[T]):
    """A future of the binding; `take` makes its answer ours."""

    __slots__ = ("_future", "_take")

    def __init__(self, future: Any, take: Callable[[Any], T]) -> None:
        self._future = future
        self._take = take

    def wait(self) -> T:
        """Return the answer."""
        # Not by `_translated`: with a context for each of its values, a page would take a tenth longer.
        try:
            return self._take(self._future)
        except fdb.FDBError as error:
            raise _ours(error) from error


def _value(future: Any) -> Any:
    return future.value


def _pairs(found: Any) -> list[KeyValue]:
    return [(pair.key, pair.value) for pair in found]


class FoundationReads:
    """The reads of a transaction, or of its snapshot."""

    def __init__(self, source: Any) -> None:
        self._source = source

    def get(self, key: bytes) -> Awaited[bytes | None]:
        """Read one value."""
        return Awaited(self._source.get(key), _value)

    def get_key(self, selector: KeySelector) -> Awaited[bytes]:
        """Find a key."""
        return Awaited(self._source.get_key(fdb.KeySelector(*selector)), _value)

    def get_range(self, begin: bytes, end: bytes, *, limit: int = 0, reverse: bool = False) -> Awaited[list[KeyValue]]:
        """Read a range."""
        mode = fdb.StreamingMode.exact if limit else fdb.StreamingMode.want_all
        return Awaited(self._source.get_range(begin, end, limit, reverse, mode), _pairs)


class FoundationTransaction(FoundationReads):
    """A transaction of the binding."""

    def __init__(self, database: Any, deadline: float, tag: str) -> None:
        self._database = database
        self._deadline = deadline
        self._tag = tag
        self._begin()

    def _begin(self) -> None:
        # At the end of its life a transaction could not read on, so it is no use to wait for it longer.
        left_s = min(TRANSACTION_LIFETIME_S, self._deadline - time.monotonic())
        self._tr = self._database.create_transaction()
        self._tr.options.set_timeout(max(1, int(left_s * 1000)))
        if self._tag:
            # The cluster may slow one endpoint's transactions down for the sake of all others.
            self._tr.options.set_auto_throttle_tag(self._tag[:TAG_LIMIT_CHARS])
        super().__init__(self._tr)

    @property
    def snapshot(self) -> FoundationReads:
        """The same reads, without conflicts."""
        return FoundationReads(self._tr.snapshot)

    def set(self, key: bytes, value: bytes) -> None:
        """Write a pair."""
        self._tr.set(key, value)

    def clear(self, key: bytes) -> None:
        """Remove a key."""
        self._tr.clear(key)

    def clear_range(self, begin: bytes, end: bytes) -> None:
        """Remove a range."""
        self._tr.clear_range(begin, end)

    def atomic(self, operation: str, key: bytes, operand: bytes) -> None:
        """Change a value by an atomic operation."""
        getattr(self._tr, operation)(key, operand)

    def set_versionstamped_key(self, key: bytes, value: bytes) -> None:
        """Write a pair under a key with the commit's versionstamp."""
        self._tr.set_versionstamped_key(key, value)

    def set_versionstamped_value(self, key: bytes, value: bytes) -> None:
        """Write a value with the commit's versionstamp."""
        self._tr.set_versionstamped_value(key, value)

    def add_read_conflict_range(self, begin: bytes, end: bytes) -> None:
        """Conflict with writers of a range."""
        with _translated():
            self._tr.add_read_conflict_range(begin, end)

    def add_write_conflict_range(self, begin: bytes, end: bytes) -> None:
        """Make readers of a range conflict."""
        with _translated():
            self._tr.add_write_conflict_range(begin, end)

    def watch(self, key: bytes) -> "FoundationWatch":
        """Watch a key from the commit on."""
        return FoundationWatch(self._tr.watch(key))

    def set_size_limit(self, size_bytes: int) -> None:
        """Refuse to commit more than this."""
        self._tr.options.set_size_limit(size_bytes)

    def commit(self) -> None:
        """Make all writes happen."""
        with _translated():
            self._tr.commit().wait()

    def cancel(self) -> None:
        """Give up; reads fail from here on."""
        self._tr.cancel()

    def on_error(self, error: DatabaseError) -> None:
        """Wait as the client thinks right, ready to begin anew; raises the error when that would not cure it."""
        if error.code == TIMED_OUT:
            # Like a commit of unknown result, one that timed out may have happened: only running again tells.
            self._begin()
        else:
            with _translated():
                self._tr.on_error(error.code).wait()


class FoundationWatch:
    """A watch of the binding."""

    def __init__(self, future: Any) -> None:
        self._future = future
        self._over = threading.Event()
        future.on_ready(lambda _: self._over.set())

    def wait(self, timeout_s: float) -> bool:
        """Wait for a change."""
        with waiting():
            if not self._over.wait(timeout_s):
                return False
        with _translated():
            self._future.wait()
        return True

    def cancel(self) -> None:
        """Stop watching."""
        self._future.cancel()
