"""What a FoundationDB 7.3 cluster answered, recorded: transactions in order, and what it refused."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shared.database.engine import Engine, WriteAttempt
from shared.database.errors import CONFLICT, DatabaseError
from shared.database.transaction import KeySelector, ReadTransaction
from tests.shared.database.places import Place, begun

RECORDED = json.loads(Path(__file__).with_name("foundationdb-7.3.79.json").read_text())
PREFIX = bytes.fromhex(RECORDED["prefix"])
STAMPED = b"v/s" + b"\0" * 10


def set_large_values(tr: WriteAttempt, count: int) -> None:
    for number in range(count):
        tr.set(b"v/%03d" % number, b"x" * 100_000)


def exceed_own_limit(tr: WriteAttempt) -> None:
    tr.set_size_limit(1_000)
    tr.set(b"v/k", b"x" * 2_000)


def read_after_cancel(tr: WriteAttempt) -> None:
    tr.cancel()
    tr.get(b"v/k").wait()


def read_stamped_key_back(tr: WriteAttempt) -> None:
    tr.set_versionstamped_key(STAMPED + b"\x03\0\0\0", b"1")
    tr.get_range(b"v/s", b"v/t", limit=1).wait()


def limits(prefix_bytes: int) -> dict[str, Callable[[WriteAttempt], object]]:
    """What was done in each recorded case, with so many bytes of each key already taken."""
    longest = 10_000 - prefix_bytes
    return {
        "key of 10,000 bytes": lambda tr: tr.set(b"k" * longest, b""),
        "key of 10,001 bytes": lambda tr: tr.set(b"k" * (longest + 1), b""),
        "value of 100,000 bytes": lambda tr: tr.set(b"v/k", b"x" * 100_000),
        "value of 100,001 bytes": lambda tr: tr.set(b"v/k", b"x" * 100_001),
        "read of a key of 10,001 bytes": lambda tr: tr.get(b"k" * (longest + 1)).wait(),
        "write to \\xff": lambda tr: tr.set(b"\xff/k", b""),
        "read of \\xff": lambda tr: tr.get(b"\xff/k").wait(),
        "clear_range inverted": lambda tr: tr.clear_range(b"v/b", b"v/a"),
        "get_range inverted": lambda tr: tr.get_range(b"v/b", b"v/a").wait(),
        "empty key": lambda tr: tr.set(b"", b""),
        "99 values of 100,000 bytes": lambda tr: set_large_values(tr, 99),
        "101 values of 100,000 bytes": lambda tr: set_large_values(tr, 101),
        "size limit of 1,000 exceeded": exceed_own_limit,
        "read after cancel": read_after_cancel,
        "versionstamped key read back": read_stamped_key_back,
        "versionstamped key offset out of range": lambda tr: tr.set_versionstamped_key(STAMPED + b"\x0a\0\0\0", b"1"),
    }


def test_every_recorded_transaction_is_answered_alike(database: Engine) -> None:
    for number, recorded in enumerate(RECORDED["transactions"]):
        answers, end = played(database, recorded)
        after = database.read(lambda tr: in_hex(tr.get_range(PREFIX, PREFIX + b"\xff" * 8).wait()))

        assert answers == recorded["steps"], f"transaction {number}"
        assert end == recorded["end"], f"transaction {number}"
        assert after == recorded["after"], f"transaction {number}"


@pytest.mark.parametrize("recorded", RECORDED["limits"], ids=lambda recorded: recorded["case"])
def test_every_recorded_limit_is_kept_alike(place: Place, database: Engine, recorded: dict[str, Any]) -> None:
    work = limits(len(place.prefix))[recorded["case"]]

    with begun(database) as tr:
        during = outcome(lambda: work(tr))
        commit = outcome(tr.commit) if during == "ok" else "not tried"

    assert (during, commit) == (recorded["during"], recorded["commit"])


def outcome(work: Callable[[], object]) -> object:
    try:
        work()
    except DatabaseError as error:
        return {"error": error.code}
    return "ok"


def played(database: Engine, recorded: dict[str, Any]) -> tuple[object, object]:
    """The answers to a recorded transaction's steps, and how it ended.

    Beside other clients' transactions a cluster may refuse one that conflicts with none; that is played again, a while
    later.
    """
    for attempt in range(10):
        with begun(database) as tr:
            answers = [[step, answer(tr, *step)] for step, _ in recorded["steps"]]
            end = outcome(tr.commit) if recorded["end"] != "abandoned" else "abandoned"
        if end == recorded["end"] or end != {"error": CONFLICT}:
            break
        time.sleep(0.01 * 2**attempt)
    return answers, end


def answer(tr: WriteAttempt, name: str, *arguments: Any) -> object:
    """The answer of one operation, written as it was recorded."""
    if name in ("get", "get_range", "get_key"):
        return read(tr, name, *arguments)
    texts = [bytes.fromhex(text) for text in (arguments[1:] if name == "atomic" else arguments)]
    return outcome(lambda: tr.atomic(arguments[0], *texts) if name == "atomic" else getattr(tr, name)(*texts))


def read(tr: ReadTransaction, name: str, *arguments: Any) -> object:
    if name == "get":
        key, snapshot = arguments
        value = (tr.snapshot if snapshot else tr).get(bytes.fromhex(key)).wait()
        return None if value is None else value.hex()
    if name == "get_range":
        begin, end, limit, reverse, snapshot = arguments
        source = tr.snapshot if snapshot else tr
        return in_hex(source.get_range(bytes.fromhex(begin), bytes.fromhex(end), limit=limit, reverse=reverse).wait())
    kind, key, offset = arguments
    selector: KeySelector = getattr(KeySelector, kind)(bytes.fromhex(key)) + offset
    found = tr.get_key(selector).wait()
    return found.hex() if found.startswith(PREFIX) else "outside"


def in_hex(pairs: list[tuple[bytes, bytes]]) -> list[list[str]]:
    return [[key.hex(), value.hex()] for key, value in pairs]
