"""Keys and values that carry the instant of their commit: every commit's is larger than those before it."""

import struct

import pytest

from shared.database import errors
from shared.database.engine import Engine
from shared.database.errors import DatabaseError
from shared.database.transaction import KeySelector, Transaction
from tests.shared.database.places import begun, contents
from tests.shared.database.stamps import stamp, stamped
from tests.shared.database.threads import at_once


def append(database: Engine, entry: bytes) -> None:
    """Put an entry at the end of a log."""
    database.write(lambda tr: tr.set_versionstamped_key(stamped(b"log/"), entry))


def test_a_key_gets_its_commits_stamp_between_what_surrounds_it(database: Engine) -> None:
    database.write(lambda tr: tr.set_versionstamped_key(stamped(b"before/", b"/after"), b"value"))

    [(key, value)] = contents(database).items()
    assert key == b"before/" + stamp(key, b"before/") + b"/after"
    assert value == b"value"


def test_a_value_gets_its_commits_stamp_between_what_surrounds_it(database: Engine) -> None:
    database.write(lambda tr: tr.set_versionstamped_value(b"k", stamped(b"before/", b"/after")))

    value = contents(database)[b"k"]
    assert value == b"before/" + stamp(value, b"before/") + b"/after"


def test_all_stamps_of_one_commit_are_equal(database: Engine) -> None:
    def work(tr: Transaction) -> None:
        tr.set_versionstamped_key(stamped(b"log/"), b"")
        tr.set_versionstamped_value(b"k", stamped(b""))

    database.write(work)

    [log_key] = [key for key in contents(database) if key.startswith(b"log/")]
    assert stamp(log_key, b"log/") == stamp(contents(database)[b"k"], b"")


def test_later_commits_have_larger_stamps(database: Engine) -> None:
    entries = [b"%d" % number for number in range(20)]

    for entry in entries:
        append(database, entry)

    assert list(contents(database).values()) == entries


def test_stamps_follow_the_order_in_which_commits_saw_each_other(database: Engine) -> None:
    def work(tr: Transaction) -> None:
        count = int(tr.get(b"count").wait() or b"0")
        tr.set(b"count", b"%d" % (count + 1))
        tr.set_versionstamped_key(stamped(b"log/"), b"%d" % count)

    def append() -> None:
        for _ in range(10):
            database.write(work)

    at_once([append] * 4)

    log = [int(value) for key, value in contents(database).items() if key.startswith(b"log/")]
    assert log == list(range(40))


def test_a_commit_that_did_not_happen_leaves_no_stamp(database: Engine) -> None:
    with begun(database) as tr:
        tr.set_versionstamped_key(stamped(b"log/"), b"")
        tr.set_versionstamped_value(b"k", stamped(b""))

    assert contents(database) == {}


def test_stamps_stay_apart_when_other_commits_were_given_up(database: Engine) -> None:
    for _ in range(3):
        with begun(database) as tr:
            tr.set_versionstamped_key(stamped(b"log/"), b"given up")
        append(database, b"kept")

    assert list(contents(database).values()) == [b"kept"] * 3


@pytest.mark.parametrize("snapshot", [False, True])
def test_a_stamped_value_cannot_be_read_before_its_commit(database: Engine, snapshot: bool) -> None:
    with begun(database) as tr:
        tr.set_versionstamped_value(b"k", stamped(b""))
        source = tr.snapshot if snapshot else tr

        with pytest.raises(DatabaseError) as refused:
            source.get(b"k").wait()
        assert refused.value.code == errors.UNREADABLE
        with pytest.raises(DatabaseError) as refused:
            source.get_range(b"a", b"z").wait()
        assert refused.value.code == errors.UNREADABLE


def test_a_stamped_key_cannot_be_found_before_its_commit(database: Engine) -> None:
    database.write(lambda tr: tr.set(b"z", b""))

    with begun(database) as tr:
        tr.set_versionstamped_key(stamped(b"log/"), b"")

        for selector in (KeySelector.first_greater_than(b"a"), KeySelector.last_less_than(b"z")):
            with pytest.raises(DatabaseError) as refused:
                tr.get_key(selector).wait()
            assert refused.value.code == errors.UNREADABLE


def test_keys_are_found_on_either_side_of_a_stamped_one(database: Engine) -> None:
    def prepare(tr: Transaction) -> None:
        for key in (b"a", b"b", b"y", b"z"):
            tr.set(key, b"")

    database.write(prepare)

    with begun(database) as tr:
        tr.set_versionstamped_key(stamped(b"log/"), b"")

        assert tr.get_key(KeySelector.first_greater_than(b"a")).wait() == b"b"
        assert tr.get_key(KeySelector.last_less_than(b"z")).wait() == b"y"


def test_beside_a_stamped_value_all_can_be_read(database: Engine) -> None:
    database.write(lambda tr: tr.set(b"j", b"1"))

    with begun(database) as tr:
        tr.set_versionstamped_value(b"k", stamped(b""))

        assert tr.get(b"j").wait() == b"1"
        assert tr.get_range(b"a", b"k").wait() == [(b"j", b"1")]
        assert tr.get_range(b"k\0", b"z").wait() == []


def test_a_range_is_read_up_to_its_limit_though_it_goes_on_unreadable(database: Engine) -> None:
    database.write(lambda tr: tr.set(b"j", b"1"))
    database.write(lambda tr: tr.set(b"l", b"2"))

    with begun(database) as tr:
        tr.set_versionstamped_value(b"k", stamped(b""))

        assert tr.get_range(b"a", b"z", limit=1).wait() == [(b"j", b"1")]
        assert tr.get_range(b"a", b"z", limit=1, reverse=True).wait() == [(b"l", b"2")]


@pytest.mark.parametrize("read", [False, True])
def test_what_is_set_over_a_stamped_value_stays_unreadable_until_the_commit(database: Engine, read: bool) -> None:
    with begun(database) as tr:
        tr.set_versionstamped_value(b"k", stamped(b""))
        tr.set(b"k", b"1")
        if not read:
            tr.commit()
        for attempt in [lambda: tr.get(b"k").wait(), tr.commit] if read else []:
            with pytest.raises(DatabaseError) as refused:
                attempt()
            assert refused.value.code == errors.UNREADABLE

    assert contents(database) == ({} if read else {b"k": b"1"})


@pytest.mark.parametrize("range_", [False, True])
def test_what_was_cleared_can_be_read_again(database: Engine, range_: bool) -> None:
    with begun(database) as tr:
        tr.set_versionstamped_value(b"k", stamped(b""))
        if range_:
            tr.clear_range(b"k", b"l")
        else:
            tr.clear(b"k")
        tr.set(b"k", b"1")

        assert tr.get(b"k").wait() == b"1"


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\0\0\0",
        b"\0" * 4,
        b"x" * 9 + struct.pack("<i", 0),
        b"x" * 10 + struct.pack("<i", 1),
        b"x" * 10 + struct.pack("<i", -1_000),
    ],
    ids=["empty", "no offset", "no room", "a byte short", "past the end", "negative"],
)
def test_a_text_without_room_for_the_stamp_is_refused(database: Engine, text: bytes) -> None:
    for work in (
        lambda tr: tr.set_versionstamped_key(text, b""),
        lambda tr: tr.set_versionstamped_value(b"k", text),
    ):
        with pytest.raises(DatabaseError) as refused:
            database.write(work)
        assert refused.value.code == errors.CLIENT_INVALID_OPERATION

    assert contents(database) == {}
