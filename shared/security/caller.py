"""Who a request speaks for."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class KeyProof:
    """An API key that was presented: its id, and the hash to compare with the one that is kept."""

    id: UUID
    hash: str


@dataclass(frozen=True, slots=True)
class Caller:
    """A user in a tenant: a person, signed in by a login, or a program of theirs with an API key.

    Nothing of it is proven before the login or the key has been found in the database.
    """

    user_id: UUID
    tenant_id: UUID
    login_id: UUID
    key: KeyProof | None = None
