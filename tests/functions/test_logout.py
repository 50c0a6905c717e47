"""Signing out, over HTTP: the login ends on the server, and its token with it."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.client import Api, Person


def sign_in_again(person: Person) -> str:
    answer = person.api.post("/auth/login", {"email": person.email, "password": person.password})
    token: str = answer.data["token"]
    return token


def test_what_an_ended_login_tried_to_write_was_not_written(api: Api, ada: Person) -> None:
    session = ada.start_session()
    other = sign_in_again(ada)
    api.post("/auth/logout", token=ada.token)

    api.post("/sessions", {"name": "late"}, token=ada.token)
    api.patch(f"/sessions/{session['id']}", {"name": "late"}, token=ada.token)
    api.delete(f"/sessions/{session['id']}", token=ada.token)

    assert api.get("/sessions", token=other).data == [session]


def test_an_ended_login_learns_nothing_of_what_there_is(api: Api, ada: Person) -> None:
    session = ada.start_session()
    api.post("/auth/logout", token=ada.token)

    answers = [
        api.get(f"/sessions/{session_id}", token=ada.token)
        for session_id in (session["id"], "00000000-0000-0000-0000-000000000000")
    ]

    assert [answer.code for answer in answers] == ["token_revoked", "token_revoked"]


@pytest.mark.parametrize("authorization", ["Bearer nonsense", "Basic YWRhOnBhc3N3b3Jk", "", "Bearer", "\xff"])
def test_a_token_that_says_nothing_is_as_good_as_none(api: Api, authorization: str) -> None:
    answer = api.post("/auth/logout", headers={"Authorization": authorization})

    assert answer.status == 200


def test_a_body_sent_along_does_not_matter(api: Api, ada: Person) -> None:
    answer = api.request("POST", "/auth/logout", raw=b"not JSON", token=ada.token, headers={"Content-Type": "x/y"})

    assert answer.status == 200
    assert api.get("/sessions", token=ada.token).status == 401


def test_signing_out_many_times_at_once_is_no_failure(api: Api, ada: Person) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: api.post("/auth/logout", token=ada.token), range(8)))

    assert {answer.status for answer in answers} == {200}
    assert api.get("/sessions", token=ada.token).code == "token_revoked"
