"""Who calls while the API is fuzzed: two users, and an API key of a third; none may see what another has."""

import json
from pathlib import Path
from typing import Any

from shared.security.scopes import SCOPES
from tests.client import Api, register

NAMES = ("ada", "bob", "key")
PASSWORD = "a password that no fuzzer guesses"

# Attempts at passwords are counted by address: signing in anew must not be refused for what the fuzzer tries.
ADDRESS = {"name": "X-Forwarded-For", "value": "192.0.2.1"}


def email(name: str) -> str:
    return f"{name}@example.com"


def prepare(api: Api, path: Path) -> str:
    """Register the callers, tell schemathesis in a file how each authenticates, and return the API key."""
    people = {name: register(api, email(name), PASSWORD) for name in NAMES}
    new_key = {"name": "fuzz", "scopes": SCOPES, "expiresInDays": 1}
    answer = api.post("/auth/keys", new_key, token=people["key"].token)
    assert answer.status == 201, answer.body
    key: str = answer.data["key"]
    for person in people.values():
        person.start_session()
    bearer = {"name": "Authorization", "value": f"Bearer {key}"}
    path.write_text(json.dumps({"auth": [_user("ada"), _user("bob"), {"name": "key", "fixedHeaders": [bearer]}]}))
    return key


def strangers_to(caller: str, api: Api, key: str) -> dict[str, str]:
    """Return a live token of each of the others."""
    tokens = {name: sign_in(api, name) for name in ("ada", "bob")} | {"key": key}
    return {name: token for name, token in tokens.items() if name != caller}


def sign_in(api: Api, name: str) -> str:
    body = {"email": email(name), "password": PASSWORD}
    answer = api.post("/auth/login", body, headers={ADDRESS["name"]: ADDRESS["value"]})
    assert answer.status == 200, answer.body
    token: str = answer.data["token"]
    return token


def _user(name: str) -> dict[str, Any]:
    """Describe somebody who signs in again whenever the fuzzer has ended the login."""
    return {
        "name": name,
        "loginEndpointAuth": {
            "endpoint": "/api/v5/auth/login",
            "verb": "POST",
            "contentType": "application/json",
            "headers": [ADDRESS],
            "payloadRaw": json.dumps({"email": email(name), "password": PASSWORD}),
            "token": {
                "extractFrom": "body",
                "extractSelector": "/data/token",
                "sendIn": "header",
                "sendName": "Authorization",
                "sendTemplate": "Bearer {token}",
            },
        },
    }
