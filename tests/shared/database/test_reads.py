"""What a transaction reads: values, ranges, keys found by selectors, and its own writes among them."""

from collections.abc import Callable

import pytest

from shared.database.engine import Engine
from shared.database.transaction import KeySelector, ReadTransaction, Transaction
from tests.shared.database.places import begun
from tests.shared.database.threads import at_once

PAIRS = [(b"a", b"1"), (b"b", b"2"), (b"b\0", b"3"), (b"c", b"4"), (b"c\xff", b"5")]


@pytest.fixture
def letters(database: Engine) -> Engine:
    """A database with a few pairs."""

    def work(tr: Transaction) -> None:
        for key, value in PAIRS:
            tr.set(key, value)

    database.write(work)
    return database


@pytest.mark.parametrize(("key", "value"), [*PAIRS, (b"", None), (b"b\0\0", None), (b"d", None)])
def test_a_key_has_one_value_or_none(letters: Engine, key: bytes, value: bytes | None) -> None:
    assert letters.read(lambda tr: tr.get(key).wait()) == value


def test_a_value_may_be_empty_which_is_not_none(database: Engine) -> None:
    database.write(lambda tr: tr.set(b"k", b""))

    assert database.read(lambda tr: tr.get(b"k").wait()) == b""


@pytest.mark.parametrize(
    ("begin", "end", "found"),
    [
        (b"", b"\xff", PAIRS),
        (b"a", b"c", PAIRS[:3]),
        (b"b\0", b"c\0", PAIRS[2:4]),
        (b"c", b"c", []),
        (b"c", b"a", []),
        (b"d", b"\xff", []),
    ],
)
def test_a_range_holds_its_begin_and_not_its_end(
    letters: Engine, begin: bytes, end: bytes, found: list[tuple[bytes, bytes]]
) -> None:
    assert letters.read(lambda tr: tr.get_range(begin, end).wait()) == found


@pytest.mark.parametrize("limit", [1, 2, 4, 5, 6])
def test_a_limit_keeps_the_first_pairs_of_a_range(letters: Engine, limit: int) -> None:
    assert letters.read(lambda tr: tr.get_range(b"", b"\xff", limit=limit).wait()) == PAIRS[:limit]


@pytest.mark.parametrize("limit", [1, 2, 4, 5, 6])
def test_in_reverse_a_limit_keeps_the_last_pairs(letters: Engine, limit: int) -> None:
    found = letters.read(lambda tr: tr.get_range(b"", b"\xff", limit=limit, reverse=True).wait())

    assert found == PAIRS[::-1][:limit]


@pytest.mark.parametrize(
    ("selector", "found"),
    [
        (KeySelector.first_greater_or_equal(b"b"), b"b"),
        (KeySelector.first_greater_or_equal(b"bb"), b"c"),
        (KeySelector.first_greater_than(b"b"), b"b\0"),
        (KeySelector.first_greater_than(b"c\xff"), b"\xff"),
        (KeySelector.last_less_than(b"b"), b"a"),
        (KeySelector.last_less_than(b"a"), b""),
        (KeySelector.last_less_or_equal(b"b"), b"b"),
        (KeySelector.last_less_or_equal(b"bb"), b"b\0"),
        (KeySelector.first_greater_or_equal(b"a") + 2, b"b\0"),
        (KeySelector.first_greater_or_equal(b"a") + -1, b""),
        (KeySelector.first_greater_than(b"b") + -1, b"b"),
        (KeySelector.last_less_than(b"c") + -1, b"b"),
        (KeySelector.last_less_than(b"c") + 1, b"c"),
        (KeySelector.last_less_or_equal(b"c\xff") + 1, b"\xff"),
        (KeySelector.first_greater_or_equal(b"a") + 99, b"\xff"),
        (KeySelector.last_less_than(b"c") + -99, b""),
    ],
)
def test_a_selector_finds_a_key_counted_from_another(letters: Engine, selector: KeySelector, found: bytes) -> None:
    assert letters.read(lambda tr: tr.get_key(selector).wait()) == found


def test_reads_that_are_issued_together_may_be_awaited_in_any_order(letters: Engine) -> None:
    def work(tr: ReadTransaction) -> list[bytes | None]:
        reads = [tr.get(key) for key, _ in PAIRS]
        return [read.wait() for read in reversed(reads)]

    assert letters.read(work) == [value for _, value in reversed(PAIRS)]


def test_an_answer_can_be_looked_at_twice(letters: Engine) -> None:
    def work(tr: ReadTransaction) -> list[object]:
        value, pairs = tr.get(b"a"), tr.get_range(b"a", b"b")
        return [value.wait(), value.wait(), pairs.wait(), pairs.wait()]

    assert letters.read(work) == [b"1", b"1", [(b"a", b"1")], [(b"a", b"1")]]


@pytest.mark.parametrize(
    ("write", "seen"),
    [
        (lambda tr: tr.set(b"b", b"new"), [PAIRS[0], (b"b", b"new"), *PAIRS[2:]]),
        (lambda tr: tr.set(b"aa", b"new"), [PAIRS[0], (b"aa", b"new"), *PAIRS[1:]]),
        (lambda tr: tr.clear(b"b"), [PAIRS[0], *PAIRS[2:]]),
        (lambda tr: tr.clear(b"x"), PAIRS),
        (lambda tr: tr.clear_range(b"b", b"c"), [PAIRS[0], *PAIRS[3:]]),
        (lambda tr: tr.atomic("add", b"a", b"\x01"), [(b"a", b"2"), *PAIRS[1:]]),
        (lambda tr: tr.atomic("compare_and_clear", b"a", b"1"), PAIRS[1:]),
        (lambda tr: tr.atomic("compare_and_clear", b"a", b"9"), PAIRS),
    ],
)
def test_a_transaction_sees_its_own_writes(
    letters: Engine, write: Callable[[Transaction], None], seen: list[tuple[bytes, bytes]]
) -> None:
    with begun(letters) as tr:
        write(tr)

        assert tr.get_range(b"", b"\xff").wait() == seen
        assert tr.snapshot.get_range(b"", b"\xff").wait() == seen
        assert [tr.get(key).wait() for key, _ in seen] == [value for _, value in seen]
        assert tr.get_key(KeySelector.first_greater_or_equal(b"")).wait() == seen[0][0]


def test_a_read_sees_one_instant_however_long_it_takes(letters: Engine) -> None:
    def change(tr: Transaction) -> None:
        tr.set(b"a", b"changed")
        tr.set(b"c", b"changed")

    def work(tr: ReadTransaction) -> tuple[bytes | None, bytes | None]:
        before = tr.get(b"a").wait()
        at_once([lambda: letters.write(change)])
        return before, tr.get(b"c").wait()

    # The embedded engine may look again from the beginning, and then sees the later instant.
    assert letters.read(work) in [(b"1", b"4"), (b"changed", b"changed")]
    assert letters.read(lambda tr: tr.get(b"c").wait()) == b"changed"
