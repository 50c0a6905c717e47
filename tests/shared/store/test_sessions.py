"""Work sessions, the list of a tenant's, and its pages."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.database.embedded import EmbeddedDatabase
from shared.database.transaction import Transaction
from shared.errors import NotFound
from shared.store import sessions
from shared.store.pages import Page
from shared.store.record import key
from shared.store.sessions import Session
from tests.shared.database.places import contents

SetClock = Callable[[datetime], None]

TENANT, OTHER_TENANT, USER = UUID(int=1), UUID(int=2), UUID(int=3)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def start(database: EmbeddedDatabase, count: int, tenant_id: UUID = TENANT) -> list[Session]:
    """Start sessions one after the other; returns them newest first."""

    def work(tr: Transaction) -> list[Session]:
        return [sessions.add(tr, tenant_id, USER, f"session {number}", "/workspace") for number in range(count)]

    return database.write(work)[::-1]


def pages(database: EmbeddedDatabase, limit: int) -> list[list[Session]]:
    """All pages of the tenant's list."""

    def page_after(cursor: str | None) -> Page[Session]:
        return database.read(lambda tr: sessions.page(tr, TENANT, cursor, limit))

    page = page_after(None)
    read = [page.items]
    while page.next_cursor is not None:
        page = page_after(page.next_cursor)
        read.append(page.items)
    return read


def test_a_session_is_read_as_it_was_started(database: EmbeddedDatabase, set_clock: SetClock) -> None:
    set_clock(NOON)
    [session] = start(database, 1)

    assert database.read(lambda tr: sessions.get(tr, TENANT, session.id)) == session
    assert session.created_at == session.updated_at == "2026-11-23T12:00:00.000Z"


@pytest.mark.parametrize("known", [False, True])
def test_another_tenants_session_is_as_good_as_none(database: EmbeddedDatabase, known: bool) -> None:
    [session] = start(database, 1, OTHER_TENANT)

    with pytest.raises(NotFound):
        database.read(lambda tr: sessions.get(tr, TENANT, session.id if known else UUID(int=9)))


@pytest.mark.parametrize(("count", "sizes"), [(0, [0]), (1, [1]), (3, [3]), (4, [3, 1]), (6, [3, 3]), (7, [3, 3, 1])])
def test_a_page_is_followed_by_another_only_if_more_is_left(
    database: EmbeddedDatabase, count: int, sizes: list[int]
) -> None:
    start(database, count)

    assert [len(page) for page in pages(database, limit=3)] == sizes


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(count=st.integers(0, 12), limit=st.integers(1, 13))
def test_all_pages_together_are_the_list_newest_first(database: EmbeddedDatabase, count: int, limit: int) -> None:
    database.write(lambda tr: tr.clear_range(b"", b"\xff"))
    start(database, 2, OTHER_TENANT)
    started = start(database, count)
    start(database, 2, OTHER_TENANT)

    assert [session for page in pages(database, limit) for session in page] == started


def test_what_is_started_meanwhile_does_not_move_the_pages(database: EmbeddedDatabase) -> None:
    old = start(database, 4)
    first = database.read(lambda tr: sessions.page(tr, TENANT, None, 2))
    start(database, 3)

    second = database.read(lambda tr: sessions.page(tr, TENANT, first.next_cursor, 2))

    assert first.items + second.items == old


def test_a_cursor_goes_on_though_its_entry_was_removed(database: EmbeddedDatabase) -> None:
    started = start(database, 4)
    first = database.read(lambda tr: sessions.page(tr, TENANT, None, 2))
    database.write(lambda tr: sessions.remove(tr, first.items[-1]))

    second = database.read(lambda tr: sessions.page(tr, TENANT, first.next_cursor, 2))

    assert second.items == started[2:]


def test_a_change_is_kept_with_its_time(database: EmbeddedDatabase, set_clock: SetClock) -> None:
    set_clock(NOON)
    [session] = start(database, 1)
    set_clock(NOON + timedelta(minutes=1))

    changed = database.write(lambda tr: sessions.change(tr, session, "new name", "/elsewhere"))

    assert database.read(lambda tr: sessions.get(tr, TENANT, session.id)) == changed
    assert (changed.name, changed.workspace_path) == ("new name", "/elsewhere")
    assert (changed.created_at, changed.updated_at) == (session.created_at, "2026-11-23T12:01:00.000Z")


def test_a_change_that_changes_nothing_is_none(database: EmbeddedDatabase, set_clock: SetClock) -> None:
    set_clock(NOON)
    [session] = start(database, 1)
    set_clock(NOON + timedelta(minutes=1))

    assert database.write(lambda tr: sessions.change(tr, session, session.name, session.workspace_path)) == session
    assert database.read(lambda tr: sessions.get(tr, TENANT, session.id)) == session


def test_a_clock_that_goes_back_does_not_take_the_time_of_change_with_it(
    database: EmbeddedDatabase, set_clock: SetClock
) -> None:
    set_clock(NOON)
    [session] = start(database, 1)
    set_clock(NOON - timedelta(minutes=1))

    changed = database.write(lambda tr: sessions.change(tr, session, "new name", ""))

    assert changed.updated_at == session.updated_at


def test_a_removed_session_leaves_nothing_behind_and_its_neighbours_alone(database: EmbeddedDatabase) -> None:
    start(database, 2)
    before = contents(database)
    [session] = start(database, 1)
    database.write(lambda tr: tr.set(key("sessions", session.id, "files", "a.txt"), b"belongs to it"))
    after = start(database, 2)

    database.write(lambda tr: sessions.remove(tr, session))

    kept = {sessions.record(other.id) for other in after} | {sessions.by_tenant(TENANT, other.id) for other in after}
    assert set(contents(database)) == set(before) | kept
