"""The life of a transaction: committed, given up, failed, too old, used again."""

import time
from collections.abc import Callable

import pytest

from shared.database import errors
from shared.database.engine import Engine, WriteAttempt
from shared.database.errors import DatabaseError
from shared.database.limits import TRANSACTION_LIFETIME_S
from shared.database.transaction import KeySelector, ReadTransaction, Transaction
from tests.shared.database.marks import only_embedded
from tests.shared.database.places import begun, contents

Use = Callable[[WriteAttempt], object]


def set_late(tr: WriteAttempt) -> None:
    tr.set(b"k", b"late")
    tr.commit()


def clear_late(tr: WriteAttempt) -> None:
    tr.clear(b"k")
    tr.get(b"k").wait()


USES: dict[str, Use] = {
    "get": lambda tr: tr.get(b"k").wait(),
    "get_range": lambda tr: tr.get_range(b"k", b"l").wait(),
    "get_key": lambda tr: tr.get_key(KeySelector.first_greater_than(b"k")).wait(),
    "snapshot": lambda tr: tr.snapshot.get(b"k").wait(),
    "commit": lambda tr: tr.commit(),
    "set": set_late,
    "clear": clear_late,
}
every_use = pytest.mark.parametrize("use", USES.values(), ids=USES)


class GivenUp(Exception):
    """What work raises when it does not want to go on."""


class Clock:
    """Time that passes when told to."""

    def __init__(self) -> None:
        self.now_s = time.monotonic()

    def monotonic(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("shared.database.embedded.time", clock)
    monkeypatch.setattr("shared.database.engine.time", clock)
    return clock


def test_work_answers_what_it_returns(database: Engine) -> None:
    assert database.write(lambda _: "written") == "written"
    assert database.read(lambda _: "read") == "read"


def test_all_writes_of_a_transaction_happen(database: Engine) -> None:
    def work(tr: Transaction) -> None:
        tr.set(b"a", b"1")
        tr.set(b"b", b"2")
        tr.atomic("add", b"c", b"\x03")

    database.write(work)

    assert contents(database) == {b"a": b"1", b"b": b"2", b"c": b"\x03"}


def test_an_exception_in_the_work_leaves_nothing_behind(database: Engine) -> None:
    database.write(lambda tr: tr.set(b"a", b"1"))

    def work(tr: Transaction) -> None:
        tr.set(b"a", b"2")
        tr.set(b"b", b"2")
        raise GivenUp

    with pytest.raises(GivenUp):
        database.write(work)
    assert contents(database) == {b"a": b"1"}


def test_after_an_exception_in_the_work_the_next_runs_well(database: Engine) -> None:
    def fail(tr: ReadTransaction) -> None:
        raise GivenUp

    for run in (database.read, database.write):
        with pytest.raises(GivenUp):
            run(fail)

    database.write(lambda tr: tr.set(b"a", b"1"))
    assert contents(database) == {b"a": b"1"}


def test_a_transaction_that_is_given_up_leaves_nothing_behind(database: Engine) -> None:
    with begun(database) as tr:
        tr.set(b"a", b"1")
        assert tr.get(b"a").wait() == b"1"

    assert contents(database) == {}


@every_use
def test_a_cancelled_transaction_is_of_no_more_use(database: Engine, use: Use) -> None:
    with begun(database) as tr:
        tr.set(b"k", b"early")
        tr.cancel()

        with pytest.raises(DatabaseError) as refused:
            use(tr)

    assert refused.value.code == errors.CANCELLED
    assert contents(database) == {}


@every_use
def test_a_committed_transaction_is_of_no_more_use(database: Engine, use: Use) -> None:
    with begun(database) as tr:
        tr.set(b"k", b"early")
        tr.commit()

        with pytest.raises(DatabaseError) as refused:
            use(tr)

    assert refused.value.code == errors.USED_DURING_COMMIT
    assert contents(database) == {b"k": b"early"}


def test_a_transaction_without_writes_commits(database: Engine) -> None:
    with begun(database) as tr:
        tr.get(b"k").wait()
        tr.commit()

    assert contents(database) == {}


def test_work_is_not_run_again_after_an_error_that_this_would_not_cure(database: Engine) -> None:
    runs = []

    def work(tr: Transaction) -> None:
        runs.append(tr)
        tr.set(b"\xff", b"")

    with pytest.raises(DatabaseError):
        database.write(work)
    assert len(runs) == 1


@pytest.mark.parametrize("code", [errors.CONFLICT, errors.TRANSACTION_TOO_OLD, errors.COMMIT_UNKNOWN])
def test_work_runs_again_after_an_error_that_this_may_cure(database: Engine, code: int) -> None:
    runs: list[bytes | None] = []

    def work(tr: Transaction) -> None:
        runs.append(tr.get(b"k").wait())
        tr.set(b"k", b"%d" % len(runs))
        if len(runs) < 3:
            raise DatabaseError(code)

    database.write(work)

    assert runs == [None, None, None], "an attempt saw writes of one that failed"
    assert contents(database) == {b"k": b"3"}


def test_without_time_left_work_is_not_run_again(database: Engine) -> None:
    runs = []

    def work(tr: Transaction) -> None:
        runs.append(tr)
        raise DatabaseError(errors.CONFLICT)

    with pytest.raises(DatabaseError) as refused:
        database.write(work, timeout_s=0.0)
    assert len(runs) <= 1
    assert refused.value.code in (errors.CONFLICT, errors.TIMED_OUT)


@only_embedded
def test_a_transaction_lives_five_seconds(database: Engine, clock: Clock) -> None:
    with begun(database) as tr:
        tr.set(b"k", b"1")
        clock.now_s += TRANSACTION_LIFETIME_S

        assert tr.get(b"k").wait() == b"1"
        tr.commit()

    assert contents(database) == {b"k": b"1"}


@only_embedded
@every_use
def test_a_transaction_older_than_five_seconds_is_of_no_more_use(database: Engine, clock: Clock, use: Use) -> None:
    with begun(database) as tr:
        tr.set(b"k", b"1")
        clock.now_s += TRANSACTION_LIFETIME_S + 0.001

        with pytest.raises(DatabaseError) as refused:
            use(tr)

    assert refused.value.code == errors.TRANSACTION_TOO_OLD
    assert contents(database) == {}


@only_embedded
def test_a_view_older_than_five_seconds_cannot_be_read(database: Engine, clock: Clock) -> None:
    ages = []

    def work(tr: ReadTransaction) -> None:
        ages.append(clock.now_s)
        clock.now_s += TRANSACTION_LIFETIME_S + 0.001
        tr.get(b"k").wait()

    with pytest.raises(DatabaseError) as refused:
        database.read(work, timeout_s=2 * TRANSACTION_LIFETIME_S)
    assert refused.value.code == errors.TRANSACTION_TOO_OLD
    assert len(ages) == 2, "the deadline leaves room for just one more attempt"


@only_embedded
def test_work_that_was_too_slow_once_runs_again_on_a_new_view(database: Engine, clock: Clock) -> None:
    runs = []

    def work(tr: Transaction) -> None:
        runs.append(tr.get(b"k").wait())
        if len(runs) == 1:
            clock.now_s += TRANSACTION_LIFETIME_S + 0.001
        tr.set(b"k", b"1")

    database.write(work)

    assert runs == [None, None]
    assert contents(database) == {b"k": b"1"}
