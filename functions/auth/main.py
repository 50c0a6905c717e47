"""Accounts: registering, signing in and out, and what a login needs on its way."""

from datetime import timedelta
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta
from msgspec.structs import replace

from shared import clock
from shared.clock import Time
from shared.database.transaction import ReadTransaction, Transaction
from shared.errors import InvalidCredentials, NotFound, TokenRevoked, TooManyRequests, Unauthenticated
from shared.http import ANYONE, PUBLIC, SIGNED_IN, Client, Group, Message, RequestDatabase, Shape
from shared.http.fields import ONE_LINE, EmailAddress, Password, PasswordAttempt, PersonName
from shared.security import password_policy, passwords, tokens
from shared.security import refresh as refresh_tokens
from shared.security.caller import Caller
from shared.security.refresh import Renewal
from shared.security.signing import fingerprint, signing_keys
from shared.store import audit, logins, tenants, throttle, users
from shared.store.logins import Login
from shared.store.pages import Page
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
    """A token for the API and one to renew it with, and whom they speak for."""

    token: str
    expires_at: Time
    refresh_token: str
    user: Profile


class Refresh(Shape):
    """A refresh token, good for one renewal."""

    refresh_token: Annotated[str, Meta(max_length=200)]


class PasswordChange(Shape):
    """A new password, and the present one to show that it is the owner who asks."""

    current_password: PasswordAttempt
    new_password: Password


class LoginView(Shape):
    """A login, as its user sees it. `used_at` is known to the hour; `current` marks the one that asks."""

    id: UUID
    device: str
    address: str
    created_at: Time
    used_at: Time
    current: bool


class Entry(Record):
    """What a receipt keeps of a sign-in or a renewal: enough to make its answer again, and nothing secret."""

    user_id: UUID
    tenant_id: UUID
    login_id: UUID
    at: Time
    renewals: int = 0


class Renewed(Record):
    """What a receipt keeps of a renewal: None when the refresh token had been used before."""

    entry: Entry | None


@group.endpoint("POST /auth/register", access=PUBLIC, status=201, raises=(EmailTaken,))
@passwords.place()
def register(database: RequestDatabase, client: Client, body: Registration) -> SignedIn:
    """Open an account with a tenant of its own, and sign in."""
    about = [body.email, body.first_name, body.last_name, body.company or ""]
    password_policy.check("password", body.password, about)
    user = User(
        id=clock.uuid7(),
        email=str(body.email),
        password_hash=passwords.make_hash(body.password),
        first_name=body.first_name,
        last_name=body.last_name,
        company=body.company,
        created_at=clock.text(clock.now()),
    )
    entry = _entry(user, user.created_at)

    def open_account(tr: Transaction) -> Entry:
        users.add(tr, user)
        tenants.add_self_tenant(tr, user)
        logins.add(tr, entry.user_id, entry.login_id, _login(entry, client))
        audit.add(tr, entry.tenant_id, user.id, "registered", client.address)
        return entry

    opened = database.write(open_account, Entry)
    # When it was opened by an earlier request, the ids and the time are that one's.
    return _signed_in(replace(user, id=opened.user_id, created_at=opened.at), opened)


@group.endpoint("POST /auth/login", access=PUBLIC, raises=(InvalidCredentials, TooManyRequests))
@passwords.place()
def log_in(database: RequestDatabase, client: Client, body: Credentials) -> SignedIn:
    """Sign in with e-mail address and password."""
    attempt = _attempt(body.email, client)

    def reserve(tr: Transaction) -> User | None:
        standing = attempt.ask(tr)
        user = users.find(tr, body.email)
        standing.check()
        attempt.make(tr)
        return user

    user = database.write_again(reserve)
    # An unknown address costs the same hash, so that time tells nothing about who has an account.
    is_right = passwords.matches(body.password, passwords.NO_PASSWORD if user is None else user.password_hash)
    if user is None or not is_right:
        raise InvalidCredentials
    stronger_hash = passwords.make_hash(body.password) if passwords.is_weak(user.password_hash) else None
    entry = _entry(user, clock.text(clock.now()))

    def sign_in(tr: Transaction) -> Entry:
        others = logins.find_all(tr, user.id)
        present = users.get(tr, user.id)
        if present is None or not _still_opens(present, user, body.password):
            raise InvalidCredentials
        if stronger_hash is not None:
            users.set_hash(tr, present, stronger_hash)
        logins.make_room(tr, user.id, logins.all_loaded(others), clock.now())
        logins.add(tr, entry.user_id, entry.login_id, _login(entry, client))
        audit.add(tr, entry.tenant_id, user.id, "signed_in", client.address, entry.login_id)
        attempt.give_back(tr)
        return entry

    signed_in = database.write(sign_in, Entry)
    if database.replayed:
        database.write_again(attempt.give_back)
    return _signed_in(user, signed_in)


@group.endpoint("POST /auth/refresh", access=PUBLIC, raises=(Unauthenticated,))
def refresh(database: RequestDatabase, client: Client, body: Refresh) -> SignedIn:
    """Renew the token of a login; the refresh token is exchanged for a new one, too."""
    renewal = refresh_tokens.verify(signing_keys(), body.refresh_token)
    user = database.read(lambda tr: users.get(tr, renewal.user_id))
    if user is None:
        raise TokenRevoked
    now = clock.now()

    def renew(tr: Transaction) -> Renewed:
        before = logins.find(tr, user.id, renewal.login_id)
        login = logins.renew(tr, user.id, renewal.login_id, renewal.count, now)
        if login is None:
            tenant_id = logins.loaded(before).tenant_id
            audit.add(tr, tenant_id, user.id, "refresh_token_reused", client.address, renewal.login_id)
            return Renewed(None)
        return Renewed(Entry(user.id, login.tenant_id, renewal.login_id, clock.text(now), login.renewals))

    entry = database.write(renew, Renewed).entry
    if entry is None:
        raise TokenRevoked
    return _signed_in(user, entry)


