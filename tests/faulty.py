"""A database that fails at the worst moments, by seed: it wraps an engine and injects what FoundationDB may answer."""

import random
import threading
import time
from collections import Counter
from typing import Any

from shared.database import errors
from shared.database.engine import Engine
from shared.database.errors import DatabaseError
from shared.database.transaction import Future

# What becomes of a commit: the error that is answered, and whether the commit happened all the same.
FAULTS: list[tuple[int, bool]] = [
    (errors.CONFLICT, False),
    (errors.COMMIT_UNKNOWN, True),
    (errors.COMMIT_UNKNOWN, False),
    (errors.CLUSTER_VERSION_CHANGED, True),
    (errors.CLUSTER_VERSION_CHANGED, False),
    (errors.TRANSACTION_TOO_OLD, False),
    (errors.TIMED_OUT, True),
    (errors.TIMED_OUT, False),
]
SLOW_READ_S = 0.002


class FaultyDatabase(Engine):
    """`rate` of the commits fail, half of them after they happened; reads fail and dawdle at a tenth of that."""

    def __init__(self, engine: Engine, seed: int, rate: float = 0.2) -> None:
        self._engine = engine
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self.rate = rate
        self.injected: Counter[tuple[int, bool]] = Counter()

    def view(self, deadline: float, tag: str = "") -> Any:
        return FaultyTransaction(self, lambda: self._engine.view(deadline, tag))

    def begin(self, deadline: float, tag: str = "") -> Any:
        return FaultyTransaction(self, lambda: self._engine.begin(deadline, tag))

    def strikes(self, rate: float) -> bool:
        with self._lock:
            return self._random.random() < rate

    def fault(self) -> tuple[int, bool] | None:
        """What becomes of the next commit, None when nothing happens to it."""
        with self._lock:
            if self._random.random() >= self.rate:
                return None
            fault = self._random.choice(FAULTS)
            self.injected[fault] += 1
            return fault


class FaultyTransaction:
    """A transaction of the wrapped engine, all of whose other operations are passed on."""

    def __init__(self, database: FaultyDatabase, begin: Any) -> None:
        self._database = database
        self._begin = begin
        self._tr = begin()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tr, name)

    def get(self, key: bytes) -> "FaultyFuture":
        return FaultyFuture(self._database, self._tr.get(key))

    def get_range(self, begin: bytes, end: bytes, **options: Any) -> "FaultyFuture":
        return FaultyFuture(self._database, self._tr.get_range(begin, end, **options))

    def commit(self) -> None:
        fault = self._database.fault()
        if fault is None:
            self._tr.commit()
            return
        code, happens = fault
        if happens:
            self._tr.commit()
        raise DatabaseError(code)

    def cancel(self) -> None:
        self._tr.cancel()

    def on_error(self, error: DatabaseError) -> None:
        if not error.retryable and error.code != errors.TIMED_OUT:
            raise error
        self._tr.cancel()
        self._tr = self._begin()


class FaultyFuture:
    """A read that may come late, or not at all."""

    def __init__(self, database: FaultyDatabase, future: Future[Any]) -> None:
        self._database = database
        self._future = future

    def wait(self) -> Any:
        if self._database.strikes(self._database.rate / 10):
            time.sleep(SLOW_READ_S)
        if self._database.strikes(self._database.rate / 10):
            raise DatabaseError(errors.TRANSACTION_TOO_OLD)
        return self._future.wait()
