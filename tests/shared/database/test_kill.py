"""Processes that are killed (SIGKILL) at any moment: all that they acknowledged is there, and nothing by halves."""

import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

from shared.database.embedded import EmbeddedDatabase
from tests.shared.database.ledger import audited, one_more
from tests.shared.database.places import contents
from tests.shared.database.processes import child

SEED = 20
STATEMENTS_LIMIT = 50
"""More than it takes to make a database."""


def killed_after(file: Path, pause_s: float) -> int:
    """Have a process write until it is killed, and return the last entry that it acknowledged."""
    with child("keep_a_ledger", file) as writer:
        first = writer.hear()
        time.sleep(pause_s)
        writer.kill()
        return int([first, *writer.hear_all()][-1])


def kill_often(file: Path, times: int, audit: Callable[[], int]) -> None:
    moments = random.Random(SEED)
    for _ in range(times):
        acknowledged = killed_after(file, moments.uniform(0, 0.04))

        # The one that it was about to acknowledge may be there too.
        assert audit() in (acknowledged, acknowledged + 1)


def test_a_killed_writer_loses_nothing_that_it_acknowledged(file: Path) -> None:
    def audit() -> int:
        database = EmbeddedDatabase(file)
        entries = audited(database)
        database.close()
        return entries

    kill_often(file, 22, audit)


def test_a_killed_writer_does_not_disturb_who_else_uses_the_file(file: Path) -> None:
    database = EmbeddedDatabase(file)

    def audit() -> int:
        audited(database)
        database.write(one_more)
        return audited(database) - 1

    kill_often(file, 11, audit)


def test_a_process_killed_while_it_starts_does_no_harm(file: Path) -> None:
    database = EmbeddedDatabase(file)
    moments = random.Random(SEED)

    for _ in range(10):
        before = audited(database)
        with child("keep_a_ledger", file) as writer:
            time.sleep(moments.uniform(0.05, 0.12))
            writer.kill()
            acknowledged = len(writer.hear_all())

        assert audited(database) - before in (acknowledged, acknowledged + 1)


def test_wherever_making_a_database_is_cut_short_the_next_start_makes_it(tmp_path: Path) -> None:
    for number in range(STATEMENTS_LIMIT):
        file = tmp_path / f"{number}.db"
        with child("die_at", number, file) as maker:
            status = maker.ended()

        database = EmbeddedDatabase(file)
        database.write(lambda tr: tr.set(b"k", b"1"))
        assert contents(database) == {b"k": b"1"}
        database.close()
        if status == 0:
            break
        assert status == -signal.SIGKILL

    assert 5 < number < STATEMENTS_LIMIT - 1


def test_databases_that_were_being_made_at_random_moments_can_be_made(tmp_path: Path) -> None:
    moments = random.Random(SEED)

    for number in range(8):
        folder = tmp_path / str(number)
        with child("make_databases", folder) as maker:
            time.sleep(moments.uniform(0.1, 0.25))
            maker.kill()
        for file in folder.glob("*.db"):
            database = EmbeddedDatabase(file)
            assert contents(database) in ({}, {b"k": b"1"})
            database.close()