@group.endpoint("POST /auth/password", access=SIGNED_IN, raises=(InvalidCredentials, TooManyRequests))
@passwords.place()
def change_password(database: RequestDatabase, client: Client, caller: Caller, body: PasswordChange) -> Message:
    """Change the password, and end every other login."""
    user = database.read(lambda tr: users.get(tr, caller.user_id))
    if user is None:
        raise TokenRevoked
    about = [user.email, user.first_name, user.last_name, user.company or ""]
    password_policy.check("newPassword", body.new_password, about)
    attempt = _attempt(user.email, client)

    def reserve(tr: Transaction) -> None:
        attempt.ask(tr).check()
        attempt.make(tr)

    database.write_again(reserve)
    if not passwords.matches(body.current_password, user.password_hash):
        raise InvalidCredentials("The current password is wrong.")
    new_hash = passwords.make_hash(body.new_password)

    def change(tr: Transaction) -> Message:
        present = users.get(tr, caller.user_id)
        if present is None or not _still_opens(present, user, body.current_password):
            raise InvalidCredentials("The current password is wrong.")
        users.set_hash(tr, present, new_hash)
        logins.end_others(tr, caller.user_id, caller.login_id)
        audit.add(tr, caller.tenant_id, caller.user_id, "password_changed", client.address)
        attempt.give_back(tr)
        return Message(message="The password is changed, and every other login has ended.")

    return database.write(change, Message)


@group.endpoint("GET /auth/logins", access=SIGNED_IN)
def list_logins(tr: ReadTransaction, caller: Caller) -> Page[LoginView]:
    """List where the caller is signed in, newest first."""
    present = logins.all_loaded(logins.find_all(tr, caller.user_id))
    views = [
        LoginView(login_id, login.device, login.address, login.created_at, login.used_at, login_id == caller.login_id)
        for login_id, login in present.items()
    ]
    return Page(views[::-1], None)


@group.endpoint("DELETE /auth/logins/{login_id}", access=SIGNED_IN)
def end_login(tr: Transaction, client: Client, caller: Caller, login_id: UUID) -> Message:
    """End one login; its tokens are worth nothing from then on."""
    if logins.find(tr, caller.user_id, login_id).wait() is None:
        raise NotFound
    logins.end(tr, caller.user_id, login_id)
    audit.add(tr, caller.tenant_id, caller.user_id, "login_ended", client.address, login_id)
    return Message(message="The login has ended.")


@group.endpoint("DELETE /auth/logins", access=SIGNED_IN)
def end_other_logins(tr: Transaction, client: Client, caller: Caller) -> Message:
    """End every login but the one that asks."""
    logins.end_others(tr, caller.user_id, caller.login_id)
    audit.add(tr, caller.tenant_id, caller.user_id, "other_logins_ended", client.address)
    return Message(message="Every other login has ended.")


@group.endpoint("POST /auth/logout", access=ANYONE)
def log_out(database: RequestDatabase, client: Client, caller: Caller | None) -> Message:
    """End the login of the token that is sent, if one is; its tokens are worth nothing from then on."""
    done = Message(message="You are signed out.")
    if caller is None:
        return done

    def end(tr: Transaction) -> Message:
        logins.end(tr, caller.user_id, caller.login_id)
        audit.add(tr, caller.tenant_id, caller.user_id, "signed_out", client.address, caller.login_id)
        return done

    return database.write(end, Message)


def _attempt(email: str, client: Client) -> throttle.Reservation:
    """Count a guess against the account at this address, and against the address."""
    # A hash, because the key of an unknown address may be any text at all, and lies around in the open.
    account = fingerprint(signing_keys().current, [b"throttle", email.encode()])
    return throttle.Reservation(
        [(throttle.ACCOUNT_AT_ADDRESS, f"{account} {client.network}"), (throttle.ADDRESS, client.network)]
    )


def _still_opens(present: User, checked: User, password: Password) -> bool:
    """Whether a password that opened `checked` opens what the account has become since, as when it was changed."""
    return present.password_hash == checked.password_hash or passwords.matches(password, present.password_hash)


def _entry(user: User, at: Time) -> Entry:
    return Entry(user.id, tenants.self_tenant_id(user.id), clock.uuid7(), at)


def _login(entry: Entry, client: Client) -> Login:
    return Login(entry.tenant_id, client.agent, client.address, entry.at, entry.at, entry.at)


def _signed_in(user: User, entry: Entry) -> SignedIn:
    """Sign the tokens of an entry; the same entry gives the same."""
    issued_at = clock.instant(entry.at)
    caller = Caller(user.id, entry.tenant_id, entry.login_id)
    return SignedIn(
        token=tokens.issue(signing_keys(), caller, user.email, issued_at),
        expires_at=clock.text(issued_at.replace(microsecond=0) + timedelta(seconds=tokens.TOKEN_TTL_S)),
        refresh_token=refresh_tokens.issue(signing_keys(), Renewal(user.id, entry.login_id, entry.renewals)),
        user=Profile(
            id=user.id,
            email=user.email,
            name=f"{user.first_name} {user.last_name}",
            first_name=user.first_name,
            last_name=user.last_name,
            company=user.company,
            role="owner",
            tenant_id=entry.tenant_id,
            created_at=user.created_at,
        ),
    )


auth = group.function()
