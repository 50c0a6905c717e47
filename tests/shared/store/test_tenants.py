"""A user's own tenant, and who owns it."""

from uuid import UUID

from shared.database.embedded import EmbeddedDatabase
from shared.store import tenants
from shared.store.users import User

ADAS = UUID("0193585d-9d2b-7c3a-8000-000000000001")


def test_a_self_tenant_has_the_same_id_wherever_and_whenever_it_is_derived() -> None:
    assert tenants.self_tenant_id(ADAS) == UUID("31c2a185-97a2-5ff5-a972-0856c5c5aff1")
    assert tenants.self_tenant_id(ADAS).version == 5


def test_every_user_has_a_self_tenant_of_their_own() -> None:
    assert len({tenants.self_tenant_id(UUID(int=number)) for number in range(100)}) == 100


def test_a_user_owns_their_self_tenant_and_nobody_elses(database: EmbeddedDatabase, ada: User) -> None:
    tenant_id = database.write(lambda tr: tenants.add_self_tenant(tr, ada))

    def owns(user_id: UUID, tenant_id: UUID) -> bool:
        return database.read(lambda tr: tenants.is_owner(tenants.find_membership(tr, user_id, tenant_id)))

    assert tenant_id == tenants.self_tenant_id(ada.id)
    assert owns(ada.id, tenant_id)
    assert not owns(UUID(int=1), tenant_id)
    assert not owns(ada.id, UUID(int=1))
