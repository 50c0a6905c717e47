"""Threads that work in turns: one at a time, and nobody waits for one that waits itself."""

import random
import threading
from concurrent.futures import wait
from contextlib import suppress

import pytest

from shared.turns import TURN_LIMIT_S, Turns, waiting
from tests.server import wait_until

PATIENCE_S = 60
CALLS = 2_000


class Room:
    """Tells how many are in it at once, at most."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self.most = 0

    def __enter__(self) -> None:
        with self._lock:
            self._inside += 1
            self.most = max(self.most, self._inside)

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is thought to be stuck because the machine is busy."""
    monkeypatch.setattr("shared.turns.TURN_LIMIT_S", PATIENCE_S)


@pytest.mark.usefixtures("patient")
def test_one_works_at_a_time_however_they_wait_and_all_is_done() -> None:
    turns, room, draw = Turns(8), Room(), random.Random(7)
    pauses = [[draw.random() / 1000 for _ in range(draw.randrange(3))] for _ in range(CALLS)]
    napping = threading.Event()

    def work(number: int) -> int:
        for pause_s in pauses[number]:
            with room:
                sum(range(500))
            with waiting():
                napping.wait(pause_s)
        with room:
            return number

    futures = []
    for number in range(CALLS):
        with turns.dispatching(), room:
            futures.append(turns.submit(work, number))

    assert [future.result(PATIENCE_S) for future in futures] == list(range(CALLS))
    assert room.most == 1
    assert turns.queued == 0


def test_who_waits_lets_others_work() -> None:
    turns = Turns(3)
    meeting = threading.Barrier(3)

    def meet() -> None:
        with waiting():
            meeting.wait(PATIENCE_S)

    _, late = wait([turns.submit(meet) for _ in range(3)], PATIENCE_S)

    assert not late


@pytest.mark.usefixtures("patient")
def test_what_has_waited_goes_on_before_what_was_not_begun() -> None:
    turns, answered, done = Turns(2), threading.Event(), []

    def first() -> None:
        with waiting():
            answered.wait(PATIENCE_S)
        done.append("first")

    def second() -> None:
        answered.set()
        wait_until(lambda: turns._returning, "the first does not return")
        done.append("second")

    futures = [turns.submit(first), turns.submit(second), turns.submit(done.append, "third")]
    wait(futures, PATIENCE_S)

    assert done == ["second", "first", "third"]


def test_who_waits_without_saying_so_does_not_stop_the_others() -> None:
    turns, answered = Turns(2), threading.Event()
    stuck = turns.submit(answered.wait, PATIENCE_S)
    helper = turns.submit(answered.set)

    with turns.dispatching():
        pass

    helper.result(PATIENCE_S)
    assert stuck.result(PATIENCE_S)


def test_whoever_was_stuck_works_in_turns_again() -> None:
    turns, answered, room = Turns(2), threading.Event(), Room()

    def stick() -> None:
        answered.wait(PATIENCE_S)
        with waiting():
            pass
        with room:
            pass

    stuck = turns.submit(stick)
    with turns.dispatching(), room:
        answered.set()

    stuck.result(PATIENCE_S)
    assert [turns.submit(abs, -number).result(PATIENCE_S) for number in range(10)] == list(range(10))
    assert room.most == 1


def test_whoever_was_stuck_does_what_has_come_meanwhile() -> None:
    turns, answered = Turns(1), threading.Event()
    turns.submit(answered.wait, PATIENCE_S)
    with turns.dispatching():
        late = turns.submit(abs, -1)

    answered.set()

    assert late.result(PATIENCE_S) == 1


def test_the_dispatcher_has_its_share_though_the_others_work_without_end() -> None:
    turns, over = Turns(2), threading.Event()

    def work() -> None:
        if not over.is_set():
            turns.submit(work)

    def dispatch() -> None:
        for _ in range(3):
            with turns.dispatching():
                pass

    turns.submit(work)
    dispatcher = threading.Thread(target=dispatch, daemon=True)
    dispatcher.start()
    dispatcher.join(PATIENCE_S)
    over.set()

    assert not dispatcher.is_alive()


def test_no_more_threads_are_begun_than_there_may_be() -> None:
    turns, answered, begun = Turns(2), threading.Event(), threading.Semaphore(0)

    def ask() -> None:
        begun.release()
        with waiting():
            answered.wait(PATIENCE_S)

    futures = [turns.submit(ask) for _ in range(5)]
    for _ in range(2):
        assert begun.acquire(timeout=PATIENCE_S)
    # Time enough for a third, were there one.
    assert not begun.acquire(timeout=TURN_LIMIT_S)
    assert turns.queued == 3
    answered.set()

    assert not wait(futures, PATIENCE_S).not_done


def test_what_a_call_raises_is_raised_to_who_asks() -> None:
    turns = Turns(1)

    with pytest.raises(ZeroDivisionError):
        turns.submit(divmod, 1, 0).result(PATIENCE_S)
    assert turns.submit(divmod, 7, 2).result(PATIENCE_S) == (3, 1)


def test_without_turns_waiting_means_nothing() -> None:
    with suppress(KeyError), waiting():
        raise KeyError
    with waiting():
        pass
