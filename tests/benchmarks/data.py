"""What the measured servers find in their database, written by the store's own functions."""

import itertools
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import UUID

from shared import clock
from shared.database.engine import Engine
from shared.database.transaction import Transaction
from shared.security import passwords, tokens
from shared.security.caller import Caller
from shared.security.signing import SigningKeys
from shared.settings import Secret
from shared.store import layout, logins, sessions, tenants, users
from shared.store.logins import Login
from shared.store.users import User

JWT_SECRET = "the secret of a benchmark, known to everybody"
PASSWORD = "password123"
PEOPLE = 200
# What fits a transaction of FoundationDB with room to spare.
SESSIONS_A_TRANSACTION = 5_000
SESSIONS_OF_OTHERS = 100
SAMPLED = 2_000

Step = Callable[[str], None]


@dataclass(frozen=True)
class Person:
    """Somebody with an account, signed in."""

    email: str
    token: str
    caller: Caller


@dataclass(frozen=True)
class Data:
    """People, and some sessions of the first of them, picked at random."""

    people: list[Person]
    session_ids: list[UUID]


def fill(engine: Engine, count: int, step: Step) -> Data:
    """Write people and sessions: half of the sessions are the first person's, the others' tenants have a hundred each.

    So the reads hit a list that is long, in a tree that is large, among neighbours that are others'.
    """
    people = add_people(engine)
    owner = people[0].caller
    callers = itertools.chain.from_iterable((owner, other) for other in _others())
    session_ids: list[UUID] = []

    def add_sessions(tr: Transaction) -> list[UUID]:
        added = [sessions.add(tr, caller.tenant_id, caller.user_id, "My Project", "/workspace") for caller in batch]
        return [session.id for session in added if session.tenant_id == owner.tenant_id]

    for begun in range(0, count, SESSIONS_A_TRANSACTION):
        step(f"{begun:,} of {count:,} sessions")
        batch = list(itertools.islice(callers, min(SESSIONS_A_TRANSACTION, count - begun)))
        session_ids += engine.write(add_sessions)
    return Data(people, random.Random(1).sample(session_ids, min(SAMPLED, len(session_ids))))


def _others() -> Iterator[Caller]:
    """Callers without end, each as often as it has sessions."""
    while True:
        other = Caller(clock.uuid7(), clock.uuid7(), clock.uuid7())
        yield from itertools.repeat(other, SESSIONS_OF_OTHERS)


def add_people(engine: Engine) -> list[Person]:
    """Open accounts, all with the same password, and sign each in."""
    password_hash = passwords.make_hash(PASSWORD)
    keys = SigningKeys.of(Secret(JWT_SECRET.encode()), None)

    def add(tr: Transaction) -> list[Person]:
        layout.keep(tr, layout.find(tr))
        return [_add_person(tr, keys, f"person-{number}@example.com", password_hash) for number in range(PEOPLE)]

    return engine.write(add)


def _add_person(tr: Transaction, keys: SigningKeys, email: str, password_hash: str) -> Person:
    now = clock.now()
    at = clock.text(now)
    user = User(clock.uuid7(), email, password_hash, "Test", "User", at)
    users.add(tr, user)
    caller = Caller(user.id, tenants.add_self_tenant(tr, user), clock.uuid7())
    logins.add(tr, user.id, caller.login_id, Login(caller.tenant_id, "", "127.0.0.1", at, at, at))
    return Person(email, tokens.issue(keys, caller, email, now), caller)
