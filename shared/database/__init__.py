"""The database of this process. `transaction` names its operations, `embedded` runs them on a laptop."""

import os
import threading

from shared.database.transaction import Database
from shared.settings import BadSetting, Settings, settings

_database: Database | None = None
_opening = threading.Lock()


def database() -> Database:
    """Return this process's database, opened at first use; raises DatabaseError when it cannot be.

    At first use and not at import: the server loads the functions before it forks, and an open database does not
    survive a fork.
    """
    global _database
    if _database is None:
        with _opening:
            if _database is None:
                _database = _opened(settings())
    return _database


def _opened(settings: Settings) -> Database:
    if settings.production:
        raise BadSetting("The embedded database is for development only: production needs FoundationDB.")
    from shared.database.embedded import EmbeddedDatabase

    return EmbeddedDatabase(settings.data_dir / "coditect.db")


def _forget() -> None:
    global _database, _opening
    _database, _opening = None, threading.Lock()


os.register_at_fork(after_in_child=_forget)
