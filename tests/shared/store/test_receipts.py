"""Receipts: found by whoever repeats a request within a day, and by nobody else."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from shared import clock
from shared.clock import CLOCK_SKEW
from shared.database.embedded import EmbeddedDatabase
from shared.database.transaction import Transaction
from shared.store import receipts
from shared.store.receipts import RECEIPT_TTL, IdempotencyKeyReused, Slip
from tests.shared.database.places import contents

SetClock = Callable[[datetime], None]

SLIP = Slip(callers=(UUID(int=1),), key="key", by="POST /sessions", contents=("c0ffee",))
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 24, tzinfo=UTC)
SECOND = timedelta(seconds=1)

instants = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)).map(lambda naive: naive.replace(tzinfo=UTC))


def add(database: EmbeddedDatabase, slip: Slip = SLIP, answer: bytes = b'{"id":1}') -> None:
    database.write(lambda tr: receipts.add(tr, slip, answer))


def found(database: EmbeddedDatabase, slip: Slip = SLIP) -> bytes | None:
    """The answer in the receipt, if there is one."""
    receipt = database.read(lambda tr: receipts.find(tr, slip).wait())
    return None if receipt is None else bytes(receipt.answer)


def found_later(database: EmbeddedDatabase, written: datetime, elapsed: timedelta) -> bool:
    """Whether a receipt written at one instant is found by a clock that shows another."""
    database.write(lambda tr: tr.clear_range(b"", b"\xff"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: written)
        add(database)
        patch.setattr(clock, "now", lambda: written + elapsed)
        return found(database) is not None


def test_a_receipt_holds_the_answer_as_it_was(database: EmbeddedDatabase) -> None:
    answer = b'{"name": "\\u00e4",  "count":1.0}'

    add(database, answer=answer)

    assert found(database) == answer


@pytest.mark.parametrize(
    "other",
    [SLIP._replace(callers=(UUID(int=2),)), SLIP._replace(callers=("anonymous",)), SLIP._replace(key="another key")],
    ids=["of another caller", "of a stranger", "under another key"],
)
def test_a_receipt_is_not_found_by_others(database: EmbeddedDatabase, other: Slip) -> None:
    add(database)

    assert found(database, other) is None


def test_another_request_with_the_same_key_is_refused(database: EmbeddedDatabase) -> None:
    add(database)

    with pytest.raises(IdempotencyKeyReused):
        found(database, SLIP._replace(contents=("another",)))


@pytest.mark.parametrize(
    ("written", "elapsed"),
    [
        (NOON, timedelta(0)),
        (NOON, RECEIPT_TTL),
        (MIDNIGHT - SECOND, SECOND),
        (MIDNIGHT - SECOND, RECEIPT_TTL),
        (MIDNIGHT, RECEIPT_TTL),
        (MIDNIGHT, -SECOND),
        (MIDNIGHT, -CLOCK_SKEW),
        (MIDNIGHT + CLOCK_SKEW - SECOND, -CLOCK_SKEW),
    ],
    ids=[
        "at once",
        "a day later",
        "across midnight",
        "from the last second of a day to that of the next",
        "from midnight to midnight",
        "by a clock still before midnight",
        "by a clock five minutes before midnight",
        "by a clock one second before midnight",
    ],
)
def test_a_receipt_is_found_for_a_day(database: EmbeddedDatabase, written: datetime, elapsed: timedelta) -> None:
    assert found_later(database, written, elapsed)


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(written=instants, elapsed=st.timedeltas(-CLOCK_SKEW, RECEIPT_TTL))
def test_at_any_time_a_receipt_is_found_for_a_day(
    database: EmbeddedDatabase, written: datetime, elapsed: timedelta
) -> None:
    assert found_later(database, written, elapsed)


@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(written=instants, elapsed=st.timedeltas(2 * RECEIPT_TTL, 9 * RECEIPT_TTL))
@example(written=MIDNIGHT, elapsed=2 * RECEIPT_TTL)
def test_after_two_days_a_receipt_is_found_no_more(
    database: EmbeddedDatabase, written: datetime, elapsed: timedelta
) -> None:
    assert not found_later(database, written, elapsed)


@pytest.mark.parametrize(("days", "kept"), [(0, 1), (1, 1), (2, 0), (40, 0)])
def test_a_sweep_removes_receipts_that_nobody_looks_up(
    database: EmbeddedDatabase, set_clock: SetClock, days: int, kept: int
) -> None:
    set_clock(NOON)
    add(database)

    database.write(lambda tr: receipts.sweep(tr, NOON + timedelta(days=days)))

    assert len(contents(database)) == kept


def test_sweeping_touches_nothing_but_receipts(database: EmbeddedDatabase) -> None:
    others = {b"\0": b"first", b"\x02receiptr\0": b"before", b"\x02receipts\x01": b"after", b"\xfe": b"last"}

    def write_others(tr: Transaction) -> None:
        for key, value in others.items():
            tr.set(key, value)

    database.write(write_others)

    database.write(lambda tr: receipts.sweep(tr, NOON))

    assert contents(database) == others
