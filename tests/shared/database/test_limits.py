"""The limits on keys, values and transactions, on each side of each."""

from collections.abc import Callable

import pytest

from shared.database import errors
from shared.database.engine import Engine
from shared.database.errors import DatabaseError
from shared.database.limits import KEY_LIMIT_BYTES, TRANSACTION_LIMIT_BYTES, VALUE_LIMIT_BYTES
from shared.database.transaction import KeySelector, ReadTransaction, Transaction
from tests.shared.database.places import Place, begun, contents
from tests.shared.database.stamps import STAMP_AND_OFFSET_BYTES, stamped

Write = Callable[[Transaction], None]
SizedWrite = Callable[[Transaction, int], None]

KEY_WRITES: dict[str, SizedWrite] = {
    "set": lambda tr, size_bytes: tr.set(b"k" * size_bytes, b""),
    "atomic": lambda tr, size_bytes: tr.atomic("max", b"k" * size_bytes, b""),
    "stamped key": lambda tr, size_bytes: tr.set_versionstamped_key(with_stamp(size_bytes), b""),
    "stamped value": lambda tr, size_bytes: tr.set_versionstamped_value(b"k" * size_bytes, stamped(b"")),
}
VALUE_WRITES: dict[str, SizedWrite] = {
    "set": lambda tr, size_bytes: tr.set(b"k", b"v" * size_bytes),
    "atomic": lambda tr, size_bytes: tr.atomic("max", b"k", b"v" * size_bytes),
    "stamped key": lambda tr, size_bytes: tr.set_versionstamped_key(stamped(b"k"), b"v" * size_bytes),
    "stamped value": lambda tr, size_bytes: tr.set_versionstamped_value(b"k", with_stamp(size_bytes)),
}
# A key of a length that no key has.
TOO_LONG = b"k" * (KEY_LIMIT_BYTES + 1)


def with_stamp(size_bytes: int) -> bytes:
    return stamped(b"x" * (size_bytes - STAMP_AND_OFFSET_BYTES))


@pytest.fixture
def key_limit_bytes(place: Place) -> int:
    """How long a key may be, since the prefix that tests keep to counts too."""
    return KEY_LIMIT_BYTES - len(place.prefix)


def refusal(database: Engine, work: Write) -> int:
    """The code with which a transaction is refused that does also harmless things."""

    def with_more(tr: Transaction) -> None:
        tr.set(b"before", b"")
        work(tr)
        tr.set(b"after", b"")

    with pytest.raises(DatabaseError) as refused:
        database.write(with_more)
    assert contents(database) == {}, "a transaction was refused and yet half of it happened"
    return refused.value.code


@pytest.mark.parametrize("write", KEY_WRITES.values(), ids=KEY_WRITES)
def test_the_longest_key_is_kept(database: Engine, key_limit_bytes: int, write: SizedWrite) -> None:
    database.write(lambda tr: write(tr, key_limit_bytes))

    assert len(contents(database)) == 1


@pytest.mark.parametrize("write", KEY_WRITES.values(), ids=KEY_WRITES)
def test_a_longer_key_is_refused(database: Engine, key_limit_bytes: int, write: SizedWrite) -> None:
    assert refusal(database, lambda tr: write(tr, key_limit_bytes + 1)) == errors.KEY_TOO_LARGE


@pytest.mark.parametrize("write", VALUE_WRITES.values(), ids=VALUE_WRITES)
def test_the_largest_value_is_kept(database: Engine, write: SizedWrite) -> None:
    database.write(lambda tr: write(tr, VALUE_LIMIT_BYTES))

    assert len(contents(database)) == 1


@pytest.mark.parametrize("write", VALUE_WRITES.values(), ids=VALUE_WRITES)
def test_a_larger_value_is_refused(database: Engine, write: SizedWrite) -> None:
    assert refusal(database, lambda tr: write(tr, VALUE_LIMIT_BYTES + 1)) == errors.VALUE_TOO_LARGE


@pytest.mark.parametrize(
    "write",
    [
        lambda tr: tr.clear(TOO_LONG),
        lambda tr: tr.clear_range(TOO_LONG, TOO_LONG * 2),
        lambda tr: tr.add_read_conflict_range(TOO_LONG, TOO_LONG * 2),
        lambda tr: tr.add_write_conflict_range(TOO_LONG, TOO_LONG * 2),
    ],
    ids=["clear", "clear_range", "add_read_conflict_range", "add_write_conflict_range"],
)
def test_what_only_names_a_key_too_long_to_be_there_is_no_error(database: Engine, write: Write) -> None:
    def work(tr: Transaction) -> None:
        write(tr)
        tr.set(b"k", b"")

    database.write(work)

    assert contents(database) == {b"k": b""}


def test_a_key_too_long_to_be_there_is_read_as_none(database: Engine) -> None:
    assert database.read(lambda tr: tr.get(TOO_LONG).wait()) is None


def test_a_range_between_keys_too_long_to_be_there_is_cleared(database: Engine) -> None:
    database.write(lambda tr: tr.set(b"l", b""))

    database.write(lambda tr: tr.clear_range(TOO_LONG, b"m" * (KEY_LIMIT_BYTES + 1)))

    assert contents(database) == {}


