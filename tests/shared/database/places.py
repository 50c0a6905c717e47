"""Where a test's database is, said so that other threads and other processes can open it as well."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from shared.database.engine import Engine, WriteAttempt
from shared.database.transaction import KeyValue, ReadTransaction
from tests.engines import open_engine
from tests.prefixed import PrefixedDatabase

PATIENCE_S = 30.0
"""How long a test waits before it calls a database stuck."""


@dataclass(frozen=True)
class Place:
    """An engine by name, the embedded one's file, and what comes before each key in it."""

    engine: str
    file: Path
    prefix: bytes = b""

    def open(self) -> Engine:
        engine = open_engine(self.engine, self.file)
        return PrefixedDatabase(engine, self.prefix) if self.prefix else engine

    def told(self) -> list[str]:
        """The arguments of a command that is to make the same place of them."""
        return [self.engine, str(self.file), self.prefix.hex()]

    @classmethod
    def heard(cls, engine: str, file: str, prefix: str) -> "Place":
        return cls(engine, Path(file), bytes.fromhex(prefix))


@contextmanager
def begun(database: Engine) -> Iterator[WriteAttempt]:
    """A write transaction that the block itself commits, or not."""
    tr = database.begin(time.monotonic() + PATIENCE_S)
    try:
        yield tr
    finally:
        tr.cancel()


def everything(tr: ReadTransaction) -> list[KeyValue]:
    return tr.get_range(b"", b"\xff").wait()


def contents(database: Engine) -> dict[bytes, bytes]:
    """All that is committed."""
    return dict(database.read(everything))
