"""Lists, a page at a time: newest first, every entry once."""

from collections.abc import Callable
from typing import Any

import pytest

from shared.store.pages import PAGE_DEFAULT, PAGE_LIMIT
from tests.client import Api, Person, register


def walk(person: Person, limit: int, between: Callable[[], object] = lambda: None) -> list[list[str]]:
    """The names on each page, from the first to the last."""
    pages, cursor = [], ""
    while True:
        answer = person.api.get(f"/sessions?limit={limit}{cursor}", token=person.token)
        assert answer.status == 200
        pages.append([session["name"] for session in answer.data])
        following = answer.json["page"]["nextCursor"]
        if following is None:
            return pages
        cursor = f"&cursor={following}"
        between()


@pytest.fixture(scope="module")
def hoarder(api: Api) -> Person:
    """Somebody with more sessions than one page may have."""
    person = register(api, "hoarder@example.com")
    for number in range(PAGE_LIMIT + 1):
        person.start_session(str(number))
    return person


def test_a_list_goes_on_where_its_last_entry_was_deleted(api: Api, ada: Person) -> None:
    started = [ada.start_session(str(number)) for number in range(4)]
    remaining = iter([started[2]["id"]])

    pages = walk(ada, limit=2, between=lambda: api.delete(f"/sessions/{next(remaining)}", token=ada.token))

    assert pages == [["3", "2"], ["1", "0"]]


def test_a_page_has_fifty_entries_unless_asked_otherwise(hoarder: Person) -> None:
    answer = hoarder.api.get("/sessions", token=hoarder.token)

    assert len(answer.data) == PAGE_DEFAULT == 50
    assert answer.json["page"]["nextCursor"] is not None


def test_a_page_has_two_hundred_entries_at_most(hoarder: Person) -> None:
    pages = walk(hoarder, limit=PAGE_LIMIT)

    assert [len(page) for page in pages] == [PAGE_LIMIT, 1] == [200, 1]


@pytest.mark.parametrize("cursor", ["A" * 22, "_" * 21 + "w"])
def test_a_cursor_past_either_end_answers_what_lies_after_it(api: Api, ada: Person, cursor: str) -> None:
    session = ada.start_session()
    expected: list[Any] = [] if cursor.startswith("A") else [session]

    answer = api.get(f"/sessions?cursor={cursor}", token=ada.token)

    assert answer.status == 200
    assert answer.data == expected


def test_a_cursor_of_another_tenant_leads_to_nothing_of_theirs(api: Api, hoarder: Person, bob: Person) -> None:
    cursor = api.get("/sessions?limit=1", token=hoarder.token).json["page"]["nextCursor"]

    answer = api.get(f"/sessions?cursor={cursor}", token=bob.token)

    assert answer.status == 200
    assert answer.data == []
