"""Whoever waits for the database gives its turn away meanwhile."""

from pathlib import Path

import pytest

from shared.database.embedded import EmbeddedDatabase
from shared.database.engine import Engine
from shared.turns import Turns
from tests.cluster import FDBCLI, FDBSERVER, cluster
from tests.shared.database.places import PATIENCE_S, begun

needs_a_cluster = pytest.mark.skipif(not (FDBSERVER and FDBCLI), reason="there is no fdbserver to start and stop")


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is relieved: who waits has to say so."""
    monkeypatch.setattr("shared.turns.TURN_LIMIT_S", PATIENCE_S)


def test_for_a_change(database: Engine) -> None:
    turns = Turns(2)
    watch = database.write(lambda tr: tr.watch(b"k"))

    waiting = turns.submit(watch.wait, PATIENCE_S)
    turns.submit(database.write, lambda tr: tr.set(b"k", b"new")).result(PATIENCE_S)

    assert waiting.result(PATIENCE_S)


def test_for_who_writes_to_the_file(file: Path) -> None:
    database, turns = EmbeddedDatabase(file), Turns(2)
    with begun(database) as other:
        writing = turns.submit(database.write, lambda tr: tr.set(b"k", b"new"))

        assert turns.submit(abs, -1).result(PATIENCE_S) == 1
        assert not writing.done()
        other.commit()

    writing.result(PATIENCE_S)


@needs_a_cluster
def test_for_a_cluster_that_does_not_answer(tmp_path: Path) -> None:
    from shared.database.foundationdb import FoundationDatabase

    with cluster(tmp_path / "cluster") as paused:
        database, turns = FoundationDatabase(paused.cluster_file), Turns(2)
        database.write(lambda tr: tr.set(b"k", b"old"))
        paused.pause()
        reading = turns.submit(database.read, lambda tr: tr.get(b"k").wait())

        assert turns.submit(abs, -1).result(PATIENCE_S) == 1
        assert not reading.done()
        paused.resume()

        assert reading.result(PATIENCE_S) == b"old"
