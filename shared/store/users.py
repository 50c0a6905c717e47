"""Users, and the index that finds one by e-mail address.

    ("users", user_id)              User, JSON
    ("users", "by_email", email)    user_id, 16 bytes

The record and its index change together, so neither outlives the other.
"""

from uuid import UUID

import msgspec

from shared.clock import Time
from shared.database.transaction import Future, ReadTransaction, Transaction
from shared.errors import Conflict
from shared.store.record import Record, decode, encode, key


class EmailTaken(Conflict):
    """An account with this e-mail address exists already; sign in instead."""


class User(Record):
    """A person with an account. `email` is normalised; `password_hash` is a PHC string."""

    id: UUID
    email: str
    password_hash: str
    first_name: str
    last_name: str
    created_at: Time
    company: str | None = None

    def __repr__(self) -> str:
        """Keep the hash and the address out of logs."""
        return f"User({self.id})"


def record(user_id: UUID) -> bytes:
    """Return the key of a user's record."""
    return key("users", user_id)


def by_email(email: str) -> bytes:
    """Return the key of the index entry of a normalised address."""
    return key("users", "by_email", email)


def add(tr: Transaction, user: User) -> None:
    """Keep a new user; raises EmailTaken."""
    holder = tr.get(by_email(user.email))
    if holder.wait() is not None:
        raise EmailTaken
    tr.set(by_email(user.email), user.id.bytes)
    tr.set(record(user.id), encode(user))


def get(tr: ReadTransaction, user_id: UUID) -> User | None:
    """Read a user."""
    return loaded(tr.get(record(user_id)))


def loaded(value: Future[bytes | None]) -> User | None:
    """Read a user out of a read under way."""
    found = value.wait()
    return None if found is None else decode(User, found)


def find(tr: ReadTransaction, email: str) -> User | None:
    """Read the user with a normalised address: two rounds, the index first."""
    holder = tr.get(by_email(email)).wait()
    return None if holder is None else get(tr, UUID(bytes=holder))


def set_hash(tr: Transaction, user: User, password_hash: str) -> None:
    """Replace the hash of a user's password."""
    tr.set(record(user.id), encode(msgspec.structs.replace(user, password_hash=password_hash)))
