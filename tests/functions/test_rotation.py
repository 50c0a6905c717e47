"""Replacing JWT_SECRET in three steps, without refusing a request."""

from contextlib import AbstractContextManager
from itertools import pairwise
from pathlib import Path

from tests.client import Api, Person, register
from tests.server import Process, local_server

OLD, NEW = "the old secret, which is long enough to be one", "the new secret, which is long enough to be one"

STEPS = [
    {"JWT_SECRET": OLD},
    {"JWT_SECRET": OLD, "JWT_SECRET_PREVIOUS": NEW},
    {"JWT_SECRET": NEW, "JWT_SECRET_PREVIOUS": OLD},
    {"JWT_SECRET": NEW},
]


def test_tokens_of_one_step_are_good_in_the_next_and_the_one_before(tmp_path: Path) -> None:
    with serving(tmp_path, STEPS[0]) as server:
        person = register(server.api, "rotated@example.com")
    token, refresh_token, key = person.token, None, None
    for before, after in pairwise(STEPS):
        with serving(tmp_path, before) as old, serving(tmp_path, after) as new:
            for api in (old.api, new.api):
                assert api.get("/sessions", token=token).status == 200
            signed_in = sign_in(new.api, person)
            token, refresh_token = signed_in["token"], signed_in["refreshToken"]
            for api in (old.api, new.api):
                assert api.get("/sessions", token=token).status == 200
            assert old.api.post("/auth/refresh", {"refreshToken": refresh_token}).status == 200
            if key is None:
                body = {"name": "CI", "scopes": ["sessions:read"]}
                key = new.api.post("/auth/keys", body, token=token).data["key"]
            assert new.api.get("/sessions", token=key).status == 200


def test_a_repeat_in_the_next_step_is_given_the_first_answer(tmp_path: Path) -> None:
    headers = {"Idempotency-Key": "once"}
    for number, (before, after) in enumerate(pairwise(STEPS[:3])):
        with serving(tmp_path, before) as old, serving(tmp_path, after) as new:
            account = {"email": f"{number}@example.com", "password": "password123", "firstName": "A", "lastName": "B"}
            opened = old.api.post("/auth/register", account, headers=headers)
            again = new.api.post("/auth/register", account, headers=headers)
            assert (again.status, again.replayed) == (201, True)
            assert again.data["user"] == opened.data["user"]

            token = opened.data["token"]
            started = old.api.post("/sessions", {"name": "one"}, token=token, headers=headers)
            again = new.api.post("/sessions", {"name": "one"}, token=token, headers=headers)
            assert (again.status, again.data, again.replayed) == (201, started.data, True)
            other = new.api.post("/sessions", {"name": "two"}, token=token, headers=headers)
            assert other.code == "idempotency_key_reused"


def serving(folder: Path, step: dict[str, str]) -> AbstractContextManager[Process]:
    return local_server(folder / "data", folder / "output.txt", **step)


def sign_in(api: Api, person: Person) -> dict[str, str]:
    answer = api.post("/auth/login", {"email": person.email, "password": person.password})
    assert answer.status == 200
    data: dict[str, str] = answer.data
    return data
