"""Work sessions, over a real socket."""

import json
from uuid import UUID, uuid4

import pytest

from tests.client import Api, Person


def test_a_session_is_started_in_the_callers_tenant(api: Api, ada: Person) -> None:
    answer = api.post("/sessions", {"name": "My Project", "workspacePath": "/workspace/test"}, token=ada.token)

    assert answer.status == 201
    session = answer.data
    assert session["tenantId"] == ada.user["tenantId"]
    assert session["userId"] == ada.user["id"]
    assert session["createdAt"] == session["updatedAt"]
    assert UUID(session["id"]).version == 7
    assert answer.headers["Location"] == f"/api/v5/sessions/{session['id']}"


def test_a_session_is_found_again_with_the_same_etag(api: Api, ada: Person) -> None:
    made = api.post("/sessions", {"name": "one"}, token=ada.token)

    found = api.get(f"/sessions/{made.data['id']}", token=ada.token)

    assert found.data == made.data
    assert found.headers["ETag"] == made.headers["ETag"]
    assert found.headers["ETag"].startswith('"')


def test_an_unchanged_session_is_not_sent_again(api: Api, ada: Person) -> None:
    made = api.post("/sessions", {"name": "one"}, token=ada.token)
    path, etag = f"/sessions/{made.data['id']}", made.headers["ETag"]

    for header in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        answer = api.get(path, token=ada.token, headers={"If-None-Match": header})
        assert (answer.status, answer.body) == (304, b"")
        assert answer.headers["ETag"] == etag

    assert api.get(path, token=ada.token, headers={"If-None-Match": '"other"'}).status == 200


def test_a_change_touches_what_is_named_and_nothing_else(api: Api, ada: Person) -> None:
    made = ada.start_session("one", workspacePath="/a")

    answer = api.patch(f"/sessions/{made['id']}", {"name": "two"}, token=ada.token)

    assert answer.data == {**made, "name": "two", "updatedAt": answer.data["updatedAt"]}
    assert answer.data["updatedAt"] >= made["updatedAt"]


def test_a_change_of_nothing_changes_nothing(api: Api, ada: Person) -> None:
    made = api.post("/sessions", {"name": "one"}, token=ada.token)

    for body in ({}, {"name": "one"}):
        answer = api.patch(f"/sessions/{made.data['id']}", body, token=ada.token)
        assert (answer.data, answer.headers["ETag"]) == (made.data, made.headers["ETag"])


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_stale_state_is_not_changed(api: Api, ada: Person, method: str) -> None:
    made = api.post("/sessions", {"name": "one"}, token=ada.token)
    path, stale = f"/sessions/{made.data['id']}", made.headers["ETag"]
    body = {"name": "three"} if method == "PATCH" else None
    fresh = api.patch(path, {"name": "two"}, token=ada.token).headers["ETag"]

    for header in (stale, f"W/{fresh}", '"x", "y"', "nonsense"):
        refused = api.request(method, path, body, token=ada.token, headers={"If-Match": header})
        assert (refused.status, refused.code) == (412, "precondition_failed"), header

    assert api.request(method, path, body, token=ada.token, headers={"If-Match": f'"x", {fresh}'}).status == 200


def test_a_deleted_session_is_gone(api: Api, ada: Person) -> None:
    made = ada.start_session()
    path = f"/sessions/{made['id']}"

    answer = api.delete(path, token=ada.token)

    assert answer.status == 200
    assert answer.data["message"]
    for again in (api.get(path, token=ada.token), api.delete(path, token=ada.token)):
        assert (again.status, again.code) == (404, "not_found")
    assert api.get("/sessions", token=ada.token).data == []


def test_another_tenants_session_looks_like_one_that_does_not_exist(api: Api, ada: Person, bob: Person) -> None:
    hers = ada.start_session()["id"]

    for method, body in (("GET", None), ("PATCH", {"name": "mine"}), ("DELETE", None)):
        found, missing = (
            api.request(method, f"/sessions/{id_}", body, token=bob.token, headers={"X-Request-Id": "same"})
            for id_ in (hers, uuid4())
        )
        assert found.status == 404
        assert found.body == missing.body

    assert api.get("/sessions", token=bob.token).data == []
    assert api.get(f"/sessions/{hers}", token=ada.token).data["name"] == "My Project"


