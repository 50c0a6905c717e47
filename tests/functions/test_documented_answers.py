"""Whoever calls, with what is right or wrong: the answer is one that the OpenAPI document names."""

import json
import re
from typing import Any
from uuid import uuid4

import pytest

from shared.settings import PROJECT
from tests.client import Api, Person

PATHS = json.loads((PROJECT / "docs" / "openapi.json").read_bytes())["paths"]
OPERATIONS = [
    pytest.param(method.upper(), path, operation, id=operation["operationId"])
    for path, methods in PATHS.items()
    for method, operation in methods.items()
]


@pytest.fixture
def tokens(ada: Person) -> dict[str, str | None]:
    """Everything that may stand in Authorization, by what it is."""
    made = ada.api.post("/auth/keys", {"name": "reads", "scopes": ["sessions:read"]}, token=ada.token)
    return {"none": None, "made up": "made.up.token", "a user's": ada.token, "a key's": made.data["key"]}


def check(operation: dict[str, Any], answer: Any, what: str) -> None:
    documented = operation["responses"].get(str(answer.status))
    assert documented is not None, f"{what}: {answer.status} is not documented"
    for name in {"WWW-Authenticate", "Retry-After", "X-Request-Id"} & set(answer.headers):
        assert name in documented["headers"], f"{what}: {name} is not documented with {answer.status}"


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS)
def test_every_caller_is_answered_as_documented(
    api: Api, tokens: dict[str, str | None], method: str, path: str, operation: dict[str, Any]
) -> None:
    address = re.sub(r"{\w+}", str(uuid4()), path)
    bodies: list[object] = [None, {}] if "requestBody" in operation else [None]
    for whose, token in tokens.items():
        for body in bodies:
            check(operation, api.request(method, address, body, token=token), f"{whose} token, body {body}")


@pytest.mark.parametrize("path", ["/sessions", "/audit"])
def test_parameters_beyond_all_limits_are_answered_as_documented(api: Api, ada: Person, path: str) -> None:
    for query in ("cursor=x", "cursor=null", "limit=0", "limit=x", "cursor=" + "x" * 10_000):
        check(PATHS[path]["get"], api.get(f"{path}?{query}", token=ada.token), query[:20])
