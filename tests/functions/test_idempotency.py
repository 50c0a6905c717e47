"""A repeat under the same Idempotency-Key happens once and is answered alike."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.client import Api, Person, register

KEY = {"Idempotency-Key": "the-same"}


def test_a_repeat_is_given_the_first_answer(api: Api, ada: Person) -> None:
    first, again = (api.post("/sessions", {"name": "one"}, token=ada.token, headers=KEY) for _ in range(2))

    assert (again.status, again.body) == (first.status, first.body)
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (again.headers["ETag"], again.headers["Location"]) == (first.headers["ETag"], first.headers["Location"])
    assert len(api.get("/sessions", token=ada.token).data) == 1


def test_a_repeated_removal_is_answered_like_the_first(api: Api, ada: Person) -> None:
    path = f"/sessions/{ada.start_session()['id']}"

    first, again = (api.delete(path, token=ada.token, headers=KEY) for _ in range(2))

    assert (first.status, again.status) == (200, 200)
    assert again.body == first.body


def test_a_repeated_change_does_not_undo_a_later_one(api: Api, ada: Person) -> None:
    path = f"/sessions/{ada.start_session()['id']}"
    api.patch(path, {"name": "two"}, token=ada.token, headers=KEY)
    api.patch(path, {"name": "three"}, token=ada.token)

    again = api.patch(path, {"name": "two"}, token=ada.token, headers=KEY)

    assert again.data["name"] == "two"
    assert api.get(path, token=ada.token).data["name"] == "three"


@pytest.mark.parametrize(("path", "status"), [("/auth/register", 201), ("/auth/login", 200)])
def test_a_repeated_sign_in_is_given_the_same_token(api: Api, ada: Person, path: str, status: int) -> None:
    body = {"email": ada.email, "password": ada.password}
    if status == 201:
        body = {"email": f"new-{ada.email}", "password": "password123", "firstName": "N", "lastName": "N"}

    first, again = (api.post(path, body, headers=KEY) for _ in range(2))

    assert (first.status, again.status) == (status, status)
    assert again.body == first.body
    assert api.get("/sessions", token=again.data["token"]).status == 200


def test_the_same_key_with_another_request_is_refused(api: Api, ada: Person) -> None:
    api.post("/sessions", {"name": "one"}, token=ada.token, headers=KEY)
    path = f"/sessions/{ada.start_session()['id']}"

    others = [
        api.post("/sessions", {"name": "two"}, token=ada.token, headers=KEY),
        api.patch(path, {"name": "two"}, token=ada.token, headers=KEY),
        api.delete(path, token=ada.token, headers=KEY),
    ]

    assert {(answer.status, answer.code) for answer in others} == {(409, "idempotency_key_reused")}
    assert sorted(session["name"] for session in api.get("/sessions", token=ada.token).data) == ["My Project", "one"]


def test_another_callers_key_is_another_key(api: Api, ada: Person, bob: Person) -> None:
    hers, his = (api.post("/sessions", {"name": "one"}, token=who.token, headers=KEY) for who in (ada, bob))

    assert hers.data["id"] != his.data["id"]
    assert "Idempotent-Replayed" not in his.headers


def test_a_stranger_is_not_given_an_answer_by_guessing_its_key(api: Api, ada: Person) -> None:
    right = {"email": ada.email, "password": ada.password}
    api.post("/auth/login", right, headers=KEY)

    guess = api.post("/auth/login", {**right, "password": "password124"}, headers=KEY)

    assert (guess.status, guess.code) == (401, "invalid_credentials")


def test_a_failure_is_not_kept(api: Api, ada: Person) -> None:
    body = {"email": f"later-{ada.email}", "password": "password123"}
    assert api.post("/auth/login", body, headers=KEY).status == 401
    register(api, body["email"])

    assert api.post("/auth/login", body, headers=KEY).status == 200


def test_repeats_at_the_same_time_happen_once(api: Api, ada: Person) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda _: api.post("/sessions", {"name": "one"}, token=ada.token, headers=KEY), range(16))
        )

    assert {answer.status for answer in answers} == {201}
    assert len({answer.data["id"] for answer in answers}) == 1
    assert sum("Idempotent-Replayed" not in answer.headers for answer in answers) == 1
    assert len(api.get("/sessions", token=ada.token).data) == 1


@pytest.mark.parametrize("key", ["x", "x" * 255, "!~", '"quoted"'])
def test_any_visible_text_is_a_key(api: Api, ada: Person, key: str) -> None:
    answer = api.post("/sessions", {"name": "one"}, token=ada.token, headers={"Idempotency-Key": key})

    assert answer.status == 201


@pytest.mark.parametrize("key", ["", "x" * 256, "a b", "a\tb", "\xe9"])
def test_anything_else_is_no_key(api: Api, ada: Person, key: str) -> None:
    answer = api.post("/sessions", {"name": "one"}, token=ada.token, headers={"Idempotency-Key": key})

    assert (answer.status, answer.code) == (400, "bad_request")
    assert api.get("/sessions", token=ada.token).data == []


def test_a_read_takes_no_notice_of_a_key(api: Api, ada: Person) -> None:
    before = api.get("/sessions", token=ada.token, headers=KEY)
    ada.start_session()

    assert len(api.get("/sessions", token=ada.token, headers=KEY).data) == len(before.data) + 1