@pytest.mark.parametrize("total", [0, 1, 2, 3, 4, 5])
def test_pages_hold_every_session_once_newest_first(api: Api, ada: Person, total: int) -> None:
    made = [ada.start_session(str(number))["id"] for number in range(total)]

    found, query, pages = [], "?limit=2", 0
    while query:
        answer = api.get(f"/sessions{query}", token=ada.token)
        found += [session["id"] for session in answer.data]
        cursor = answer.json["page"]["nextCursor"]
        query = f"?limit=2&cursor={cursor}" if cursor else ""
        pages += 1

    assert found == made[::-1]
    assert pages == max(1, -(-total // 2))


def test_sessions_that_are_started_meanwhile_do_not_disturb_the_pages(api: Api, ada: Person) -> None:
    first, second, third = (ada.start_session(str(number))["id"] for number in range(3))
    page = api.get("/sessions?limit=1", token=ada.token)
    ada.start_session("later")
    api.delete(f"/sessions/{third}", token=ada.token)

    rest = api.get(f"/sessions?cursor={page.json['page']['nextCursor']}", token=ada.token)

    assert [session["id"] for session in rest.data] == [second, first]


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=abc", "limit=", "limit=1.5", "limit=-1", "limit=%00"])
def test_an_impossible_limit_is_named(api: Api, ada: Person, query: str) -> None:
    answer = api.get(f"/sessions?{query}", token=ada.token)

    assert (answer.status, answer.code) == (422, "invalid_request")
    assert [fault["field"] for fault in answer.error["details"]] == ["limit"]


@pytest.mark.parametrize(
    "cursor", ["", "x", "AAAA", "A" * 23, "=" * 22, "%00", "é", "AAAAAAAAAAAAAAAAAAAAAB", "A" * 4000]
)
def test_a_broken_cursor_is_told_apart(api: Api, ada: Person, cursor: str) -> None:
    from urllib.parse import quote

    answer = api.get(f"/sessions?cursor={quote(cursor, safe='%')}", token=ada.token)

    assert (answer.status, answer.code) == (400, "invalid_cursor")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": "   "},
        {"name": "a\nb"},
        {"name": "a\n"},
        {"name": "\u0000"},
        {"name": None},
        {"name": 1},
        {"name": "x" * 201},
        {"name": "x", "workspacePath": "x" * 1025},
        {"name": "x", "workspacePath": "\u0000"},
        {"name": "x", "tenantId": "y"},
        [],
        "x",
        None,
    ],
    ids=json.dumps,
)
def test_a_session_that_cannot_be_is_refused(api: Api, ada: Person, body: object) -> None:
    answer = api.post(
        "/sessions", raw=json.dumps(body).encode(), token=ada.token, headers={"Content-Type": "application/json"}
    )

    assert (answer.status, answer.code) == (422, "invalid_request")
    assert answer.error["details"]
    assert api.get("/sessions", token=ada.token).data == []


@pytest.mark.parametrize("name", ["x", "x" * 200, "日本語 🎉", "<b>&amp;</b>", "a'; DROP TABLE pairs"])
def test_any_line_of_text_is_a_name(api: Api, ada: Person, name: str) -> None:
    made = ada.start_session(name)

    assert api.get(f"/sessions/{made['id']}", token=ada.token).data["name"] == name


# A gateway goes up by itself.
UP = [pytest.param(path, marks=pytest.mark.direct) for path in ("..", "%2e%2e")]


@pytest.mark.parametrize(
    "id_",
    ["1", "{}", "0190a5e0-0000-7000-8000-00000000000", "0190a5e0000070008000000000000000", *UP, "a" * 300],
)
def test_an_absurd_id_is_not_found(api: Api, ada: Person, id_: str) -> None:
    answer = api.get(f"/sessions/{id_}", token=ada.token)

    assert (answer.status, answer.code) == (404, "not_found")


def test_an_id_may_be_written_in_capitals(api: Api, ada: Person) -> None:
    made = ada.start_session()

    assert api.get(f"/sessions/{made['id'].upper()}", token=ada.token).data == made
