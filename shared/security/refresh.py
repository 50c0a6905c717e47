"""Refresh tokens: which login they renew, and which renewal of it they are, signed with a key of this backend."""

import base64
import binascii
import hashlib
import hmac
import struct
from dataclasses import dataclass
from uuid import UUID

from shared.errors import Unauthenticated
from shared.security.signing import SigningKey, SigningKeys

_PREFIX = "cr_"
_CONTENT = struct.Struct(">8s16s16sI")


@dataclass(frozen=True, slots=True)
class Renewal:
    """The `count`-th renewal of a user's login; the login's sign-in itself is the 0th."""

    user_id: UUID
    login_id: UUID
    count: int


def issue(keys: SigningKeys, renewal: Renewal) -> str:
    """Sign a refresh token; the same arguments give the same token."""
    key = keys.current
    content = _CONTENT.pack(bytes.fromhex(key.id), renewal.user_id.bytes, renewal.login_id.bytes, renewal.count)
    return _PREFIX + base64.urlsafe_b64encode(content + _mac(key, content)).decode()


def verify(keys: SigningKeys, token: str) -> Renewal:
    """Check a token's signature; raises Unauthenticated."""
    try:
        signed = base64.b64decode(token.removeprefix(_PREFIX), b"-_", validate=True)
        content, mac = signed[: _CONTENT.size], signed[_CONTENT.size :]
        key_id, user_id, login_id, count = _CONTENT.unpack(content)
        key = keys.by_id[key_id.hex()]
        if token.startswith(_PREFIX) and hmac.compare_digest(mac, _mac(key, content)):
            return Renewal(UUID(bytes=user_id), UUID(bytes=login_id), count)
    except (ValueError, binascii.Error, struct.error, KeyError):
        pass
    raise Unauthenticated("This refresh token is not valid; sign in again.")


def _mac(key: SigningKey, content: bytes) -> bytes:
    return hmac.digest(key.secret.reveal(), b"coditect refresh" + content, hashlib.sha256)
