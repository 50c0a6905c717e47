"""Attempts at a password, so that guessing stays slow.

    ("throttle", hour, limit, subject, attempt_id)    ""

An attempt is reserved before its password is hashed, in the transaction that looks at all others, so that parallel
guesses cannot slip past together; a success gives its reservation back. Attempts are keys of their own: reserving one
twice changes nothing. `hour` (UTC) is that of the attempt, so that whole hours age out by one range clear each; ids are
time-ordered, so the window slides exactly.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from shared import clock
from shared.database.transaction import Future, KeyValue, Transaction
from shared.errors import TooManyRequests
from shared.store.record import key, span

WINDOW = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `attempts` in any WINDOW by one subject."""

    name: str
    attempts: int


# For each address apart, so that whoever guesses at an account does not lock its owner out elsewhere.
ACCOUNT_AT_ADDRESS = Limit("account", 10)
# Many people may share an address; this many wrong passwords in a quarter of an hour are not theirs.
ADDRESS = Limit("address", 100)

Subjects = list[tuple[Limit, str]]


class Reservation:
    """An attempt under way: of whom, and under which id."""

    def __init__(self, subjects: Subjects) -> None:
        self._subjects = subjects
        self._id = clock.uuid7()
        self._hour = _hour(clock.now())

    def ask(self, tr: Transaction) -> "Standing":
        """Begin to read the other attempts of the same subjects."""
        now = clock.now()
        hours = [_hour(now - WINDOW), _hour(now)]
        reads = [
            (limit, [tr.get_range(*span("throttle", hour, limit.name, subject)) for hour in sorted(set(hours))])
            for limit, subject in self._subjects
        ]
        return Standing(self._id, now, reads)

    def make(self, tr: Transaction) -> None:
        """Keep the attempt."""
        for attempt in self._keys():
            tr.set(attempt, b"")

    def give_back(self, tr: Transaction) -> None:
        """Forget the attempt: it was right."""
        for attempt in self._keys():
            tr.clear(attempt)

    def _keys(self) -> list[bytes]:
        return [key("throttle", self._hour, limit.name, subject, self._id) for limit, subject in self._subjects]


class Standing:
    """The other attempts, under way."""

    def __init__(self, own: UUID, now: datetime, reads: list[tuple[Limit, list[Future[list[KeyValue]]]]]) -> None:
        self._own = own
        self._now = now
        self._reads = reads

    def check(self) -> None:
        """Raise TooManyRequests when there are as many as a limit allows, with the seconds until there are fewer."""
        for limit, ranges in self._reads:
            times = [
                clock.made_at(UUID(bytes=pair[0][-16:]))
                for future in ranges
                for pair in future.wait()
                if pair[0][-16:] != self._own.bytes
            ]
            recent = sorted(time for time in times if time > self._now - WINDOW)
            if len(recent) >= limit.attempts:
                wait = recent[-limit.attempts] + WINDOW - self._now
                raise TooManyRequests(retry_after_s=max(1, math.ceil(wait.total_seconds())))


def sweep(tr: Transaction, now: datetime) -> None:
    """Forget the hours of attempts that no limit counts any more."""
    tr.clear_range(span("throttle")[0], key("throttle", _hour(now - 2 * WINDOW)))


def _hour(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H")
