"""Logins: where a user is signed in. Every token carries its login; a login that is gone ends its tokens at once.

    ("users", user_id, "logins", login_id)    Login, JSON

A refresh token is good for one renewal. One that comes again was copied, so its login ends; unless it comes again
within RENEWAL_GRACE, as from a second tab that woke up together with the first.
"""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from shared import clock
from shared.clock import Time
from shared.database.transaction import Future, KeyValue, ReadTransaction, Transaction
from shared.errors import TokenExpired, TokenRevoked
from shared.store.expiries import Expiries
from shared.store.record import Record, decode, encode, key, span

# A login that nobody renews ends after the one, and every login after the other.
IDLE_LIMIT = timedelta(days=30)
LIFE_LIMIT = timedelta(days=90)
RENEWAL_GRACE = timedelta(seconds=30)
# Of more logins than anybody has devices, the oldest end.
LOGINS_LIMIT = 50


class Login(Record):
    """One sign-in: to which tenant, from where, and how often it was renewed by refresh tokens."""

    tenant_id: UUID
    device: str
    address: str
    created_at: Time
    used_at: Time
    renewed_at: Time
    renewals: int = 0


def record(user_id: UUID, login_id: UUID) -> bytes:
    """Return the key of a login's record."""
    return key("users", user_id, "logins", login_id)


_expiries = Expiries("logins", record)


def add(tr: Transaction, user_id: UUID, login_id: UUID, login: Login) -> None:
    """Keep a new login."""
    tr.set(record(user_id, login_id), encode(login))
    _expiries.add(tr, user_id, login_id, expires_at(login))


def find(tr: ReadTransaction, user_id: UUID, login_id: UUID) -> Future[bytes | None]:
    """Begin to read a login; its answer is None when the login has ended."""
    return tr.get(record(user_id, login_id))


def loaded(value: Future[bytes | None]) -> Login:
    """Read a login out of a read under way; raises TokenRevoked when it has ended."""
    found = value.wait()
    if found is None:
        raise TokenRevoked
    return decode(Login, found)


def find_all(tr: ReadTransaction, user_id: UUID) -> Future[list[KeyValue]]:
    """Begin to read all logins of a user."""
    return tr.get_range(*span("users", user_id, "logins"))


def all_loaded(pairs: Future[list[KeyValue]]) -> dict[UUID, Login]:
    """Read the logins out of a read under way, oldest first, by their ids."""
    return {UUID(bytes=pair[0][-16:]): decode(Login, pair[1]) for pair in pairs.wait()}


def end(tr: Transaction, user_id: UUID, login_id: UUID) -> None:
    """End a login; one that has ended already stays so."""
    tr.clear(record(user_id, login_id))


def end_others(tr: Transaction, user_id: UUID, kept: UUID) -> None:
    """End all logins of a user but one."""
    begin, end = span("users", user_id, "logins")
    tr.clear_range(begin, record(user_id, kept))
    tr.clear_range(record(user_id, kept) + b"\x00", end)


def make_room(tr: Transaction, user_id: UUID, present: dict[UUID, Login], now: datetime) -> None:
    """End the logins that have expired, and the oldest of too many."""
    alive = [login_id for login_id, login in present.items() if not is_expired(login, now)]
    kept = set(alive[-(LOGINS_LIMIT - 1) :])
    for login_id in present.keys() - kept:
        end(tr, user_id, login_id)


def expires_at(login: Login) -> datetime:
    """Until when a login can be renewed."""
    return min(clock.instant(login.renewed_at) + IDLE_LIMIT, clock.instant(login.created_at) + LIFE_LIMIT)


def is_expired(login: Login, now: datetime) -> bool:
    """Whether a login can be renewed no more."""
    return now > expires_at(login)


def sweep(tr: Transaction, now: datetime) -> int:
    """End logins that expired before today, a batch of them; returns how many were looked at."""
    return _expiries.sweep(tr, now, lambda value: expires_at(decode(Login, value)))


def note_use(tr: Transaction, user_id: UUID, login_id: UUID, now: datetime) -> None:
    """Keep that a login is in use, if it still is."""
    value = find(tr, user_id, login_id).wait()
    if value is not None:
        login = msgspec.structs.replace(decode(Login, value), used_at=clock.text(now))
        tr.set(record(user_id, login_id), encode(login))


def renew(tr: Transaction, user_id: UUID, login_id: UUID, count: int, now: datetime) -> Login | None:
    """Renew a login by the refresh token of its `count`-th renewal.

    Returns the login as it is now, or None when the token was used before: then the login has ended. Raises
    TokenRevoked, TokenExpired.
    """
    login = loaded(find(tr, user_id, login_id))
    if is_expired(login, now):
        raise TokenExpired
    if count == login.renewals:
        renewed = msgspec.structs.replace(
            login, renewals=count + 1, renewed_at=clock.text(now), used_at=clock.text(now)
        )
        tr.set(record(user_id, login_id), encode(renewed))
        return renewed
    if count == login.renewals - 1 and now - clock.instant(login.renewed_at) <= RENEWAL_GRACE:
        return login
    end(tr, user_id, login_id)
    return None
