"""How a value is written: JSON in camelCase, so that an operator can read it.

Records only ever gain optional fields, and unknown ones are ignored: during a deployment two versions of the code read
each other's records.
"""

from typing import TypeVar
from uuid import UUID

import msgspec
from fdb.tuple import pack

from shared.settings import settings

R = TypeVar("R", bound="Record")

_encoder = msgspec.json.Encoder()


class Record(msgspec.Struct, rename="camel"):
    """The base of everything that is kept."""


def key(*parts: object) -> bytes:
    """Pack a FoundationDB tuple, behind the prefix of this installation."""
    packed = settings().key_prefix
    for part in parts:
        # As the binding writes them, at a fifth of its time: most parts are one of these, and every request packs some.
        if isinstance(part, UUID):
            packed += b"\x30" + part.bytes
        elif isinstance(part, str) and "\0" not in part:
            packed += b"\x02" + part.encode() + b"\0"
        else:
            packed += pack((part,))
    return packed


def span(*parts: object) -> tuple[bytes, bytes]:
    """Return the range of all keys whose tuple begins with `parts` and goes on."""
    begin = key(*parts)
    return begin + b"\x00", begin + b"\xff"


# A versionstamp in a tuple: this code, 10 bytes of the commit's version, 2 of the order within the commit. Written by
# hand, because the binding's own Versionstamp needs the native client library to be packed.
_STAMP = b"\x33"
STAMP_BYTES = 12


def key_at(*parts: object, stamp: bytes) -> bytes:
    """Pack a tuple that ends with a versionstamp."""
    return key(*parts) + _STAMP + stamp


def key_to_stamp(*parts: object) -> bytes:
    """Pack a tuple that ends with the versionstamp of the commit to come, for `set_versionstamped_key`."""
    begin = key(*parts) + _STAMP
    return begin + bytes(STAMP_BYTES) + len(begin).to_bytes(4, "little")


def encode(record: Record) -> bytes:
    """Write a record as the value that is kept."""
    return _encoder.encode(record)


def decode(type_: type[R], value: bytes) -> R:
    """Read what `encode` wrote."""
    return msgspec.json.decode(value, type=type_)
