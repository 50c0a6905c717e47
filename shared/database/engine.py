"""What both engines do alike: run work in a transaction, and again where that may cure what went wrong."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Protocol, TypeVar

from shared.database.errors import DatabaseError
from shared.database.limits import REQUEST_DEADLINE_S
from shared.database.transaction import ReadTransaction, Transaction

T = TypeVar("T")


class Attempt(Protocol):
    """The life of a transaction, beside what work does with it."""

    def on_error(self, error: DatabaseError) -> None:
        """Be ready to begin anew, after a pause; raises the error when beginning anew would not cure it."""
        ...

    def cancel(self) -> None:
        """Undo what was not committed; reads fail from here on."""
        ...


class ReadAttempt(ReadTransaction, Attempt, Protocol):
    """A read transaction of an engine."""


class WriteAttempt(Transaction, Attempt, Protocol):
    """A write transaction of an engine."""

    def commit(self) -> None:
        """Make all writes happen, or none; raises DatabaseError."""
        ...


A = TypeVar("A", bound=Attempt)


class Engine(ABC):
    """A database."""

    @abstractmethod
    def view(self, deadline: float, tag: str = "") -> ReadAttempt:
        """Begin a read transaction; `deadline` is an instant of `time.monotonic`, `tag` tells whose it is."""

    @abstractmethod
    def begin(self, deadline: float, tag: str = "") -> WriteAttempt:
        """Begin a write transaction, likewise."""

    def read(self, work: Callable[[ReadTransaction], T], *, timeout_s: float = REQUEST_DEADLINE_S, tag: str = "") -> T:
        """Run `work` on a consistent view; raises DatabaseError when no answer comes in time."""
        deadline = time.monotonic() + timeout_s
        return _run(self.view(deadline, tag), work, deadline)

    def write(self, work: Callable[[Transaction], T], *, timeout_s: float = REQUEST_DEADLINE_S, tag: str = "") -> T:
        """Run `work` and commit; raises DatabaseError.

        `work` may run several times, and its effect may have happened when it runs again: after a commit of unknown
        result only what it finds in the database can tell.
        """
        deadline = time.monotonic() + timeout_s

        def committed(tr: WriteAttempt) -> T:
            answer = work(tr)
            tr.commit()
            return answer

        return _run(self.begin(deadline, tag), committed, deadline)


def _run(tr: A, work: Callable[[A], T], deadline: float) -> T:
    try:
        while True:
            try:
                return work(tr)
            except DatabaseError as error:
                if time.monotonic() >= deadline:
                    raise
                tr.on_error(error)
    finally:
        tr.cancel()
