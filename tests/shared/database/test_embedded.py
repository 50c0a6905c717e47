"""What the embedded engine promises beside answering like FoundationDB."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shared.database.embedded import BATCH_LIMIT, EmbeddedDatabase
from shared.database.errors import DatabaseError
from shared.database.transaction import ReadTransaction, Transaction
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


def keep(database: EmbeddedDatabase, pairs: dict[bytes, bytes]) -> None:
    def write(tr: Transaction) -> None:
        for key, value in pairs.items():
            tr.set(key, value)

    database.write(write)


def test_what_a_view_is_asked_for_is_read_by_one_statement(database: EmbeddedDatabase) -> None:
    keys = [b"k%d" % number for number in range(50)]
    statements: list[str] = []
    keep(database, {key: b"v" + key for key in keys[1:]})
    database._connection()._sqlite.set_trace_callback(statements.append)

    values = database.read(lambda tr: [read.wait() for read in [tr.get(key) for key in keys * 2]])

    assert values == [None, *(b"v" + key for key in keys[1:])] * 2
    assert [statement.split()[0] for statement in statements] == ["SELECT"]


def test_a_view_whose_first_values_changed_before_it_read_on_is_begun_anew(database: EmbeddedDatabase) -> None:
    keep(database, {b"a": b"1", b"b": b"1"})
    seen: list[tuple[bytes | None, bytes | None, bytes | None]] = []

    def look(tr: ReadTransaction) -> None:
        first = tr.get(b"a").wait()
        if not seen:
            in_another_thread(lambda: keep(database, {b"a": b"2", b"b": b"2"}))
        seen.append((first, None, None))
        seen.append((first, tr.get(b"b").wait(), dict(tr.get_range(b"a", b"c").wait())[b"a"]))

    database.read(look)

    assert seen == [(b"1", None, None), (b"2", None, None), (b"2", b"2", b"2")]


def test_a_view_that_reads_on_sees_nothing_of_what_was_written_meanwhile(database: EmbeddedDatabase) -> None:
    keep(database, {b"a": b"1", b"b": b"1"})

    def look(tr: ReadTransaction) -> list[bytes | None]:
        values = [tr.get(b"a").wait(), tr.get(b"missing").wait()]
        in_another_thread(lambda: keep(database, {b"a": b"2", b"b": b"2"}))
        return [*values, tr.get(b"b").wait(), tr.get(b"a").wait()]

    assert database.read(look) == [b"1", None, b"1", b"1"]


def in_another_thread(work: Callable[[], None]) -> None:
    with ThreadPoolExecutor(1) as pool:
        pool.submit(work).result()


def test_more_than_a_statement_can_take_is_read_by_several(database: EmbeddedDatabase) -> None:
    keys = [b"k%d" % number for number in range(2 * BATCH_LIMIT + 1)]
    keep(database, {key: key for key in keys})

    assert database.read(lambda tr: [read.wait() for read in [tr.get(key) for key in keys]]) == keys


def test_values_that_are_waited_for_after_the_view_has_ended_are_not_told(database: EmbeddedDatabase) -> None:
    read = database.read(lambda tr: tr.get(b"k"))

    with pytest.raises(DatabaseError):
        read.wait()
