"""The database of this process. `transaction` names its operations; `foundationdb` and `embedded` are the engines."""

import os
import threading

from shared.database.engine import Engine
from shared.settings import Settings, settings

EMBEDDED_FILE = "coditect.db"

_database: Engine | None = None
_opening = threading.Lock()


def database() -> Engine:
    """Return this process's database, opened at first use; raises UnusableDatabase when it cannot be.

    At first use and not at import: the server loads the functions before it forks, and an open database does not
    survive a fork.
    """
    global _database
    if _database is None:
        with _opening:
            if _database is None:
                _database = _opened(settings())
    return _database


def _opened(settings: Settings) -> Engine:
    """Open the cluster that the settings name, or else the embedded database; only the one is imported."""
    if settings.fdb_cluster_file is not None:
        from shared.database.foundationdb import FoundationDatabase

        return FoundationDatabase(settings.fdb_cluster_file)
    from shared.database.embedded import EmbeddedDatabase

    return EmbeddedDatabase(settings.data_dir / EMBEDDED_FILE)


def _forget() -> None:
    global _database, _opening
    _database, _opening = None, threading.Lock()


os.register_at_fork(after_in_child=_forget)
