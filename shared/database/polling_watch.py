"""A watch for an engine that tells nobody when a key changes."""

import threading
import time

from shared.database import errors
from shared.database.engine import Engine
from shared.database.errors import DatabaseError
from shared.turns import waiting

# A change is seen within this; a read costs some 20 µs.
WATCH_PAUSE_S = 0.05


class PollingWatch:
    """A watch that looks again and again: the file tells nobody when it changes."""

    def __init__(self, database: Engine, key: bytes) -> None:
        self.key = key
        self._database = database
        self._value: bytes | None = None
        self._error: DatabaseError | None = DatabaseError(errors.CANCELLED)
        self._cancelled = threading.Event()

    def begin(self, value: bytes | None) -> None:
        """Take the value at the commit as the one to compare with; a watch that was never committed watches nothing."""
        self._value, self._error = value, None

    def wait(self, timeout_s: float) -> bool:
        """Wait for a change."""
        deadline = time.monotonic() + timeout_s
        while True:
            if self._error is not None:
                raise self._error
            if self._database.read(lambda tr: tr.get(self.key).wait()) != self._value:
                return True
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                return False
            with waiting():
                self._cancelled.wait(min(WATCH_PAUSE_S, left_s))

    def cancel(self) -> None:
        """Stop watching."""
        self._error = DatabaseError(errors.OPERATION_CANCELLED)
        self._cancelled.set()
