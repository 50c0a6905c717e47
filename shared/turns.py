"""A server's threads, of which one works at a time while the others wait for something outside.

The interpreter runs one thread at a time as it is. Threads that could all go on take it from each other at nearly every
call of the system, and each change costs more than the call. So a thread works while it has the turn, and gives it away
for as long as it waits: for the database, a hash, or a client. docs/decisions/2026-11-turns.md has the figures.
"""

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from functools import partial
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

TURN_LIMIT_S = 0.1
"""Who works longer than this most likely waits for something without having said so: others go on meanwhile."""
SHARE_S = 0.005
"""How long the threads may work while the dispatcher has something to do, and it while they have."""


class Turns(Executor):
    """Runs what is submitted in so many threads, begun as they are needed. They end with the process."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._begun = 0
        self._lock = threading.Lock()
        self._queued: deque[Callable[[], None]] = deque()
        self._returning: deque[_Place] = deque()
        self._idle: list[_Place] = []
        self._dispatcher = _Place(self)
        self._dispatcher_due = math.inf
        self._worker: _Place | None = None
        self._since = 0.0

    @property
    def queued(self) -> int:
        """How much has been submitted that no thread has begun."""
        return len(self._queued)

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        """Run a call once there is a turn for it."""
        future: Future[T] = Future()
        with self._lock:
            self._queued.append(partial(_settle, future, partial(fn, *args, **kwargs)))
            if self._worker is None:
                self._pass_on()
        return future

    @contextmanager
    def dispatching(self) -> Iterator[None]:
        """Let the one thread that submits the work have a turn: when no other could, or once they had their share."""
        place = self._dispatcher
        with self._lock:
            if waits := self._worker is not None:
                self._dispatcher_due = time.monotonic() + SHARE_S
            else:
                self._appoint(place)
        if waits:
            self._wait(place)
        try:
            yield
        finally:
            self.give(place)

    def give(self, place: "_Place") -> None:
        """Let another work, unless this thread's turn was taken away before."""
        with self._lock:
            if self._worker is place:
                self._pass_on()

    def take(self, place: "_Place") -> None:
        """Return once the turn has come to a thread that has waited."""
        with self._lock:
            if self._worker is None:
                self._appoint(place)
                return
            self._returning.append(place)
        self._wait(place)

    def _wait(self, place: "_Place") -> None:
        """Wait to be woken with the turn, and see to it that nobody keeps it without end."""
        while not place.woken.acquire(timeout=TURN_LIMIT_S):
            with self._lock:
                if time.monotonic() - self._since > TURN_LIMIT_S:
                    self._pass_on()

    def _appoint(self, place: "_Place | None") -> None:
        self._worker = place
        self._since = time.monotonic()

    def _pass_on(self) -> None:
        """Wake who is next, under the lock."""
        place = self._next()
        self._appoint(place)
        if place is not None:
            place.woken.release()

    def _next(self) -> "_Place | None":
        """Choose who is next: what has been begun goes before what has not."""
        if self._dispatcher_due > time.monotonic():
            if self._returning:
                return self._returning.popleft()
            if self._queued and self._idle:
                return self._idle.pop()
            if self._queued and self._begun < self._threads:
                return self._new_thread()
        if self._dispatcher_due < math.inf:
            self._dispatcher_due = math.inf
            return self._dispatcher
        return None

    def _new_thread(self) -> "_Place":
        place = _Place(self)
        threading.Thread(target=self._work, args=(place,), name="turn", daemon=True).start()
        self._begun += 1
        return place

    def _work(self, place: "_Place") -> None:
        _here.place = place
        while True:
            place.woken.acquire()
            while call := self._next_call(place):
                call()

    def _next_call(self, place: "_Place") -> Callable[[], None] | None:
        """Return what a thread is to do next, None when it is idle from here on."""
        with self._lock:
            is_due = self._returning or self._dispatcher_due <= time.monotonic()
            if self._worker is place and self._queued and not is_due:
                self._since = time.monotonic()
                return self._queued.popleft()
            self._idle.append(place)
            if self._worker is None or self._worker is place:
                self._pass_on()
            return None


class _Place:
    """Where a thread waits for its turn."""

    __slots__ = ("turns", "woken")

    def __init__(self, turns: Turns) -> None:
        self.turns = turns
        self.woken = threading.Lock()
        self.woken.acquire()


class _Here(threading.local):
    place: _Place | None = None


_here = _Here()


@contextmanager
def waiting() -> Iterator[None]:
    """Let others work while the block waits for something outside; where no turns are taken it means nothing."""
    place = _here.place
    if place is None:
        yield
        return
    place.turns.give(place)
    try:
        yield
    finally:
        place.turns.take(place)


def _settle(future: "Future[Any]", call: Callable[[], Any]) -> None:
    if future.set_running_or_notify_cancel():
        try:
            result = call()
        except BaseException as error:  # noqa: BLE001 (whoever waits for the future raises it)
            future.set_exception(error)
        else:
            future.set_result(result)
