"""Hashes of passwords that were made elsewhere or before: they sign in, and weak ones are made anew."""

from collections.abc import Iterator
from pathlib import Path
from unittest import mock
from uuid import UUID

import argon2
import pytest
from msgspec.structs import replace

from shared.database import EMBEDDED_FILE
from shared.database.embedded import EmbeddedDatabase
from shared.security import passwords
from shared.store import users
from shared.store.record import encode
from shared.store.users import User
from tests.client import Answer, Api, Person
from tests.in_process import whole_api
from tests.server import function_alone


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hashes")


@pytest.fixture(scope="module")
def api(data_dir: Path) -> Iterator[Api]:
    """The auth function alone, on an embedded database that the tests write to as well."""
    with function_alone("auth", data_dir, data_dir / "output.txt") as process:
        yield process.api


@pytest.fixture(scope="module")
def database(api: Api, data_dir: Path) -> EmbeddedDatabase:
    return EmbeddedDatabase(data_dir / EMBEDDED_FILE)


def sign_in(person: Person, password: str = "password123") -> Answer:
    return person.api.post("/auth/login", {"email": person.email, "password": password})


def stored(database: EmbeddedDatabase, person: Person) -> User:
    user = database.read(lambda tr: users.get(tr, UUID(person.user["id"])))
    assert user is not None
    return user


def give_hash(database: EmbeddedDatabase, person: Person, password_hash: str) -> None:
    """Keep the person's password as it might have been hashed elsewhere, or before."""
    user = replace(stored(database, person), password_hash=password_hash)
    database.write(lambda tr: tr.set(users.record(user.id), encode(user)))


def hashed(password: str, *, passes: int, memory_kib: int, lanes: int) -> str:
    return argon2.PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=lanes).hash(password)


WEAKER = hashed("password123", passes=1, memory_kib=8 * 1024, lanes=1)
STRONGER = hashed("password123", passes=3, memory_kib=32 * 1024, lanes=2)


def test_a_weaker_hash_is_made_anew_when_its_password_signs_in(database: EmbeddedDatabase, ada: Person) -> None:
    give_hash(database, ada, WEAKER)

    answer = sign_in(ada)

    assert answer.status == 200
    assert answer.data["user"] == ada.user
    renewed = stored(database, ada).password_hash
    assert renewed != WEAKER
    assert not passwords.is_weak(renewed)
    assert sign_in(ada).status == 200


def test_a_weaker_hash_is_left_alone_by_a_wrong_password(database: EmbeddedDatabase, ada: Person) -> None:
    give_hash(database, ada, WEAKER)

    assert sign_in(ada, "wrong password").status == 401
    assert stored(database, ada).password_hash == WEAKER


def test_a_stronger_hash_is_left_as_it_is(database: EmbeddedDatabase, ada: Person) -> None:
    give_hash(database, ada, STRONGER)

    assert sign_in(ada).status == 200
    assert stored(database, ada).password_hash == STRONGER


@pytest.mark.parametrize(
    "password_hash",
    ["", "nonsense", "$argon2id$", "$2b$12$" + "a" * 53, WEAKER[:-10]],
    ids=["empty", "nonsense", "a beginning", "bcrypt", "cut off"],
)
def test_a_hash_that_cannot_be_read_matches_nothing(
    database: EmbeddedDatabase, ada: Person, password_hash: str
) -> None:
    give_hash(database, ada, password_hash)

    answer = sign_in(ada)

    assert answer.status == 401
    assert answer.code == "invalid_credentials"


def test_an_unknown_address_costs_a_hash_too(tmp_path: Path) -> None:
    with (
        whole_api(EmbeddedDatabase(tmp_path / "test.db"), tmp_path) as api,
        mock.patch.object(passwords, "matches", wraps=passwords.matches) as matches,
    ):
        api.request("POST", "/auth/login", {"email": "nobody@example.com", "password": "password123"})

    matches.assert_called_once_with("password123", passwords.NO_PASSWORD)
