"""What schemathesis is told beyond the document: addresses to call from, and what strangers must not see."""

import functools
import itertools
import json
import os
import re
import uuid
from typing import Any

import schemathesis

from tests.client import Api
from tests.fuzz import callers

_API = Api(int(os.environ["FUZZ_PORT"]))
_CALLER = os.environ["FUZZ_CALLER"]
_STRANGERS: dict[str, str] = json.loads(os.environ["FUZZ_STRANGERS"])

_UUID = re.compile(r'"([0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12})"')
_BY_ID: list[tuple[str, str, object]] = [
    ("GET", "/sessions/{}", None),
    ("PATCH", "/sessions/{}", {"name": "taken over"}),
    ("DELETE", "/sessions/{}", None),
    ("DELETE", "/auth/logins/{}", None),
    ("DELETE", "/auth/keys/{}", None),
]
_LISTS = ("/sessions?limit=200", "/audit?limit=200", "/auth/logins", "/auth/keys")
_LOOK_AT_LISTS_EVERY = 25

# No fuzzer would ever sign in; and a password that changed would shut the caller out.
_RIGHT = {
    "POST /auth/login": {"email": callers.email(_CALLER), "password": callers.PASSWORD},
    "POST /auth/password": {"currentPassword": callers.PASSWORD, "newPassword": callers.PASSWORD},
}

_addresses = itertools.count(1)
_seen: set[str] = set()


def before_call(_context: Any, case: Any, _kwargs: dict[str, Any]) -> None:
    """Let every request come from another address, or all would meet the limits on guesses; give the right password."""
    number = next(_addresses)
    case.headers["X-Forwarded-For"] = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    is_positive = case.meta is not None and case.meta.generation.mode.is_positive
    if is_positive and isinstance(case.body, dict) and number % 2:
        case.body.update(_RIGHT.get(case.operation.label, {}))


def strangers_see_nothing(_context: Any, response: Any, _case: Any) -> None:
    """What an answer names must be to all others as if it did not exist, whatever they try to do with it."""
    for found in set(_UUID.findall(response.text)) - _seen:
        _seen.add(found)
        for name, token in _STRANGERS.items():
            _look_for(found, name, token)
            if len(_seen) % _LOOK_AT_LISTS_EVERY == 1:
                _look_through_lists(name, token)


def _look_for(found: str, name: str, token: str) -> None:
    for method, path, body in _BY_ID:
        status, content = _told(method, path.format(found), body, token)
        expected = _of_a_missing_one(method, path, token)
        assert (status, content) == expected, f"{name}: {method} {path.format(found)} is answered {status} {content!r}"
        assert status in (403, 404), f"{name}: {method} {path.format(found)} is answered {status}"


@functools.cache
def _of_a_missing_one(method: str, path: str, token: str) -> tuple[int, bytes]:
    body = next(body for *operation, body in _BY_ID if operation == [method, path])
    return _told(method, path.format(uuid.uuid4()), body, token)


def _told(method: str, path: str, body: object, token: str) -> tuple[int, bytes]:
    answer = _API.request(method, path, body, token=token, headers={"X-Request-Id": "same"})
    return answer.status, answer.body


def _look_through_lists(name: str, token: str) -> None:
    for path in _LISTS:
        answer = _API.get(path, token=token)
        assert answer.status in (200, 403), f"{name}: GET {path} is answered {answer.status}"
        shared = _seen & set(_UUID.findall(answer.body.decode()))
        assert not shared, f"{name}: GET {path} shows what is another's: {shared}"


schemathesis.hook(before_call)
schemathesis.check(strangers_see_nothing)
