"""Work sessions of the caller's tenant."""

from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from shared.database.transaction import ReadTransaction, Transaction
from shared.http import SIGNED_IN, Client, Group, Message, Precondition, Resource, Shape
from shared.http.fields import ONE_LINE, PageQuery
from shared.security.caller import Caller
from shared.store import audit
from shared.store import sessions as store
from shared.store.pages import Page
from shared.store.sessions import Session

group = Group("sessions")

Name = Annotated[str, Meta(min_length=1, max_length=200, pattern=ONE_LINE)]
WorkspacePath = Annotated[str, Meta(max_length=1024, pattern=r"^[^\u0000-\u001f\u007f]*$(?![\s\S])")]


class NewSession(Shape):
    """A session to start."""

    name: Name
    workspace_path: WorkspacePath = ""


class SessionChanges(Shape):
    """What to change of a session; what is left out stays."""

    name: Name | UnsetType = UNSET
    workspace_path: WorkspacePath | UnsetType = UNSET


@group.endpoint("POST /sessions", access=SIGNED_IN, scope="sessions:write", status=201)
def create_session(tr: Transaction, client: Client, caller: Caller, body: NewSession) -> Resource[Session]:
    """Start a work session in the caller's tenant."""
    session = store.add(tr, caller.tenant_id, caller.user_id, body.name, body.workspace_path)
    audit.add(tr, caller.tenant_id, caller.user_id, "session_started", client.address, session.id)
    return session


@group.endpoint("GET /sessions", access=SIGNED_IN, scope="sessions:read")
def list_sessions(tr: ReadTransaction, caller: Caller, query: PageQuery) -> Page[Session]:
    """List the tenant's sessions, newest first."""
    return store.page(tr, caller.tenant_id, query.cursor, query.limit)


@group.endpoint("GET /sessions/{session_id}", access=SIGNED_IN, scope="sessions:read")
def show_session(tr: ReadTransaction, caller: Caller, session_id: UUID) -> Resource[Session]:
    """Show one session."""
    return store.get(tr, caller.tenant_id, session_id)


@group.endpoint("PATCH /sessions/{session_id}", access=SIGNED_IN, scope="sessions:write")
def change_session(
    tr: Transaction,
    client: Client,
    caller: Caller,
    session_id: UUID,
    precondition: Precondition,
    body: SessionChanges,
) -> Resource[Session]:
    """Rename a session or point it at another workspace."""
    session = store.get(tr, caller.tenant_id, session_id)
    precondition.check(session)
    name = session.name if body.name is UNSET else body.name
    workspace_path = session.workspace_path if body.workspace_path is UNSET else body.workspace_path
    changed = store.change(tr, session, name, workspace_path)
    if changed is not session:
        audit.add(tr, caller.tenant_id, caller.user_id, "session_changed", client.address, session_id)
    return changed


@group.endpoint("DELETE /sessions/{session_id}", access=SIGNED_IN, scope="sessions:write")
def delete_session(
    tr: Transaction, client: Client, caller: Caller, session_id: UUID, precondition: Precondition
) -> Message:
    """Delete a session with all that belongs to it."""
    session = store.get(tr, caller.tenant_id, session_id)
    precondition.check(session)
    store.remove(tr, session)
    audit.add(tr, caller.tenant_id, caller.user_id, "session_deleted", client.address, session_id)
    return Message(message="The session is deleted.")


sessions = group.function()
