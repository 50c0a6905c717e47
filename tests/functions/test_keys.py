"""API keys: made once, told once, let in where their scopes allow, and nowhere else."""

from typing import Any

import pytest

from tests.engines import Home
from tests.functions.conftest import Account, Clock, SignedIn
from tests.in_process import InProcessApi


def make(api: InProcessApi, login: SignedIn, *scopes: str, **fields: Any) -> Any:
    body = {"name": "CI", "scopes": scopes or ["sessions:read", "sessions:write"], **fields}
    answer = api.request("POST", "/auth/keys", body, token=login.token)
    assert answer.status == 201, answer.json
    return answer.data


def test_a_key_opens_what_its_scopes_name(here: InProcessApi, laptop: SignedIn) -> None:
    made = make(here, laptop, "sessions:read", "sessions:write")

    started = here.request("POST", "/sessions", {"name": "by an agent"}, token=made["key"])
    listed = here.request("GET", "/sessions", token=laptop.token)

    assert started.status == 201
    assert [session["name"] for session in listed.data] == ["by an agent"]


def test_a_key_opens_nothing_else(here: InProcessApi, laptop: SignedIn) -> None:
    made = make(here, laptop, "sessions:read")

    refused = [
        here.request("POST", "/sessions", {"name": "no"}, token=made["key"]),
        here.request("GET", "/audit", token=made["key"]),
        here.request("POST", "/auth/keys", {"name": "more", "scopes": ["sessions:write"]}, token=made["key"]),
        here.request("GET", "/auth/logins", token=made["key"]),
        here.request("DELETE", "/auth/logins", token=made["key"]),
        here.request("POST", "/auth/password", {"currentPassword": "a", "newPassword": "b" * 8}, token=made["key"]),
    ]

    assert {(answer.status, answer.code) for answer in refused} == {(403, "forbidden")}
    assert here.request("GET", "/sessions", token=made["key"]).data == []


def test_a_key_is_told_once_and_kept_as_a_hash(here: InProcessApi, home: Home, laptop: SignedIn) -> None:
    made = make(here, laptop)

    listed = here.request("GET", "/auth/keys", token=laptop.token)
    kept = home.engine.read(lambda tr: tr.get_range(home.prefix, home.prefix + b"\xff").wait())

    assert listed.data == [made["details"]]
    assert made["key"].startswith("cdk_")
    assert not any(made["key"].encode() in value or made["key"].encode() in name for name, value in kept)


def test_a_deleted_key_is_worth_nothing_at_once(here: InProcessApi, laptop: SignedIn) -> None:
    made = make(here, laptop)
    path = f"/auth/keys/{made['details']['id']}"

    assert here.request("DELETE", path, token=laptop.token).status == 200

    assert here.request("GET", "/sessions", token=made["key"]).code == "token_revoked"
    assert here.request("DELETE", path, token=laptop.token).code == "not_found"


def test_a_key_expires(here: InProcessApi, laptop: SignedIn, time: Clock) -> None:
    made = make(here, laptop, expiresInDays=1)
    time.forward(hours=24, seconds=1)

    assert here.request("GET", "/sessions", token=made["key"]).code == "token_expired"


def test_a_mistyped_key_fails_without_asking_the_database(
    here: InProcessApi, laptop: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make(here, laptop)
    monkeypatch.setattr("shared.http.exchange.database", None)

    for typo in (made["key"][:-1], made["key"][:-1] + "!", made["key"][:30] + "A" + made["key"][31:], "cdk_"):
        answer = here.request("GET", "/sessions", token=typo)
        assert (answer.status, answer.code) == (401, "unauthenticated"), typo


def test_a_key_with_another_users_ids_is_worth_nothing(here: InProcessApi, laptop: SignedIn) -> None:
    from shared.security import api_keys
    from shared.security.signing import SigningKey
    from shared.settings import Secret

    made = make(here, laptop)
    caller = api_keys.presented(made["key"])
    forged = api_keys.make(SigningKey.of(Secret(b"another secret")), caller.login_id, caller.user_id, caller.tenant_id)

    for answer in (
        here.request("GET", "/sessions", token=forged),
        here.request("POST", "/sessions", {"name": "no"}, token=forged),
    ):
        assert (answer.status, answer.code) == (401, "token_revoked")
    assert here.request("GET", "/sessions", token=laptop.token).data == []


def test_a_repeated_request_makes_one_key_and_tells_it_again(here: InProcessApi, home: Home, laptop: SignedIn) -> None:
    body, headers = {"name": "CI", "scopes": ["sessions:read"]}, {"Idempotency-Key": "make-1"}

    answers = [here.request("POST", "/auth/keys", body, token=laptop.token, headers=headers) for _ in range(2)]

    assert answers[0].json == answers[1].json
    assert len(here.request("GET", "/auth/keys", token=laptop.token).data) == 1
    receipts = home.engine.read(lambda tr: tr.get_range(home.prefix, home.prefix + b"\xff").wait())
    assert not any(answers[0].data["key"].encode() in value for _, value in receipts)


def test_the_last_use_of_a_key_is_noted_once_an_hour(here: InProcessApi, laptop: SignedIn, time: Clock) -> None:
    made = make(here, laptop)
    time.forward(hours=2)
    here.request("GET", "/sessions", token=made["key"])

    (listed,) = here.request("GET", "/auth/keys", token=laptop.token).data

    assert made["details"]["usedAt"] is None
    assert listed["usedAt"] > made["details"]["createdAt"]


def test_what_cannot_be_a_key_is_named(here: InProcessApi, laptop: SignedIn) -> None:
    body = {"name": " ", "scopes": ["sessions:eat"], "expiresInDays": 366}

    answer = here.request("POST", "/auth/keys", body, token=laptop.token)

    assert answer.code == "invalid_request"
    assert {fault["field"] for fault in answer.json["error"]["details"]} == {"name", "scopes", "expiresInDays"}


def test_nobody_has_more_than_fifty_keys(here: InProcessApi, laptop: SignedIn) -> None:
    for _ in range(50):
        make(here, laptop)

    answer = here.request("POST", "/auth/keys", {"name": "x", "scopes": ["sessions:read"]}, token=laptop.token)

    assert (answer.status, answer.code) == (409, "too_many_keys")


def test_another_users_key_cannot_be_found(here: InProcessApi, eve: Account, laptop: SignedIn) -> None:
    made = make(here, laptop)
    mallory = Account(here, "mallory@example.com").register()

    answer = here.request("DELETE", f"/auth/keys/{made['details']['id']}", token=mallory.token)

    assert answer.code == "not_found"
    assert here.request("GET", "/sessions", token=made["key"]).status == 200
