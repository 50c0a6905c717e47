"""Transactions at the same time, in threads: as if each had run alone."""

from threading import Event

import pytest

from shared.database import errors
from shared.database.engine import Engine
from shared.database.errors import DatabaseError
from shared.database.transaction import ReadTransaction, Transaction
from tests.shared.database.marks import only_embedded
from tests.shared.database.places import PATIENCE_S, begun, contents
from tests.shared.database.threads import at_once

THREADS = 6
ACCOUNTS = [b"account/%d" % number for number in range(4)]


def test_no_update_is_lost_between_threads(database: Engine) -> None:
    def increment(tr: Transaction) -> None:
        count = int(tr.get(b"count").wait() or b"0")
        tr.set(b"count", b"%d" % (count + 1))

    def count() -> None:
        for _ in range(20):
            database.write(increment, timeout_s=PATIENCE_S)

    at_once([count] * THREADS)

    assert contents(database) == {b"count": b"%d" % (THREADS * 20)}


def test_atomic_additions_need_no_read_to_be_kept(database: Engine) -> None:
    def count() -> None:
        for _ in range(20):
            database.write(lambda tr: tr.atomic("add", b"count", b"\x01\0\0\0"), timeout_s=PATIENCE_S)

    at_once([count] * THREADS)

    assert int.from_bytes(contents(database)[b"count"], "little") == THREADS * 20


def test_what_two_decide_on_each_others_word_never_both_happens(database: Engine) -> None:
    """Write skew: each may leave as long as the other stays, so they never both leave."""

    def prepare(tr: Transaction) -> None:
        tr.set(b"here/ada", b"")
        tr.set(b"here/bob", b"")

    def leave(tr: Transaction, name: bytes) -> None:
        if len(tr.get_range(b"here/", b"here0").wait()) == 2:
            tr.clear(b"here/" + name)

    stayed = []
    for _ in range(20):
        database.write(prepare)
        at_once(
            [
                lambda: database.write(lambda tr: leave(tr, b"ada"), timeout_s=PATIENCE_S),
                lambda: database.write(lambda tr: leave(tr, b"bob"), timeout_s=PATIENCE_S),
            ]
        )
        stayed.append(len(contents(database)))

    assert stayed == [1] * 20


def test_a_key_that_was_absent_is_taken_by_one_only(database: Engine) -> None:
    def take(tr: Transaction) -> bool:
        if tr.get(b"name").wait() is not None:
            return False
        tr.set(b"name", b"taken")
        return True

    taken = at_once([lambda: database.write(take, timeout_s=PATIENCE_S)] * THREADS)

    assert taken.count(True) == 1


def test_a_view_never_shows_half_a_transaction(database: Engine) -> None:
    total = 100 * len(ACCOUNTS)

    def open_accounts(tr: Transaction) -> None:
        for account in ACCOUNTS:
            tr.set(account, b"100")

    def transfer(tr: Transaction) -> None:
        balances = [int(value) for _, value in tr.get_range(b"account/", b"account0").wait()]
        source = balances.index(max(balances))
        target = (source + 1) % len(ACCOUNTS)
        tr.set(ACCOUNTS[source], b"%d" % (balances[source] - 7))
        tr.set(ACCOUNTS[target], b"%d" % (balances[target] + 7))

    def one_by_one(tr: ReadTransaction) -> int:
        return sum(int(tr.get(account).wait() or b"") for account in ACCOUNTS)

    database.write(open_accounts)
    ended = Event()

    def write() -> list[int]:
        for _ in range(50):
            database.write(transfer, timeout_s=PATIENCE_S)
        ended.set()
        return []

    def read() -> list[int]:
        sums = [database.read(one_by_one)]
        while not ended.is_set():
            sums.append(database.read(one_by_one))
        return sums

    _, *sums = at_once([write, read, read])

    assert {total_seen for seen in sums for total_seen in seen} == {total}


@only_embedded
def test_readers_go_on_while_a_write_transaction_is_open(database: Engine) -> None:
    database.write(lambda tr: tr.set(b"k", b"old"))

    with begun(database) as tr:
        tr.set(b"k", b"new")
        [during] = at_once([lambda: database.read(lambda tr: tr.get(b"k").wait())])
        tr.commit()

    assert during == b"old"
    assert contents(database) == {b"k": b"new"}


@only_embedded
def test_a_writer_that_waits_too_long_is_told_so(database: Engine) -> None:
    def late() -> int:
        with pytest.raises(DatabaseError) as refused:
            database.write(lambda tr: tr.set(b"k", b"late"), timeout_s=0.01)
        return refused.value.code

    with begun(database):
        codes = at_once([late, late])

    assert codes == [errors.TIMED_OUT] * 2
    database.write(lambda tr: tr.set(b"k", b"in time"))
    assert contents(database) == {b"k": b"in time"}
