"""ETag, If-Match and If-None-Match (RFC 9110, section 13)."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.client import Api, Person, register


@pytest.fixture(scope="module")
def ada(api: Api) -> Person:
    """The same for all tests here: each has a session of its own."""
    return register(api, "preconditions@example.com")


@pytest.fixture
def session(ada: Person) -> Any:
    return ada.start_session("Old")


@pytest.fixture
def path(session: Any) -> str:
    return f"/sessions/{session['id']}"


@pytest.fixture
def etag(api: Api, ada: Person, path: str) -> str:
    tag: str = api.get(path, token=ada.token).headers["ETag"]
    return tag


def test_the_tag_changes_with_every_change(api: Api, ada: Person, path: str, etag: str) -> None:
    first = api.patch(path, {"name": "New"}, token=ada.token).headers["ETag"]
    second = api.patch(path, {"workspacePath": "/new"}, token=ada.token).headers["ETag"]

    assert len({etag, first, second}) == 3
    assert api.get(path, token=ada.token).headers["ETag"] == second


def test_two_sessions_of_one_name_have_different_tags(api: Api, ada: Person, etag: str) -> None:
    other = ada.start_session("Old")

    assert api.get(f"/sessions/{other['id']}", token=ada.token).headers["ETag"] != etag


def test_a_resource_may_be_kept_but_must_be_asked_for_anew(api: Api, ada: Person, path: str) -> None:
    assert api.get(path, token=ada.token).headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("tags", ['"other"', 'W/"other"', '"other", "another"', "", "other"])
def test_what_the_client_has_not_is_sent(api: Api, ada: Person, path: str, session: Any, tags: str) -> None:
    answer = api.get(path, token=ada.token, headers={"If-None-Match": tags})

    assert answer.status == 200
    assert answer.data == session


def test_what_has_changed_since_is_sent(api: Api, ada: Person, path: str, etag: str) -> None:
    api.patch(path, {"name": "New"}, token=ada.token)

    answer = api.get(path, token=ada.token, headers={"If-None-Match": etag})

    assert answer.status == 200
    assert answer.data["name"] == "New"


def test_a_failure_is_told_whatever_the_client_has(api: Api, ada: Person, bob: Person, path: str, etag: str) -> None:
    assert api.get(path, headers={"If-None-Match": etag}).status == 401
    assert api.get(path, token=bob.token, headers={"If-None-Match": etag}).status == 404


@pytest.mark.parametrize("form", ["{}", '"other", {}', '{},"other"', "*"])
@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_write_to_the_state_that_was_read_happens(
    api: Api, ada: Person, path: str, etag: str, form: str, method: str
) -> None:
    body = {"name": "New"} if method == "PATCH" else None

    answer = api.request(method, path, body, token=ada.token, headers={"If-Match": form.format(etag)})

    assert answer.status == 200


@pytest.mark.parametrize("form", ['"other"', "W/{}", '"other", "another"', "", "other"])
@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_write_to_another_state_is_refused(
    api: Api, ada: Person, path: str, etag: str, session: Any, form: str, method: str
) -> None:
    body = {"name": "New"} if method == "PATCH" else None

    answer = api.request(method, path, body, token=ada.token, headers={"If-Match": form.format(etag)})

    assert answer.status == 412
    assert answer.code == "precondition_failed"
    assert api.get(path, token=ada.token).data == session


def test_a_write_that_changes_nothing_is_refused_too_when_its_tag_is_stale(
    api: Api, ada: Person, path: str, etag: str
) -> None:
    api.patch(path, {"name": "New"}, token=ada.token)

    assert api.patch(path, {"name": "New"}, token=ada.token, headers={"If-Match": etag}).status == 412


def test_of_two_who_change_the_same_state_at_once_one_is_refused(api: Api, ada: Person, path: str, etag: str) -> None:
    def rename(number: int) -> int:
        return api.patch(path, {"name": f"New {number}"}, token=ada.token, headers={"If-Match": etag}).status

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(rename, range(8)))

    assert sorted(statuses) == [200] + [412] * 7


def test_a_missing_session_is_not_found_whatever_the_precondition(api: Api, ada: Person, path: str) -> None:
    api.delete(path, token=ada.token)

    assert api.patch(path, {"name": "New"}, token=ada.token, headers={"If-Match": "*"}).status == 404
    assert api.delete(path, token=ada.token, headers={"If-Match": '"stale"'}).status == 404


@pytest.mark.parametrize("tags", ["*", '"other"'])
def test_what_the_client_has_does_not_keep_it_from_writing(api: Api, ada: Person, path: str, tags: str) -> None:
    answer = api.patch(path, {"name": "New"}, token=ada.token, headers={"If-None-Match": tags})

    assert answer.status == 200
    assert answer.data["name"] == "New"


def test_an_unchanged_session_is_an_answer_without_body_and_type(api: Api, ada: Person, path: str, etag: str) -> None:
    for method in ("GET", "HEAD"):
        answer = api.request(method, path, token=ada.token, headers={"If-None-Match": etag})

        assert (answer.status, answer.body) == (304, b"")
        assert answer.headers["Content-Type"] is None
        assert answer.headers["Cache-Control"] == "private, no-cache"


def test_anothers_session_is_not_found_whatever_the_precondition(api: Api, bob: Person, path: str) -> None:
    for headers in ({"If-Match": '"stale"'}, {"If-Match": "*"}, {}):
        assert api.patch(path, {"name": "New"}, token=bob.token, headers=headers).status == 404
        assert api.delete(path, token=bob.token, headers=headers).status == 404
