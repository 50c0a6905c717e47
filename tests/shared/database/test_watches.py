"""Watches: told when a key changes after the commit that set them."""

from collections.abc import Callable
from threading import Event

import pytest

from shared.database import errors
from shared.database.engine import Engine
from shared.database.errors import DatabaseError
from shared.database.transaction import Transaction
from tests.shared.database.places import PATIENCE_S, begun
from tests.shared.database.threads import at_once

A_MOMENT_S = 0.01


@pytest.mark.parametrize(
    "change",
    [
        lambda tr: tr.set(b"k", b"new"),
        lambda tr: tr.clear(b"k"),
        lambda tr: tr.clear_range(b"a", b"z"),
        lambda tr: tr.atomic("add", b"k", b"\x01"),
    ],
    ids=["set", "clear", "clear_range", "atomic"],
)
def test_a_watch_is_told_of_a_change_that_comes_after_it(
    database: Engine, change: Callable[[Transaction], None]
) -> None:
    database.write(lambda tr: tr.set(b"k", b"old"))
    watch = database.write(lambda tr: tr.watch(b"k"))
    watching = Event()

    def wait() -> bool:
        watching.set()
        return watch.wait(PATIENCE_S)

    def write() -> bool:
        watching.wait()
        database.write(change)
        return True

    assert at_once([wait, write]) == [True, True]


def test_a_change_before_anybody_waits_is_told_all_the_same(database: Engine) -> None:
    watch = database.write(lambda tr: tr.watch(b"k"))

    database.write(lambda tr: tr.set(b"k", b"new"))

    assert watch.wait(PATIENCE_S)


def test_a_watch_that_sees_no_change_in_time_says_so(database: Engine) -> None:
    watch = database.write(lambda tr: tr.watch(b"k"))

    database.write(lambda tr: tr.set(b"another", b"new"))

    assert not watch.wait(A_MOMENT_S)
    watch.cancel()


def test_a_watch_is_not_told_of_what_its_own_transaction_writes(database: Engine) -> None:
    with begun(database) as tr:
        tr.set(b"k", b"own")
        watch = tr.watch(b"k")
        tr.commit()

    assert not watch.wait(A_MOMENT_S)
    database.write(lambda tr: tr.set(b"k", b"of another"))
    assert watch.wait(PATIENCE_S)


def test_a_cancelled_watch_tells_who_waits(database: Engine) -> None:
    watch = database.write(lambda tr: tr.watch(b"k"))
    watching = Event()

    def wait() -> int:
        watching.set()
        with pytest.raises(DatabaseError) as refused:
            watch.wait(PATIENCE_S)
        return refused.value.code

    def cancel() -> int:
        watching.wait()
        watch.cancel()
        return errors.OPERATION_CANCELLED

    assert at_once([wait, cancel]) == [errors.OPERATION_CANCELLED] * 2


def test_a_watch_whose_transaction_was_given_up_watches_nothing(database: Engine) -> None:
    with begun(database) as tr:
        watch = tr.watch(b"k")

    with pytest.raises(DatabaseError) as refused:
        watch.wait(PATIENCE_S)
    assert refused.value.code == errors.CANCELLED
