"""What was done in the caller's tenant."""

from shared.database.transaction import ReadTransaction
from shared.errors import Forbidden
from shared.http import SIGNED_IN, Group
from shared.http.fields import PageQuery
from shared.security.caller import Caller
from shared.store import audit as store
from shared.store import tenants
from shared.store.audit import Event
from shared.store.pages import Page

group = Group("audit")


@group.endpoint("GET /audit", access=SIGNED_IN, scope="audit:read", raises=(Forbidden,))
def list_events(tr: ReadTransaction, caller: Caller, query: PageQuery) -> Page[Event]:
    """List who did what to which, when and from where, newest first; for the tenant's owner."""
    membership = tenants.find_membership(tr, caller.user_id, caller.tenant_id)
    events = store.find_page(tr, caller.tenant_id, query.cursor, query.limit)
    if not tenants.is_owner(membership):
        raise Forbidden("Only the tenant's owner may read this.")
    return store.page_of(events, query.limit)


audit = group.function()
