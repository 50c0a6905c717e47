"""Accounts: registering, signing in and signing out."""

from datetime import timedelta
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta
from msgspec.structs import replace

from shared import clock
from shared.clock import Time
from shared.database.transaction import Transaction
from shared.errors import InvalidCredentials
from shared.http import ANYONE, PUBLIC, Group, Message, RequestDatabase, Shape
from shared.http.fields import ONE_LINE, EmailAddress, Password, PasswordAttempt, PersonName
from shared.security import passwords, tokens
from shared.security.caller import Caller
from shared.security.signing import signing_keys
from shared.store import logins, tenants, users
from shared.store.logins import Login
from shared.store.record import Record
from shared.store.users import EmailTaken, User

group = Group("auth")

Company = Annotated[str, Meta(min_length=1, max_length=200, pattern=ONE_LINE)]


class Registration(Shape):
    """A new account."""

    email: EmailAddress
    password: Password
    first_name: PersonName
    last_name: PersonName
    company: Company | None = None


class Credentials(Shape):
    """What an account is opened with."""

    email: EmailAddress
    password: PasswordAttempt


class Profile(Shape):
    """A user, as others may see it."""

    id: UUID
    email: str
    name: str
    first_name: str
    last_name: str
    company: str | None
    role: Literal["owner"]
    tenant_id: UUID
    created_at: Time


class SignedIn(Shape):
    """A token for the API, and whom it speaks for."""

    token: str
    expires_at: Time
    user: Profile


class Entry(Record):
    """What a receipt keeps of a sign-in: enough to make its answer again, and nothing secret."""

    user_id: UUID
    login_id: UUID
    signed_in_at: Time


@group.endpoint("POST /auth/register", access=PUBLIC, status=201, raises=(EmailTaken,))
def register(database: RequestDatabase, body: Registration) -> SignedIn:
    """Open an account with a tenant of its own, and sign in."""
    user = User(
        id=clock.uuid7(),
        email=str(body.email),
        password_hash=passwords.make_hash(body.password),
        first_name=body.first_name,
        last_name=body.last_name,
        company=body.company,
        created_at=clock.text(clock.now()),
    )
    entry = Entry(user_id=user.id, login_id=clock.uuid7(), signed_in_at=user.created_at)

    def open_account(tr: Transaction) -> Entry:
        users.add(tr, user)
        tenants.add_self_tenant(tr, user)
        logins.add(tr, entry.user_id, entry.login_id, Login(created_at=entry.signed_in_at))
        return entry

    opened = database.write(open_account, Entry)
    # When it was opened by an earlier request, the ids and the time are that one's.
    return _signed_in(replace(user, id=opened.user_id, created_at=opened.signed_in_at), opened)


@group.endpoint("POST /auth/login", access=PUBLIC, raises=(InvalidCredentials,))
def log_in(database: RequestDatabase, body: Credentials) -> SignedIn:
    """Sign in with e-mail address and password."""
    user = database.read(lambda tr: users.find(tr, body.email))
    # An unknown address costs the same hash, so that time tells nothing about who has an account.
    is_right = passwords.matches(body.password, passwords.NO_PASSWORD if user is None else user.password_hash)
    if user is None or not is_right:
        raise InvalidCredentials
    stronger_hash = passwords.make_hash(body.password) if passwords.is_weak(user.password_hash) else None
    entry = Entry(user_id=user.id, login_id=clock.uuid7(), signed_in_at=clock.text(clock.now()))

    def sign_in(tr: Transaction) -> Entry:
        present = users.get(tr, user.id)
        if present is None or not _still_opens(present, user, body.password):
            raise InvalidCredentials
        if stronger_hash is not None:
            users.rehash(tr, present, stronger_hash)
        logins.add(tr, entry.user_id, entry.login_id, Login(created_at=entry.signed_in_at))
        return entry

    return _signed_in(user, database.write(sign_in, Entry))


@group.endpoint("POST /auth/logout", access=ANYONE)
def log_out(database: RequestDatabase, caller: Caller | None) -> Message:
    """End the login of the token that is sent, if one is; its tokens are worth nothing from then on."""
    done = Message(message="You are signed out.")
    if caller is None:
        return done

    def end_login(tr: Transaction) -> Message:
        logins.end(tr, caller.user_id, caller.login_id)
        return done

    return database.write(end_login, Message)


def _still_opens(present: User, checked: User, password: Password) -> bool:
    """Whether a password that opened `checked` opens what the account has become since, as when it was changed."""
    return present.password_hash == checked.password_hash or passwords.matches(password, present.password_hash)


def _signed_in(user: User, entry: Entry) -> SignedIn:
    tenant_id = tenants.self_tenant_id(user.id)
    signed_in_at = clock.instant(entry.signed_in_at)
    token = tokens.issue(signing_keys(), Caller(user.id, tenant_id, entry.login_id), user.email, signed_in_at)
    return SignedIn(
        token=token,
        expires_at=clock.text(signed_in_at.replace(microsecond=0) + timedelta(seconds=tokens.TOKEN_TTL_S)),
        user=Profile(
            id=user.id,
            email=user.email,
            name=f"{user.first_name} {user.last_name}",
            first_name=user.first_name,
            last_name=user.last_name,
            company=user.company,
            role="owner",
            tenant_id=tenant_id,
            created_at=user.created_at,
        ),
    )


auth = group.function()
