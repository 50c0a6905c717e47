"""Tenants, whose data is kept apart, and who belongs to which.

("tenants", tenant_id)                      Tenant, JSON
("users", user_id, "tenants", tenant_id)    Membership, JSON
"""

from typing import Literal
from uuid import UUID, uuid5

from shared.database.transaction import Future, ReadTransaction, Transaction
from shared.store.record import Record, decode, encode, key
from shared.store.users import User

# Fixed for ever: it makes a user's self-tenant the same wherever it is derived.
SELF_TENANT_NAMESPACE = UUID("6f0d3b8e-5f0a-5a5e-9c57-2f1f5b7f4d11")


class Tenant(Record):
    """A party whose data is kept apart from all others'."""

    id: UUID
    name: str
    type: Literal["self", "organization"]


class Membership(Record):
    """What a user is in a tenant."""

    role: Literal["owner"]
    company: str | None = None


def find_membership(tr: ReadTransaction, user_id: UUID, tenant_id: UUID) -> Future[bytes | None]:
    """Begin to read what a user is in a tenant."""
    return tr.get(key("users", user_id, "tenants", tenant_id))


def is_owner(membership: Future[bytes | None]) -> bool:
    """Whether a membership under way turns out to be an owner's."""
    value = membership.wait()
    return value is not None and decode(Membership, value).role == "owner"


def self_tenant_id(user_id: UUID) -> UUID:
    """Derive the id of a user's own tenant: UUID version 5 of the user's id (RFC 9562)."""
    return uuid5(SELF_TENANT_NAMESPACE, str(user_id))


def add_self_tenant(tr: Transaction, user: User) -> UUID:
    """Keep a new user's own tenant, and the user as its owner; returns its id."""
    tenant_id = self_tenant_id(user.id)
    tenant = Tenant(id=tenant_id, name=f"{user.first_name} {user.last_name}", type="self")
    tr.set(key("tenants", tenant_id), encode(tenant))
    tr.set(key("users", user.id, "tenants", tenant_id), encode(Membership(role="owner", company=user.company)))
    return tenant_id
