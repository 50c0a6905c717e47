"""API keys of a user's agents and scripts, by hash.

("users", user_id, "keys", key_id)    ApiKey, JSON
"""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from shared import clock
from shared.clock import Time
from shared.database.transaction import Future, ReadTransaction, Transaction
from shared.errors import Conflict, NotFound
from shared.store.expiries import Expiries
from shared.store.record import Record, decode, encode, key, span

KEYS_LIMIT = 50
# An expired key stays in the list for a while, so that its owner sees why a script has stopped working.
EXPIRED_KEPT = timedelta(days=30)


class TooManyKeys(Conflict):
    """You have as many API keys as one can have; delete one first."""


class ApiKey(Record):
    """What a key may do, in which tenant and until when. `hash` is that of the whole key, in hex."""

    tenant_id: UUID
    name: str
    scopes: list[str]
    hash: str
    created_at: Time
    expires_at: Time
    used_at: Time | None = None


def record(user_id: UUID, key_id: UUID) -> bytes:
    """Return the key of a record."""
    return key("users", user_id, "keys", key_id)


_expiries = Expiries("keys", record)


def add(tr: Transaction, user_id: UUID, key_id: UUID, api_key: ApiKey) -> None:
    """Keep a new key; raises TooManyKeys."""
    if len(page(tr, user_id)) >= KEYS_LIMIT:
        raise TooManyKeys
    tr.set(record(user_id, key_id), encode(api_key))
    _expiries.add(tr, user_id, key_id, _kept_until(api_key))


def page(tr: ReadTransaction, user_id: UUID) -> dict[UUID, ApiKey]:
    """Read all keys of a user, oldest first, by their ids."""
    pairs = tr.get_range(*span("users", user_id, "keys")).wait()
    return {UUID(bytes=pair[0][-16:]): decode(ApiKey, pair[1]) for pair in pairs}


def find(tr: ReadTransaction, user_id: UUID, key_id: UUID) -> Future[bytes | None]:
    """Begin to read a key; its answer is None when the key was deleted."""
    return tr.get(record(user_id, key_id))


def loaded(value: Future[bytes | None]) -> ApiKey | None:
    """Read a key out of a read under way."""
    found = value.wait()
    return None if found is None else decode(ApiKey, found)


def remove(tr: Transaction, user_id: UUID, key_id: UUID) -> None:
    """Delete a key; raises NotFound."""
    if find(tr, user_id, key_id).wait() is None:
        raise NotFound
    tr.clear(record(user_id, key_id))


def note_use(tr: Transaction, user_id: UUID, key_id: UUID, now: datetime) -> None:
    """Keep that a key is in use, if it still is one."""
    api_key = loaded(find(tr, user_id, key_id))
    if api_key is not None:
        tr.set(record(user_id, key_id), encode(msgspec.structs.replace(api_key, used_at=clock.text(now))))


def sweep(tr: Transaction, now: datetime) -> int:
    """Remove keys that expired long ago, a batch of them; returns how many were looked at."""
    return _expiries.sweep(tr, now, lambda value: _kept_until(decode(ApiKey, value)))


def _kept_until(api_key: ApiKey) -> datetime:
    return clock.instant(api_key.expires_at) + EXPIRED_KEPT
