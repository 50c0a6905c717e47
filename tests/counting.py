"""A database that counts: rounds of reads, and commits."""

from typing import Any

from shared.database.engine import Engine


class CountingDatabase(Engine):
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.rounds = 0
        self.commits = 0
        # Whether a read issued now travels with one issued before.
        self.departing = False

    def view(self, deadline: float, tag: str = "") -> Any:
        return CountingTransaction(self, self._engine.view(deadline, tag))

    def begin(self, deadline: float, tag: str = "") -> Any:
        return CountingTransaction(self, self._engine.begin(deadline, tag))

    def issue(self, future: Any) -> "CountingFuture":
        if not self.departing:
            self.rounds += 1
            self.departing = True
        return CountingFuture(self, future)


class CountingTransaction:
    def __init__(self, database: CountingDatabase, tr: Any) -> None:
        self._database = database
        self._tr = tr
        database.departing = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tr, name)

    def get(self, key: bytes) -> "CountingFuture":
        return self._database.issue(self._tr.get(key))

    def get_range(self, begin: bytes, end: bytes, **options: Any) -> "CountingFuture":
        return self._database.issue(self._tr.get_range(begin, end, **options))

    def commit(self) -> None:
        self._database.commits += 1
        self._tr.commit()


class CountingFuture:
    def __init__(self, database: CountingDatabase, future: Any) -> None:
        self._database = database
        self._future = future

    def wait(self) -> Any:
        self._database.departing = False
        return self._future.wait()
