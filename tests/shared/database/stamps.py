"""Texts that carry the versionstamp of their commit."""

import struct

STAMP_BYTES = 10
STAMP_AND_OFFSET_BYTES = STAMP_BYTES + 4
PLACEHOLDER = b"\xaa" * STAMP_BYTES


def stamped(before: bytes, after: bytes = b"") -> bytes:
    """A text with a place for the versionstamp in it, and the 4 bytes that tell where."""
    return before + PLACEHOLDER + after + struct.pack("<i", len(before))


def stamp(text: bytes, before: bytes) -> bytes:
    """The stamp that a text got."""
    assert text.startswith(before)
    found = text[len(before) :][:STAMP_BYTES]
    assert found != PLACEHOLDER
    return found