@pytest.mark.parametrize(
    "write",
    [
        lambda tr: tr.set(b"\xff", b""),
        lambda tr: tr.set(b"\xff/k", b""),
        lambda tr: tr.clear(b"\xff/k"),
        lambda tr: tr.clear_range(b"k", b"\xff\0"),
        lambda tr: tr.atomic("add", b"\xff/k", b"\x01"),
        lambda tr: tr.set_versionstamped_value(b"\xff/k", stamped(b"")),
        lambda tr: tr.add_read_conflict_range(b"k", b"\xff\0"),
        lambda tr: tr.add_write_conflict_range(b"k", b"\xff\0"),
    ],
    ids=[
        "set",
        "set beyond",
        "clear",
        "clear_range",
        "atomic",
        "stamped value",
        "add_read_conflict_range",
        "add_write_conflict_range",
    ],
)
def test_the_systems_keys_cannot_be_written(database: Engine, write: Write) -> None:
    assert refusal(database, write) == errors.KEY_OUTSIDE_LEGAL_RANGE


@pytest.mark.parametrize(
    "read",
    [
        lambda tr: tr.get(b"\xff").wait(),
        lambda tr: tr.get_range(b"k", b"\xff\0").wait(),
        lambda tr: tr.get_range(b"\xff\0", b"k").wait(),
        lambda tr: tr.get_key(KeySelector.first_greater_than(b"\xff\0")).wait(),
        lambda tr: tr.snapshot.get(b"\xff").wait(),
    ],
    ids=["get", "get_range to", "get_range from", "get_key", "snapshot get"],
)
def test_the_systems_keys_cannot_be_read(database: Engine, read: Callable[[ReadTransaction], object]) -> None:
    with pytest.raises(DatabaseError) as refused:
        database.read(read)

    assert refused.value.code == errors.KEY_OUTSIDE_LEGAL_RANGE


def test_all_keys_up_to_the_systems_can_be_cleared_and_read(database: Engine) -> None:
    database.write(lambda tr: tr.set(b"\xfe\xff\xff", b""))

    assert database.read(lambda tr: tr.get_key(KeySelector.last_less_than(b"\xff")).wait()) == b"\xfe\xff\xff"
    database.write(lambda tr: tr.clear_range(b"", b"\xff"))
    assert contents(database) == {}


@pytest.mark.parametrize(
    "write",
    [
        lambda tr: tr.clear_range(b"l", b"k"),
        lambda tr: tr.add_read_conflict_range(b"l", b"k"),
        lambda tr: tr.add_write_conflict_range(b"l", b"k"),
    ],
    ids=["clear_range", "add_read_conflict_range", "add_write_conflict_range"],
)
def test_an_inverted_range_is_refused(database: Engine, write: Write) -> None:
    assert refusal(database, write) == errors.INVERTED_RANGE


@pytest.mark.parametrize(("spare_bytes", "fits"), [(VALUE_LIMIT_BYTES, True), (-VALUE_LIMIT_BYTES, False)])
def test_a_transaction_may_be_only_so_large(database: Engine, spare_bytes: int, fits: bool) -> None:
    count = (TRANSACTION_LIMIT_BYTES - spare_bytes) // VALUE_LIMIT_BYTES

    def work(tr: Transaction) -> None:
        for number in range(count):
            tr.set(b"%03d" % number, b"v" * VALUE_LIMIT_BYTES)

    if fits:
        database.write(work)
        assert len(contents(database)) == count
    else:
        assert refusal(database, work) == errors.TRANSACTION_TOO_LARGE


@pytest.mark.parametrize(("value_bytes", "fits"), [(800, True), (1_000, False)])
def test_a_transaction_may_set_itself_a_smaller_limit(database: Engine, value_bytes: int, fits: bool) -> None:
    def work(tr: Transaction) -> None:
        tr.set_size_limit(1_000)
        tr.set(b"k", b"v" * value_bytes)

    if fits:
        database.write(work)
        assert len(contents(database)) == 1
    else:
        assert refusal(database, work) == errors.TRANSACTION_TOO_LARGE


def test_conflict_ranges_count_towards_the_size(database: Engine) -> None:
    def work(tr: Transaction) -> None:
        tr.set_size_limit(1_000)
        for first in b"abcdefghij":
            key = bytes([first]) * 100
            tr.add_read_conflict_range(key, key + b"\0")
            tr.add_write_conflict_range(key, key + b"\0")

    assert refusal(database, work) == errors.TRANSACTION_TOO_LARGE


def test_values_that_were_overwritten_or_refused_are_no_reason_to_fail_the_next(database: Engine) -> None:
    refusal(database, lambda tr: tr.set(TOO_LONG, b""))

    database.write(lambda tr: tr.set(b"k", b"1"))

    assert contents(database) == {b"k": b"1"}


def test_a_refused_write_is_told_at_the_next_read(database: Engine) -> None:
    with begun(database) as tr:
        tr.set(b"k", b"v" * (VALUE_LIMIT_BYTES + 1))

        with pytest.raises(DatabaseError) as refused:
            tr.get(b"k").wait()

    assert refused.value.code == errors.VALUE_TOO_LARGE


def test_the_first_of_two_refusals_is_the_one_that_is_told(database: Engine) -> None:
    def work(tr: Transaction) -> None:
        tr.set(b"k", b"v" * (VALUE_LIMIT_BYTES + 1))
        tr.set(TOO_LONG, b"")

    assert refusal(database, work) == errors.VALUE_TOO_LARGE
