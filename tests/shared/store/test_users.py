"""Users, and the index of their addresses."""

import json
from uuid import UUID

import msgspec
import pytest

from shared.database.embedded import EmbeddedDatabase
from shared.store import users
from shared.store.record import decode
from shared.store.users import EmailTaken, User
from tests.shared.database.places import contents
from tests.shared.database.threads import at_once


def test_a_user_is_found_by_id_and_by_address(database: EmbeddedDatabase, ada: User) -> None:
    database.write(lambda tr: users.add(tr, ada))

    assert database.read(lambda tr: users.get(tr, ada.id)) == ada
    assert database.read(lambda tr: users.find(tr, ada.email)) == ada


def test_nobody_is_found_who_was_not_added(database: EmbeddedDatabase, ada: User) -> None:
    assert database.read(lambda tr: users.get(tr, ada.id)) is None
    assert database.read(lambda tr: users.find(tr, ada.email)) is None


def test_an_address_belongs_to_the_first_who_took_it(database: EmbeddedDatabase, ada: User) -> None:
    database.write(lambda tr: users.add(tr, ada))
    before = contents(database)
    impostor = msgspec.structs.replace(ada, id=UUID(int=7), first_name="Eve")

    with pytest.raises(EmailTaken):
        database.write(lambda tr: users.add(tr, impostor))

    assert contents(database) == before


def test_of_many_at_once_one_gets_the_address(database: EmbeddedDatabase, ada: User) -> None:
    def add(number: int) -> bool:
        try:
            database.write(lambda tr: users.add(tr, msgspec.structs.replace(ada, id=UUID(int=number))))
        except EmailTaken:
            return False
        return True

    added = at_once([lambda: add(1), lambda: add(2), lambda: add(3), lambda: add(4)])

    assert added.count(True) == 1
    assert len(contents(database)) == 2, "one record and one entry in the index"


def test_a_new_hash_changes_nothing_else(database: EmbeddedDatabase, ada: User) -> None:
    database.write(lambda tr: users.add(tr, ada))

    database.write(lambda tr: users.set_hash(tr, ada, "$argon2id$new"))

    found = database.read(lambda tr: users.find(tr, ada.email))
    assert found == msgspec.structs.replace(ada, password_hash="$argon2id$new")


def test_logs_do_not_tell_hash_and_address(ada: User) -> None:
    assert repr(ada) == f"User({ada.id})"


def test_a_record_is_json_that_an_operator_can_read(database: EmbeddedDatabase, ada: User) -> None:
    database.write(lambda tr: users.add(tr, ada))

    value = contents(database)[users.record(ada.id)]
    assert json.loads(value) == {
        "id": str(ada.id),
        "email": "ada@example.com",
        "passwordHash": "$argon2id$ada",
        "firstName": "Ada",
        "lastName": "Lovelace",
        "createdAt": "2026-11-23T17:55:00.123Z",
        "company": "Analytical Engines",
    }


def test_a_record_of_another_version_is_read_all_the_same(ada: User) -> None:
    fields = msgspec.to_builtins(ada)
    del fields["company"]

    older = decode(User, msgspec.json.encode(fields))
    newer = decode(User, msgspec.json.encode({**fields, "favouriteColour": "green"}))

    assert older == newer == msgspec.structs.replace(ada, company=None)
