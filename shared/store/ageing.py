"""What ages lies under the day or the hour of its making, so that what is over is removed by one range clear.

The first write that a process makes in a period takes that range clear along: it needs no read, and nobody to call it.
"""

from shared.database.transaction import Transaction
from shared.store.record import key, span


class Ageing:
    """A range of keys `(name, period, …)`, with periods as text that orders as time does."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._swept_before = ""

    def sweep(self, tr: Transaction, oldest: str) -> None:
        """Remove all periods before `oldest`; when the commit fails, another process or the next period will."""
        if self._swept_before != oldest:
            self._swept_before = oldest
            tr.clear_range(span(self._name)[0], key(self._name, oldest))
