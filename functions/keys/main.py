"""API keys for agents and scripts."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from shared import clock
from shared.clock import Time
from shared.database.transaction import ReadTransaction, Transaction
from shared.errors import Conflict
from shared.http import SIGNED_IN, Client, Group, Message, RequestDatabase, Shape
from shared.http.fields import PersonName
from shared.security import api_keys as tokens
from shared.security.caller import Caller
from shared.security.scopes import SCOPES, Scope
from shared.security.signing import signing_keys
from shared.store import api_keys, audit
from shared.store.api_keys import ApiKey, TooManyKeys
from shared.store.pages import Page
from shared.store.record import Record

group = Group("keys")


class NewKey(Shape):
    """An API key to make. It is bound to the tenant that the token is for."""

    name: PersonName
    scopes: Annotated[list[Scope], Meta(min_length=1, max_length=len(SCOPES))]
    expires_in_days: Annotated[int, Meta(ge=1, le=365)] = 90


class KeyView(Shape):
    """An API key without its secret."""

    id: UUID
    name: str
    scopes: list[str]
    tenant_id: UUID
    created_at: Time
    expires_at: Time
    used_at: Time | None


class MadeKey(Shape):
    """A new API key: the only time that `key` itself is told."""

    key: str
    details: KeyView


class KeyEntry(Record):
    """What a receipt keeps of a new API key: enough to make it again, and nothing secret."""

    details: KeyView
    signing_key_id: str


@group.endpoint("POST /auth/keys", access=SIGNED_IN, status=201, raises=(TooManyKeys,))
def make_key(database: RequestDatabase, client: Client, caller: Caller, body: NewKey) -> MadeKey:
    """Make an API key for an agent or a script."""
    signing = signing_keys().current
    now, key_id = clock.now(), clock.uuid7()
    kept = ApiKey(
        tenant_id=caller.tenant_id,
        name=body.name,
        scopes=sorted(set(body.scopes)),
        hash=tokens.hash_of(tokens.make(signing, key_id, caller.user_id, caller.tenant_id)),
        created_at=clock.text(now),
        expires_at=clock.text(now + timedelta(days=body.expires_in_days)),
    )

    def add(tr: Transaction) -> KeyEntry:
        api_keys.add(tr, caller.user_id, key_id, kept)
        audit.add(tr, caller.tenant_id, caller.user_id, "key_made", client.address, key_id)
        return KeyEntry(_key_view(key_id, kept), signing.id)

    made = database.write(add, KeyEntry)
    made_with = signing_keys().by_id.get(made.signing_key_id)
    if made_with is None:
        raise Conflict("This key was made under a secret that is no more; delete it, and make another.")
    key = tokens.make(made_with, made.details.id, caller.user_id, caller.tenant_id)
    return MadeKey(key, made.details)


@group.endpoint("GET /auth/keys", access=SIGNED_IN)
def list_keys(tr: ReadTransaction, caller: Caller) -> Page[KeyView]:
    """List the caller's API keys, newest first."""
    views = [_key_view(key_id, kept) for key_id, kept in api_keys.page(tr, caller.user_id).items()]
    return Page(views[::-1], None)


@group.endpoint("DELETE /auth/keys/{key_id}", access=SIGNED_IN)
def delete_key(tr: Transaction, client: Client, caller: Caller, key_id: UUID) -> Message:
    """Delete an API key; it is worth nothing from then on."""
    api_keys.remove(tr, caller.user_id, key_id)
    audit.add(tr, caller.tenant_id, caller.user_id, "key_deleted", client.address, key_id)
    return Message(message="The API key is deleted.")


def _key_view(key_id: UUID, kept: ApiKey) -> KeyView:
    return KeyView(key_id, kept.name, kept.scopes, kept.tenant_id, kept.created_at, kept.expires_at, kept.used_at)


keys = group.function()
