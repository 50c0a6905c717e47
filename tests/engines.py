"""The engines that tests run on: always the embedded one, and FoundationDB where FDB_CLUSTER_FILE names a cluster.

On a cluster, tests keep below a random prefix, and remove it afterwards.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from shared.database.embedded import EmbeddedDatabase
from shared.database.engine import Engine
from tests.prefixed import cleared

CLUSTER_FILE = os.environ.get("FDB_CLUSTER_FILE", "")
ENGINES = ["embedded", "foundationdb"] if CLUSTER_FILE else ["embedded"]


def new_prefix() -> bytes:
    return f"test-{secrets.token_hex(8)}/".encode()


@dataclass
class Home:
    """Where a test's data is: an engine by name, a folder for the embedded one's file, a prefix of its own."""

    name: str
    folder: Path
    prefix: bytes = field(default_factory=new_prefix)
    engine: Engine = field(init=False)

    @contextmanager
    def opened(self) -> Iterator["Home"]:
        self.engine = open_engine(self.name, self.folder / "test.db")
        try:
            yield self
        finally:
            cleared(self.engine, self.prefix)


def server_variables(name: str, prefix: bytes) -> dict[str, str]:
    """What makes a server keep its data on an engine, below a prefix."""
    variables = {"KEY_PREFIX": prefix.decode()}
    return variables if name == "embedded" else {**variables, "FDB_CLUSTER_FILE": CLUSTER_FILE}


def open_engine(name: str, file: Path) -> Engine:
    if name == "embedded":
        return EmbeddedDatabase(file)
    # Imported here: the binding needs its native library.
    from shared.database.foundationdb import FoundationDatabase

    return FoundationDatabase(Path(CLUSTER_FILE))
