"""The SQLite file of the embedded engine: made, opened, and its errors in plain words."""

import fcntl
import math
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from shared.database import errors
from shared.database.errors import DatabaseError, UnusableDatabase
from shared.database.limits import REQUEST_DEADLINE_S

APPLICATION_ID = 0x0C0D17EC  # in the file's header, so that `file` and we know whose it is
FORMAT = 1

# So coarse that most transactions find the limit of the one before them still right, and set none.
_WAIT_STEP_S = 0.1

_SCHEMA = (
    "CREATE TABLE pairs (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
    "CREATE TABLE versions (version INTEGER NOT NULL)",
    "INSERT INTO versions VALUES (0)",
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {FORMAT}",
)


class Connection:
    """A connection for one thread; raises DatabaseError, and UnusableDatabase when the file is to blame."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._sqlite = sqlite3.connect(path, timeout=REQUEST_DEADLINE_S, isolation_level=None)
        except sqlite3.Error as error:
            raise explained(error, path) from error
        self._wait_steps = REQUEST_DEADLINE_S / _WAIT_STEP_S
        self.run("PRAGMA synchronous = FULL")

    def wait_until(self, deadline: float) -> None:
        """Wait for other processes no longer than to this instant of `time.monotonic`, give or take a step."""
        steps = max(0, math.ceil((deadline - time.monotonic()) / _WAIT_STEP_S))
        if steps != self._wait_steps:
            self.run(f"PRAGMA busy_timeout = {int(steps * _WAIT_STEP_S * 1000)}")
            self._wait_steps = steps

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self._sqlite.in_transaction

    def run(self, statement: str, *arguments: object) -> list[Any]:
        """Run one statement, and return its rows."""
        try:
            return self._sqlite.execute(statement, arguments).fetchall()
        except sqlite3.Error as error:
            raise explained(error, self.path) from error

    def close(self) -> None:
        """Close it."""
        self._sqlite.close()


def prepare(path: Path) -> None:
    """Make the file where there is none; raises UnusableDatabase when it is another program's, or too new."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.exists() and not os.access(path, os.W_OK):
            # SQLite would read it all the same, and leave a file beside it that stays read-only when this one does not.
            raise _unwritable(path)
        with _locked(path.with_suffix(".lock")):
            connection = Connection(path)
            try:
                _make_tables(connection)
            finally:
                connection.close()
    except OSError as error:
        raise UnusableDatabase(f"{path}: {error.strerror}; check its rights, or set DATA_DIR elsewhere") from error


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a file lock, so that of several processes that find no database one makes it."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _make_tables(connection: Connection) -> None:
    path = connection.path
    [(application_id,)] = connection.run("PRAGMA application_id")
    [(found_format,)] = connection.run("PRAGMA user_version")
    if application_id != APPLICATION_ID:
        if path.stat().st_size > 0:
            raise _foreign(path)
        connection.run("BEGIN IMMEDIATE")
        for statement in _SCHEMA:
            connection.run(statement)
        connection.run("COMMIT")
    elif found_format > FORMAT:
        raise UnusableDatabase(f"{path} was written by a newer version; update this one")
    # Only now, since it writes to an empty file: who is killed here leaves an empty file, or all of a database.
    connection.run("PRAGMA journal_mode = WAL")


def explained(error: sqlite3.Error, path: Path) -> DatabaseError:
    """Say what SQLite's error means for whoever runs this, and what to do."""
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return DatabaseError(errors.TIMED_OUT, "another process kept the write lock too long")
    if name.startswith("SQLITE_FULL"):
        return UnusableDatabase(f"the disk that holds {path} is full; make room, nothing that was answered is lost")
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
        return _unwritable(path)
    if name.startswith("SQLITE_NOTADB"):
        return _foreign(path)
    if name.startswith("SQLITE_CORRUPT"):
        return UnusableDatabase(f"{path} is damaged; move it away and restore a copy")
    if name.startswith("SQLITE_IOERR"):
        return UnusableDatabase(f"the disk that holds {path} fails ({name}); check its quota and its health")
    return UnusableDatabase(f"{path}: {error}")


def _unwritable(path: Path) -> UnusableDatabase:
    return UnusableDatabase(f"{path} or its folder cannot be written; check its rights, or set DATA_DIR elsewhere")


def _foreign(path: Path) -> UnusableDatabase:
    return UnusableDatabase(f"{path} is not a database of this product; move it away, or set DATA_DIR elsewhere")
