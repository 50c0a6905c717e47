"""What the visitors have done so far, and the answers that were not as they should be."""

import threading
from collections import Counter

KEPT_LIMIT = 10


class Tally:
    """Counts answers of all threads by what was asked and answered, and keeps the first few unexpected ones."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.answers: Counter[tuple[str, int]] = Counter()
        self.requests = 0
        self.unexpected = 0
        self.first_unexpected: list[str] = []

    def count(self, what: str, status: int) -> None:
        """Note an answer; `what` is the method and the path without ids."""
        with self._lock:
            self.requests += 1
            self.answers[what, status] += 1

    def complain(self, about: str) -> None:
        """Note an unexpected answer, or that none came."""
        with self._lock:
            self.unexpected += 1
            if len(self.first_unexpected) < KEPT_LIMIT:
                self.first_unexpected.append(about)
