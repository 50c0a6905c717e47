"""What the processes do that tests start: `python -m tests.shared.database.children WORK ARGUMENTS`."""

import ctypes
import itertools
import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from shared.database.embedded import EmbeddedDatabase
from shared.database.errors import DatabaseError
from shared.database.sqlite import Connection
from shared.database.transaction import Transaction
from tests.shared.database.ledger import one_more
from tests.shared.database.places import PATIENCE_S, Place, begun, contents

PR_CAPBSET_DROP, CAP_DAC_OVERRIDE = 24, 1  # prctl(2), capabilities(7)


def say(text: object) -> None:
    os.write(1, f"{text}\n".encode())


def count(engine: str, file: str, prefix: str, times: str) -> None:
    """Count up in a key, reading it first."""

    def increment(tr: Transaction) -> None:
        tr.set(b"count", b"%d" % (int(tr.get(b"count").wait() or b"0") + 1))

    database = Place.heard(engine, file, prefix).open()
    for _ in range(int(times)):
        database.write(increment, timeout_s=PATIENCE_S)


def hold(file: str) -> None:
    """Keep a write transaction open until told to commit it."""
    with begun(EmbeddedDatabase(Path(file))) as tr:
        tr.set(b"k", b"held")
        say("holding")
        if input() == "commit":
            tr.commit()
            say("committed")


def open_and_count() -> None:
    """Open each database that is named, perhaps as the first to do so, and count in it."""
    say("ready")
    for line in sys.stdin:
        count("embedded", line.strip(), "", "1")
        say("counted")


def keep_a_ledger(file: str) -> None:
    """Write one entry after the other, and say so after each commit."""
    database = EmbeddedDatabase(Path(file))
    while True:
        say(database.write(one_more, timeout_s=PATIENCE_S))


def make_databases(folder: str) -> None:
    """Make one database after the other."""
    for number in itertools.count():
        EmbeddedDatabase(Path(folder, f"{number}.db")).write(lambda tr: tr.set(b"k", b"1"))


def die_at(statement_number: str, file: str) -> None:
    """Make a database, and die before that statement of all that this takes."""
    numbers = itertools.count()
    run = Connection.run

    def dying_run(self: Connection, statement: str, *arguments: object) -> object:
        if next(numbers) == int(statement_number):
            os.kill(os.getpid(), signal.SIGKILL)
        return run(self, statement, *arguments)

    setattr(Connection, "run", dying_run)  # noqa: B010 - a plain assignment would not be of its type
    EmbeddedDatabase(Path(file))


def without_rights(work: str, *arguments: str) -> None:
    """Do a work as somebody whom the rights of files bind: root they do not."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE)
    os.execv(sys.executable, [sys.executable, "-m", "tests.shared.database.children", work, *arguments])  # noqa: S606


def try_all(file: str) -> None:
    """Open, read and write, and say what came of each."""
    database: list[EmbeddedDatabase] = []
    say(told(lambda: database.append(EmbeddedDatabase(Path(file)))))
    if database:
        say(told(lambda: contents(database[0])))
        say(told(lambda: database[0].write(lambda tr: tr.set(b"new", b"1"))))


def told(work: Callable[[], object]) -> str:
    """What a work answers, or the error that it ends in."""
    try:
        return f"answered {work()}"
    except DatabaseError as error:
        return f"error {error.code}: {error}"


def fill_a_disk(folder: str) -> None:
    """Write until a small disk of our own is full, then make room and go on."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], check=True)
    ballast = Path(folder, "ballast")
    ballast.write_bytes(b"x" * 500_000)
    fill(Path(folder, "test.db"), ballast.unlink)


def fill_a_quota(file: str) -> None:
    """Write until files may grow no more, then have that changed and go on."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))
    fill(Path(file), lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2))


def written_until_refused(database: EmbeddedDatabase, written: list[bytes]) -> DatabaseError:
    """Write pair after pair, noting which; returns what the first one that failed was told."""

    def write(key: bytes) -> None:
        database.write(lambda tr: tr.set(key, b"v" * 20_000))
        written.append(key)

    try:
        for number in itertools.count():
            write(b"%06d" % number)
    except DatabaseError as error:
        return error
    raise AssertionError


def fill(file: Path, make_room: Callable[[], object]) -> None:
    database = EmbeddedDatabase(file)
    written: list[bytes] = []
    refusal = written_until_refused(database, written)
    report = {"message": str(refusal), "code": refusal.code, "written": len(written)}
    report["kept while full"] = list(contents(database)) == written
    report["kept when opened while full"] = told(lambda: list(contents(EmbeddedDatabase(file))) == written)
    make_room()
    database.write(lambda tr: tr.set(b"after", b"1"))
    report["kept after"] = list(contents(EmbeddedDatabase(file))) == [*written, b"after"]
    say(json.dumps(report))


WORKS: dict[str, Callable[..., None]] = {
    work.__name__: work
    for work in (
        count,
        hold,
        open_and_count,
        keep_a_ledger,
        make_databases,
        die_at,
        without_rights,
        try_all,
        fill_a_disk,
        fill_a_quota,
    )
}

if __name__ == "__main__":
    WORKS[sys.argv[1]](*sys.argv[2:])
