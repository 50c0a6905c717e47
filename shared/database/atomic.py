"""FoundationDB's atomic operations on values, as functions of the value there is (None: none) and the operand.

https://apple.github.io/foundationdb/developer-guide.html#atomic-operations
"""

from collections.abc import Callable

from shared.database.limits import VALUE_LIMIT_BYTES

Operation = Callable[[bytes | None, bytes], bytes | None]
"""Gives the new value; None removes the key."""


def _sized(value: bytes | None, size_bytes: int) -> bytes:
    """Bring a little-endian number to the operand's size: zeros added, or the high end cut off."""
    return (value or b"")[:size_bytes].ljust(size_bytes, b"\0")


def _add(value: bytes | None, operand: bytes) -> bytes:
    size_bytes = len(operand)
    total = int.from_bytes(_sized(value, size_bytes), "little") + int.from_bytes(operand, "little")
    return (total % (1 << 8 * size_bytes)).to_bytes(size_bytes, "little")


def _max(value: bytes | None, operand: bytes) -> bytes:
    return max(_sized(value, len(operand)), operand, key=lambda number: int.from_bytes(number, "little"))


def _min(value: bytes | None, operand: bytes) -> bytes:
    if value is None:
        return operand
    return min(_sized(value, len(operand)), operand, key=lambda number: int.from_bytes(number, "little"))


def _byte_max(value: bytes | None, operand: bytes) -> bytes:
    return operand if value is None else max(value, operand)


def _byte_min(value: bytes | None, operand: bytes) -> bytes:
    return operand if value is None else min(value, operand)


def _bit_and(value: bytes | None, operand: bytes) -> bytes:
    if value is None:
        return operand
    return bytes(a & b for a, b in zip(_sized(value, len(operand)), operand, strict=True))


def _bit_or(value: bytes | None, operand: bytes) -> bytes:
    return bytes(a | b for a, b in zip(_sized(value, len(operand)), operand, strict=True))


def _bit_xor(value: bytes | None, operand: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(_sized(value, len(operand)), operand, strict=True))


def _append_if_fits(value: bytes | None, operand: bytes) -> bytes:
    whole = (value or b"") + operand
    return whole if len(whole) <= VALUE_LIMIT_BYTES else (value or b"")


def _compare_and_clear(value: bytes | None, operand: bytes) -> bytes | None:
    return None if value == operand else value


OPERATIONS: dict[str, Operation] = {
    "add": _add,
    "max": _max,
    "min": _min,
    "byte_max": _byte_max,
    "byte_min": _byte_min,
    "bit_and": _bit_and,
    "bit_or": _bit_or,
    "bit_xor": _bit_xor,
    "append_if_fits": _append_if_fits,
    "compare_and_clear": _compare_and_clear,
}
