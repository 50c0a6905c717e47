"""Atomic operations: what each makes of a value, and that the engines do just that."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.database.atomic import OPERATIONS
from shared.database.engine import Engine
from shared.database.limits import VALUE_LIMIT_BYTES
from shared.database.transaction import Transaction

numbers = st.binary(max_size=9)
values = st.none() | numbers


def number(text: bytes) -> int:
    return int.from_bytes(text, "little")


def fitted(value: bytes | None, operand: bytes) -> int:
    """The value as a number that fits into as many bytes as the operand has."""
    return number(value or b"") % (1 << 8 * len(operand))


@given(values, numbers)
def test_add_wraps_around_at_the_operands_size(value: bytes | None, operand: bytes) -> None:
    total = OPERATIONS["add"](value, operand)

    assert total is not None
    assert len(total) == len(operand)
    assert number(total) == (fitted(value, operand) + number(operand)) % (1 << 8 * len(operand))


@given(values, numbers)
def test_max_is_the_larger_number_at_the_operands_size(value: bytes | None, operand: bytes) -> None:
    larger = OPERATIONS["max"](value, operand)

    assert larger == max(fitted(value, operand), number(operand)).to_bytes(len(operand), "little")


@given(numbers, numbers)
def test_min_is_the_smaller_number_at_the_operands_size(value: bytes, operand: bytes) -> None:
    smaller = OPERATIONS["min"](value, operand)

    assert smaller == min(fitted(value, operand), number(operand)).to_bytes(len(operand), "little")


@given(numbers, numbers)
def test_bits_are_combined_at_the_operands_size(value: bytes, operand: bytes) -> None:
    combined = {name: OPERATIONS[name](value, operand) for name in ("bit_and", "bit_or", "bit_xor")}

    a, b, size = fitted(value, operand), number(operand), len(operand)
    expected = {"bit_and": a & b, "bit_or": a | b, "bit_xor": a ^ b}
    assert combined == {name: bits.to_bytes(size, "little") for name, bits in expected.items()}


@given(numbers, numbers)
def test_byte_max_and_byte_min_order_values_like_keys(value: bytes, operand: bytes) -> None:
    ends = OPERATIONS["byte_min"](value, operand), OPERATIONS["byte_max"](value, operand)

    assert list(ends) == sorted([value, operand])


@given(st.sampled_from(sorted(set(OPERATIONS) - {"compare_and_clear"})), numbers)
def test_without_a_value_every_operation_leaves_the_operand(name: str, operand: bytes) -> None:
    assert OPERATIONS[name](None, operand) == operand


@given(values, numbers)
def test_compare_and_clear_removes_only_that_value(value: bytes | None, operand: bytes) -> None:
    assert OPERATIONS["compare_and_clear"](value, operand) == (None if value == operand else value)


@pytest.mark.parametrize(("room_bytes", "fits"), [(2, True), (1, True), (0, False)])
def test_append_if_fits_leaves_a_value_that_would_grow_too_large(room_bytes: int, fits: bool) -> None:
    value = b"x" * (VALUE_LIMIT_BYTES - room_bytes)

    appended = OPERATIONS["append_if_fits"](value, b"y")

    assert appended == (value + b"y" if fits else value)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(sorted(OPERATIONS)), values, st.lists(numbers, min_size=1, max_size=3))
def test_an_engine_applies_them_in_order(
    database: Engine, name: str, value: bytes | None, operands: list[bytes]
) -> None:
    def prepare(tr: Transaction) -> None:
        tr.clear(b"k")
        if value is not None:
            tr.set(b"k", value)

    def work(tr: Transaction) -> bytes | None:
        for operand in operands:
            tr.atomic(name, b"k", operand)
        return tr.get(b"k").wait()

    database.write(prepare)
    seen = database.write(work)
    kept = database.read(lambda tr: tr.get(b"k").wait())

    expected = value
    for operand in operands:
        expected = OPERATIONS[name](expected, operand)
    assert (seen, kept) == (expected, expected)
