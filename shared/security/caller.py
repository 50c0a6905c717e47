"""Who a request speaks for."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Caller:
    """A user, signed in by a login, in a tenant."""

    user_id: UUID
    tenant_id: UUID
    login_id: UUID
