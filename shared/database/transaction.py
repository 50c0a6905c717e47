"""The operations that stores use, named and behaving as in FoundationDB, whichever engine runs them.

A read is issued when called and answers a future, so reads that do not depend on each other travel together: issue all,
then `wait()`. A write is kept in the transaction, seen by its own later reads, and happens at the commit or not at all;
so a write that is refused (too large, out of range) says so at the next read or at the commit.
"""

from typing import NamedTuple, Protocol, TypeVar

Value = TypeVar("Value", covariant=True)

KeyValue = tuple[bytes, bytes]


class Future(Protocol[Value]):
    """An answer under way."""

    def wait(self) -> Value:
        """Return the answer, once it is here; raises DatabaseError."""
        ...


class KeySelector(NamedTuple):
    """The key `offset` places from the last key that is less than `key` (or equal to it, with `or_equal`)."""

    key: bytes
    or_equal: bool
    offset: int

    @classmethod
    def last_less_than(cls, key: bytes) -> "KeySelector":
        """The last key before `key`."""
        return cls(key, False, 0)

    @classmethod
    def last_less_or_equal(cls, key: bytes) -> "KeySelector":
        """The last key up to `key`."""
        return cls(key, True, 0)

    @classmethod
    def first_greater_than(cls, key: bytes) -> "KeySelector":
        """The first key after `key`."""
        return cls(key, True, 1)

    @classmethod
    def first_greater_or_equal(cls, key: bytes) -> "KeySelector":
        """The first key from `key` on."""
        return cls(key, False, 1)

    def __add__(self, offset: int) -> "KeySelector":  # type: ignore[override]
        return self._replace(offset=self.offset + offset)


class Reads(Protocol):
    """What can be read."""

    def get(self, key: bytes) -> Future[bytes | None]:
        """Read one value; None where there is none."""
        ...

    def get_key(self, selector: KeySelector) -> Future[bytes]:
        r"""Find the key that `selector` describes; b"" before the first, b"\xff" after the last."""
        ...

    def get_range(self, begin: bytes, end: bytes, *, limit: int = 0, reverse: bool = False) -> Future[list[KeyValue]]:
        """Read the pairs with begin <= key < end, in order or in reverse, at most `limit` of them (0: all)."""
        ...


class Watch(Protocol):
    """A wait for a key to change after the commit that set the watch."""

    def wait(self, timeout_s: float) -> bool:
        """Wait until the value is another than at the commit; False when it was not in time. Raises DatabaseError."""
        ...

    def cancel(self) -> None:
        """Stop watching; whoever waits is told by a DatabaseError."""
        ...


class ReadTransaction(Reads, Protocol):
    """A consistent view of the whole database at one instant."""

    @property
    def snapshot(self) -> Reads:
        """The same reads, without making the transaction conflict with writers of what they read."""
        ...


class Transaction(ReadTransaction, Protocol):
    """Reads and writes that happen all at once or not at all, as if nothing else went on meanwhile."""

    def set(self, key: bytes, value: bytes) -> None:
        """Write a pair."""
        ...

    def clear(self, key: bytes) -> None:
        """Remove a key, if it is there."""
        ...

    def clear_range(self, begin: bytes, end: bytes) -> None:
        """Remove all keys with begin <= key < end."""
        ...

    def atomic(self, operation: str, key: bytes, operand: bytes) -> None:
        """Change a value without reading it, so without conflict: `operation` is one of `atomic.OPERATIONS`."""
        ...

    def set_versionstamped_key(self, key: bytes, value: bytes) -> None:
        """Write a pair whose key gets the commit's 10-byte versionstamp.

        Where in the key, its last 4 bytes tell (little-endian); they are cut off.
        """
        ...

    def set_versionstamped_value(self, key: bytes, value: bytes) -> None:
        """Write a pair whose value gets the commit's versionstamp, likewise."""
        ...

    def add_read_conflict_range(self, begin: bytes, end: bytes) -> None:
        """Conflict with writers of this range as if it had been read."""
        ...

    def add_write_conflict_range(self, begin: bytes, end: bytes) -> None:
        """Make readers of this range conflict as if it had been written."""
        ...

    def watch(self, key: bytes) -> Watch:
        """Watch a key from the commit on. A value that changes and changes back may go unseen."""
        ...

    def set_size_limit(self, size_bytes: int) -> None:
        """Refuse to commit more than this."""
        ...
