"""One request, one transaction: the caller's login is checked inside it, and a write leaves its receipt in it."""

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import msgspec

from shared.database.engine import Engine
from shared.database.errors import DatabaseError
from shared.database.limits import REQUEST_DEADLINE_S
from shared.database.transaction import ReadTransaction, Transaction
from shared.errors import Problem
from shared.http.answers import encode
from shared.store import layout

if TYPE_CHECKING:
    from shared.http.admission import Admission
    from shared.store.receipts import Receipt, Search, Slip

T = TypeVar("T")
R = TypeVar("R", bound=ReadTransaction)


class Replayed(Exception):
    """The work was done before; its receipt tells the answer."""

    def __init__(self, receipt: "Receipt") -> None:
        super().__init__()
        self.receipt = receipt


class RequestDatabase:
    """The database as one request may use it.

    The login or key and the receipt are asked for before the work's own reads and looked at after them, so they cost no
    round of their own; what the work wrote meanwhile is never committed when they forbid it. `slip` is None for a
    request that must not write; `tag` names the endpoint to the database. `replayed` tells whether an earlier request's
    answer was given.
    """

    def __init__(
        self, database: Callable[[], Engine], admission: "Admission | None", slip: "Slip | None", tag: str = ""
    ) -> None:
        # Asked for where it is used, so that a handler can answer that it cannot be opened.
        self._database = database
        self._admission = admission
        self._slip = slip
        self._tag = tag
        self.replayed = False

    def read(self, work: Callable[[ReadTransaction], T], *, timeout_s: float = REQUEST_DEADLINE_S) -> T:
        """Run `work` on a consistent view that the caller is let in to; raises TokenRevoked."""
        result = self._database().read(self._guarded(work), timeout_s=timeout_s, tag=self._tag)
        self._note_use()
        return result

    def write(self, work: Callable[[Transaction], T], answer: type[T]) -> T:
        """Run `work` and commit, exactly once for this request; raises TokenRevoked, IdempotencyKeyReused.

        `answer` is the type of what `work` returns. It is kept in the receipt, so it must hold nothing secret.
        """
        slip = self._slip
        if slip is None:
            raise TypeError("a request that must not write has no receipt")
        try:
            result = self._database().write(self._guarded(_once(work, slip)), tag=self._tag)
        except Replayed as replay:
            self.replayed = replay.receipt.by != slip.by
            return msgspec.json.decode(replay.receipt.answer, type=answer)
        self._note_use()
        return result

    def write_again(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` and commit, leaving no receipt: for work that may happen again without harm."""
        return self._database().write(self._guarded(work), tag=self._tag)

    def _guarded(self, work: Callable[[R], T]) -> Callable[[R], T]:
        """Let `work` count only when the database is of our layout and the caller is let in."""
        admission = self._admission

        def guarded(tr: R) -> T:
            version = layout.find(tr)
            if admission is not None:
                admission.ask(tr)
            try:
                return work(tr)
            finally:
                # Also when the work found a problem: an ended login learns nothing but that it has ended.
                layout.check(version)
                if admission is not None:
                    admission.check()

        return guarded

    def _note_use(self) -> None:
        """Keep that the caller's login or key is in use; when that cannot be kept, it is no harm."""
        if self._admission is not None and (note := self._admission.use_to_note()) is not None:
            with contextlib.suppress(DatabaseError):
                self._database().write(note, tag=self._tag)


def _once(work: Callable[[Transaction], T], slip: "Slip") -> Callable[[Transaction], T]:
    """Make `work` leave a receipt, and leave off when there is one already."""
    # Here and not above: who only reads needs no receipts.
    from shared.store import receipts

    def once(tr: Transaction) -> T:
        version = layout.find(tr)
        search = receipts.find(tr, slip)
        try:
            answer = work(tr)
        except Problem:
            # What stands in the work's way may be its own effect, as when a removal is repeated.
            _check_done(search)
            raise
        _check_done(search)
        receipts.add(tr, slip, encode(answer))
        layout.keep(tr, version)
        return answer

    return once


def _check_done(search: "Search") -> None:
    receipt = search.wait()
    if receipt is not None:
        raise Replayed(receipt)
