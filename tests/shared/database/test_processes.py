"""Several processes on one database: as if each transaction had run alone."""

from pathlib import Path

import pytest

from shared.database import errors
from shared.database.embedded import EmbeddedDatabase
from shared.database.engine import Engine
from shared.database.errors import DatabaseError
from tests.shared.database.places import Place, contents
from tests.shared.database.processes import child


def test_no_update_is_lost_between_processes(place: Place, database: Engine) -> None:
    times = 25

    with (
        child("count", *place.told(), times) as one,
        child("count", *place.told(), times) as two,
        child("count", *place.told(), times) as three,
    ):
        ended = [counting.ended() for counting in (one, two, three)]

    assert ended == [0, 0, 0]
    assert contents(database) == {b"count": b"%d" % (3 * times)}


def test_readers_go_on_while_another_process_writes_and_see_nothing_of_it(file: Path) -> None:
    database = EmbeddedDatabase(file)
    database.write(lambda tr: tr.set(b"k", b"old"))

    with child("hold", file) as writer:
        assert writer.hear() == "holding"
        during = contents(database)
        writer.tell("commit")
        assert writer.hear() == "committed"

    assert during == {b"k": b"old"}
    assert contents(database) == {b"k": b"held"}


def test_a_writer_that_another_process_keeps_waiting_too_long_is_told_so(file: Path) -> None:
    database = EmbeddedDatabase(file)

    with child("hold", file) as writer:
        assert writer.hear() == "holding"
        with pytest.raises(DatabaseError, match="another process kept the write lock too long") as refused:
            database.write(lambda tr: tr.set(b"k", b"late"), timeout_s=0.05)
        writer.tell("give up")
        assert writer.ended() == 0

    assert refused.value.code == errors.TIMED_OUT
    database.write(lambda tr: tr.set(b"k", b"in time"))
    assert contents(database) == {b"k": b"in time"}


def test_a_process_that_dies_within_a_transaction_lets_the_next_one_write(file: Path) -> None:
    database = EmbeddedDatabase(file)
    database.write(lambda tr: tr.set(b"k", b"old"))

    with child("hold", file) as writer:
        assert writer.hear() == "holding"
        writer.kill()

    assert contents(database) == {b"k": b"old"}
    database.write(lambda tr: tr.set(b"k", b"new"))
    assert contents(database) == {b"k": b"new"}


def test_of_several_processes_that_find_no_database_one_makes_it(tmp_path: Path) -> None:
    files = [tmp_path / f"{number}.db" for number in range(20)]

    with child("open_and_count") as one, child("open_and_count") as two, child("open_and_count") as three:
        children = [one, two, three]
        assert [opener.hear() for opener in children] == ["ready"] * 3
        for file in files:
            for opener in children:
                opener.tell(str(file))
            assert [opener.hear() for opener in children] == ["counted"] * 3

    assert [contents(EmbeddedDatabase(file)) for file in files] == [{b"count": b"3"}] * len(files)
