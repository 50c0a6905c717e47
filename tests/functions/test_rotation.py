"""Replacing JWT_SECRET in three steps, without refusing a request."""

from itertools import pairwise
from pathlib import Path

from tests.client import Api, Person, register
from tests.server import local_server

OLD, NEW = "the old secret, which is long enough to be one", "the new secret, which is long enough to be one"

STEPS = [
    {"JWT_SECRET": OLD},
    {"JWT_SECRET": OLD, "JWT_SECRET_PREVIOUS": NEW},
    {"JWT_SECRET": NEW, "JWT_SECRET_PREVIOUS": OLD},
    {"JWT_SECRET": NEW},
]


def test_tokens_of_one_step_are_good_in_the_next_and_the_one_before(tmp_path: Path) -> None:
    def serving(step: dict[str, str]) -> object:
        return local_server(tmp_path / "data", tmp_path / "output.txt", **step)

    with serving(STEPS[0]) as server:  # type: ignore[attr-defined]
        person = register(server.api, "rotated@example.com")
    token, refresh_token, key = person.token, None, None
    for before, after in pairwise(STEPS):
        with serving(before) as old, serving(after) as new:  # type: ignore[attr-defined]
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


def sign_in(api: Api, person: Person) -> dict[str, str]:
    answer = api.post("/auth/login", {"email": person.email, "password": person.password})
    assert answer.status == 200
    data: dict[str, str] = answer.data
    return data
