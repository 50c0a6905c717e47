"""What the embedded engine promises beside answering like FoundationDB."""

from pathlib import Path

import pytest

from shared.database.embedded import EmbeddedDatabase
from tests.shared.database.places import contents
from tests.shared.database.stamps import stamped
from tests.shared.database.threads import at_once


@pytest.fixture
def database(file: Path) -> EmbeddedDatabase:
    return EmbeddedDatabase(file)


def test_a_commit_is_on_the_disk_before_it_returns_and_readers_need_not_wait(database: EmbeddedDatabase) -> None:
    connection = database._connection()

    assert connection.run("PRAGMA synchronous") == [(2,)], "not FULL"
    assert connection.run("PRAGMA journal_mode") == [("wal",)]


def test_a_reader_has_patience_of_its_own_after_a_writer_that_had_none(database: EmbeddedDatabase) -> None:
    """SQLite lets readers wait while it recovers a file that a killed process left behind."""
    database.write(lambda tr: tr.set(b"k", b"1"), timeout_s=0.0)

    [(patience_ms,)] = database.read(lambda _: database._connection().run("PRAGMA busy_timeout"))

    assert patience_ms > 0


def test_what_only_reads_has_no_way_to_write(database: EmbeddedDatabase) -> None:
    assert database.read(lambda tr: hasattr(tr, "get"))
    assert not database.read(lambda tr: hasattr(tr, "set"))


def test_stamps_go_on_growing_when_the_file_is_opened_again(file: Path) -> None:
    def append(entry: bytes) -> None:
        database = EmbeddedDatabase(file)
        database.write(lambda tr: tr.set_versionstamped_key(stamped(b"log/"), entry))
        database.close()

    append(b"1")
    append(b"2")
    append(b"3")

    assert list(contents(EmbeddedDatabase(file)).values()) == [b"1", b"2", b"3"]


def test_a_closed_database_opens_again_by_itself(database: EmbeddedDatabase) -> None:
    database.write(lambda tr: tr.set(b"k", b"1"))
    database.close()
    database.close()

    assert contents(database) == {b"k": b"1"}


def test_two_databases_on_one_file_in_one_process_take_turns(file: Path) -> None:
    def count(database: EmbeddedDatabase) -> None:
        for _ in range(20):
            database.write(lambda tr: tr.atomic("add", b"count", b"\x01\0"))

    one, two = EmbeddedDatabase(file), EmbeddedDatabase(file)

    at_once([lambda: count(one), lambda: count(two)])

    assert contents(one) == contents(two) == {b"count": b"\x28\0"}
