"""What the kernel tells of the server's processes, and SQLite's file of its database."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from shared.database import EMBEDDED_FILE
from shared.settings import Settings


class ServerEnded(Exception):
    """The server or its worker is not the one that was started."""


@dataclass(frozen=True)
class ProcessState:
    """One process: VmRSS and PSS (pages that it shares counted by their share) in KiB, threads, open file handles."""

    rss_kib: int
    pss_kib: int
    threads: int
    handles: int


@dataclass(frozen=True)
class FileState:
    """The database's file and its write-ahead log in bytes, and how many pages of the file are free."""

    file_bytes: int
    wal_bytes: int
    free_pages: int


@dataclass(frozen=True)
class Kind:
    """How many records of a kind there are, and the bytes of their keys and values."""

    count: int
    size_bytes: int


Kinds = dict[str, Kind]


@dataclass(frozen=True)
class Sample:
    """One look at everything, so many seconds after the traffic began."""

    at_s: float
    requests: int
    unexpected: int
    worker: ProcessState
    master: ProcessState
    database: FileState
    kinds: Kinds


@dataclass(frozen=True)
class Processes:
    """The process that was started, and the one that it has answer."""

    master: int
    worker: int

    @classmethod
    def of(cls, master: int) -> "Processes":
        """Find the worker; raises ServerEnded."""
        children: list[str] = []
        with suppress(OSError):
            children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
        if len(children) != 1:
            raise ServerEnded
        return cls(master, int(children[0]))

    def states(self) -> tuple[ProcessState, ProcessState]:
        """Look at worker and master; raises ServerEnded when either is gone or another took its place."""
        if Processes.of(self.master) != self:
            raise ServerEnded
        try:
            return _state(self.worker), _state(self.master)
        except OSError as error:
            raise ServerEnded from error


def _state(pid: int) -> ProcessState:
    folder = Path(f"/proc/{pid}")
    status = _figures(folder / "status")
    pss = _figures(folder / "smaps_rollup")["Pss"]
    handles = sum(1 for _ in (folder / "fd").iterdir())
    return ProcessState(status["VmRSS"], pss, status["Threads"], handles)


def _figures(path: Path) -> dict[str, int]:
    """The lines of a name, a colon and a number."""
    lines = (line.partition(":") for line in path.read_text().splitlines())
    found = ((name, value.split()) for name, _, value in lines)
    return {name: int(words[0]) for name, words in found if words and words[0].isdigit()}


class DatabaseFile:
    """The embedded database of a server, read beside it."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / EMBEDDED_FILE
        self._wal = self._path.with_name(self._path.name + "-wal")

    def state(self) -> FileState:
        """Look at the file's size and its free pages."""
        with self._opened() as connection:
            ((free_pages,),) = connection.execute("PRAGMA freelist_count").fetchall()
        return FileState(self._path.stat().st_size, self._wal.stat().st_size, free_pages)

    def kinds(self) -> Kinds:
        """Count all records by the first element of their keys, a text: a byte 2, the text, a byte 0."""
        begin = len(Settings().key_prefix) + 2
        name = f"CAST(substr(key, {begin}, instr(substr(key, {begin}), x'00') - 1) AS TEXT)"
        counting = f"SELECT {name}, count(*), sum(length(key) + length(value)) FROM pairs GROUP BY 1 ORDER BY 1"  # noqa: S608
        with self._opened() as connection:
            rows = connection.execute(counting).fetchall()
        return {name: Kind(count, size_bytes) for name, count, size_bytes in rows}

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(f"{self._path.as_uri()}?mode=ro", uri=True)
        try:
            yield connection
        finally:
            connection.close()
