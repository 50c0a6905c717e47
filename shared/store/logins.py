"""Logins: where a user is signed in. Every token carries its login; a login that is gone ends its tokens at once.

("users", user_id, "logins", login_id)    Login, JSON
"""

from uuid import UUID

from shared.clock import Time
from shared.database.transaction import Future, ReadTransaction, Transaction
from shared.store.record import Record, encode, key


class Login(Record):
    """One sign-in."""

    created_at: Time


def record(user_id: UUID, login_id: UUID) -> bytes:
    """Return the key of a login's record."""
    return key("users", user_id, "logins", login_id)


def add(tr: Transaction, user_id: UUID, login_id: UUID, login: Login) -> None:
    """Keep a new login."""
    tr.set(record(user_id, login_id), encode(login))


def find(tr: ReadTransaction, user_id: UUID, login_id: UUID) -> Future[bytes | None]:
    """Begin to read a login; its answer is None when the login has ended."""
    return tr.get(record(user_id, login_id))


def end(tr: Transaction, user_id: UUID, login_id: UUID) -> None:
    """End a login; one that has ended already stays so."""
    tr.clear(record(user_id, login_id))
