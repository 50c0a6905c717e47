"""Work sessions, and the index that lists a tenant's.

    ("sessions", session_id)                          Session, JSON
    ("sessions", session_id, …)                       all that belongs to it
    ("tenants", tenant_id, "sessions", session_id)    session_id, 16 bytes

Ids are time-ordered, so the index is in the order of making. A session of another tenant is as good as none.
"""

from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from shared import clock
from shared.clock import Time
from shared.database.transaction import ReadTransaction, Transaction
from shared.errors import NotFound
from shared.store.pages import Page, cursor_after, entry_before
from shared.store.record import Record, decode, encode, key, span


class Session(Record):
    """A work session: a workspace that people and agents work in together."""

    id: UUID
    tenant_id: UUID
    user_id: Annotated[UUID, Meta(description="Who started it")]
    name: str
    workspace_path: str
    created_at: Time
    updated_at: Time


def record(session_id: UUID) -> bytes:
    """Return the key of a session's record."""
    return key("sessions", session_id)


def by_tenant(tenant_id: UUID, session_id: UUID) -> bytes:
    """Return the key of a session's entry in its tenant's list."""
    return key("tenants", tenant_id, "sessions", session_id)


def add(tr: Transaction, tenant_id: UUID, user_id: UUID, name: str, workspace_path: str) -> Session:
    """Keep a new session."""
    made = clock.text(clock.now())
    session = Session(
        id=clock.uuid7(),
        tenant_id=tenant_id,
        user_id=user_id,
        name=name,
        workspace_path=workspace_path,
        created_at=made,
        updated_at=made,
    )
    tr.set(record(session.id), encode(session))
    tr.set(by_tenant(tenant_id, session.id), session.id.bytes)
    return session


def get(tr: ReadTransaction, tenant_id: UUID, session_id: UUID) -> Session:
    """Read a session of the tenant; raises NotFound."""
    value = tr.get(record(session_id)).wait()
    if value is not None:
        session = decode(Session, value)
        if session.tenant_id == tenant_id:
            return session
    raise NotFound


def page(tr: ReadTransaction, tenant_id: UUID, cursor: str | None, limit: int) -> Page[Session]:
    """Read the tenant's sessions, newest first; raises InvalidCursor."""
    begin, end = span("tenants", tenant_id, "sessions")
    if cursor is not None:
        end = by_tenant(tenant_id, entry_before(cursor))
    # One more than asked for tells whether there is another page.
    entries = tr.get_range(begin, end, limit=limit + 1, reverse=True).wait()
    ids = [UUID(bytes=session_id) for _, session_id in entries[:limit]]
    reads = [tr.get(record(session_id)) for session_id in ids]
    sessions = [decode(Session, value) for read in reads if (value := read.wait()) is not None]
    return Page(sessions, cursor_after(ids[-1]) if len(entries) > limit else None)


def change(tr: Transaction, session: Session, name: str, workspace_path: str) -> Session:
    """Rename a session or move its workspace; returns it as it is now, untouched when nothing differs."""
    if (name, workspace_path) == (session.name, session.workspace_path):
        return session
    # Later than before in any case: an equal time would hide the change from whoever compares times.
    changed_at = max(clock.text(clock.now()), session.updated_at)
    changed = msgspec.structs.replace(session, name=name, workspace_path=workspace_path, updated_at=changed_at)
    tr.set(record(session.id), encode(changed))
    return changed


def remove(tr: Transaction, session: Session) -> None:
    """Remove a session, its entry in the tenant's list, and all that belongs to it."""
    tr.clear(record(session.id))
    tr.clear(by_tenant(session.tenant_id, session.id))
    tr.clear_range(*span("sessions", session.id))
