"""API keys: long-lived bearer tokens for agents and scripts.

    cdk_ + base64url(key id, user id, tenant id, 20 secret bytes, CRC-32 of all before)

The prefix and the checksum let scanners find one that leaked, and a mistyped one fail without asking the database. What
is kept is a hash. The secret bytes are derived from the id, so that an answer that was lost can be made again.
"""

import base64
import binascii
import hashlib
import hmac
import struct
import zlib
from uuid import UUID

from shared.errors import Unauthenticated
from shared.security.caller import Caller, KeyProof
from shared.security.signing import SigningKey

PREFIX = "cdk_"
_IDS = struct.Struct(">16s16s16s20s")
_CHECKSUM = struct.Struct(">I")
_LENGTH_CHARS = len(PREFIX) + (_IDS.size + _CHECKSUM.size) // 3 * 4


def make(signing: SigningKey, key_id: UUID, user_id: UUID, tenant_id: UUID) -> str:
    """Make the key of an id; the same arguments give the same key."""
    secret = hmac.digest(signing.secret.reveal(), b"coditect api key" + key_id.bytes, hashlib.sha256)[:20]
    content = _IDS.pack(key_id.bytes, user_id.bytes, tenant_id.bytes, secret)
    return PREFIX + base64.urlsafe_b64encode(content + _CHECKSUM.pack(zlib.crc32(content))).decode()


def presented(text: str) -> Caller:
    """Read whom a key says to speak for; raises Unauthenticated when it is none, or mistyped."""
    if len(text) == _LENGTH_CHARS and text.startswith(PREFIX):
        try:
            signed = base64.b64decode(text.removeprefix(PREFIX), b"-_", validate=True)
        except (ValueError, binascii.Error):
            signed = b""
        content, checksum = signed[: _IDS.size], signed[_IDS.size :]
        if content and _CHECKSUM.pack(zlib.crc32(content)) == checksum:
            key_id, user_id, tenant_id = (UUID(bytes=part) for part in _IDS.unpack(content)[:3])
            return Caller(user_id, tenant_id, key_id, KeyProof(key_id, hash_of(text)))
    raise Unauthenticated("This is not an API key of ours; was it copied whole?")


def hash_of(text: str) -> str:
    """Hash a key as it is kept; its secret is random enough that a fast hash cannot be searched."""
    return hashlib.sha256(text.encode()).hexdigest()
