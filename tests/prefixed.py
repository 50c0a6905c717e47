"""An engine below a prefix of a shared cluster, so that tests may do as if all keys were theirs."""

from typing import Any

from shared.database.engine import Engine
from shared.database.transaction import Future, KeySelector, KeyValue

END = b"\xff"


class PrefixedDatabase(Engine):
    def __init__(self, engine: Engine, prefix: bytes) -> None:
        self._engine = engine
        self._prefix = prefix

    def view(self, deadline: float, tag: str = "") -> Any:
        return PrefixedTransaction(self._engine.view(deadline, tag), self._prefix)

    def begin(self, deadline: float, tag: str = "") -> Any:
        return PrefixedTransaction(self._engine.begin(deadline, tag), self._prefix)


class PrefixedReads:
    def __init__(self, reads: Any, prefix: bytes) -> None:
        self._reads = reads
        self._prefix = prefix

    def _key(self, key: bytes) -> bytes:
        """The key below the prefix; the system's keys stay what they are, and are refused as such."""
        return key if key > END else self._prefix + key

    def get(self, key: bytes) -> Any:
        return self._reads.get(END if key == END else self._key(key))

    def get_key(self, selector: KeySelector) -> "PrefixedFuture":
        return PrefixedFuture(self._reads.get_key(selector._replace(key=self._key(selector.key))), self._own_key)

    def get_range(self, begin: bytes, end: bytes, **options: Any) -> "PrefixedFuture":
        return PrefixedFuture(self._reads.get_range(self._key(begin), self._key(end), **options), self._own_pairs)

    def _own_key(self, key: bytes) -> bytes:
        if key.startswith(self._prefix):
            return key.removeprefix(self._prefix)
        return b"" if key < self._prefix else END

    def _own_pairs(self, pairs: list[KeyValue]) -> list[KeyValue]:
        return [(key.removeprefix(self._prefix), value) for key, value in pairs]


class PrefixedTransaction(PrefixedReads):
    def __init__(self, tr: Any, prefix: bytes) -> None:
        super().__init__(tr, prefix)
        self._tr = tr

    @property
    def snapshot(self) -> PrefixedReads:
        return PrefixedReads(self._tr.snapshot, self._prefix)

    def __getattr__(self, name: str) -> Any:
        """What takes no key: commit, cancel, on_error, set_size_limit."""
        return getattr(self._tr, name)

    def set(self, key: bytes, value: bytes) -> None:
        self._tr.set(END if key == END else self._key(key), value)

    def clear(self, key: bytes) -> None:
        self._tr.clear(self._key(key))

    def atomic(self, operation: str, key: bytes, operand: bytes) -> None:
        self._tr.atomic(operation, self._key(key), operand)

    def set_versionstamped_key(self, key: bytes, value: bytes) -> None:
        offset = int.from_bytes(key[-4:], "little", signed=True) + len(self._prefix)
        self._tr.set_versionstamped_key(self._prefix + key[:-4] + offset.to_bytes(4, "little", signed=True), value)

    def set_versionstamped_value(self, key: bytes, value: bytes) -> None:
        self._tr.set_versionstamped_value(self._key(key), value)

    def watch(self, key: bytes) -> Any:
        return self._tr.watch(self._key(key))

    def clear_range(self, begin: bytes, end: bytes) -> None:
        self._tr.clear_range(self._key(begin), self._key(end))

    def add_read_conflict_range(self, begin: bytes, end: bytes) -> None:
        self._tr.add_read_conflict_range(self._key(begin), self._key(end))

    def add_write_conflict_range(self, begin: bytes, end: bytes) -> None:
        self._tr.add_write_conflict_range(self._key(begin), self._key(end))


class PrefixedFuture:
    def __init__(self, future: Future[Any], own: Any) -> None:
        self._future = future
        self._own = own

    def wait(self) -> Any:
        return self._own(self._future.wait())


def cleared(engine: Engine, prefix: bytes) -> None:
    """Remove all that tests left below a prefix."""
    engine.write(lambda tr: tr.clear_range(prefix, prefix + b"\xff"))
