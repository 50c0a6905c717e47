"""Every endpoint asks the database as seldom as docs/architecture.md says."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local.functions import load_all
from shared.database.embedded import EmbeddedDatabase
from shared.settings import PROJECT
from tests.counting import CountingDatabase
from tests.in_process import InProcessApi, whole_api

ROW = re.compile(r"^\| `([A-Z]+ /\S+)` \| (\d) \| (\d) \|$", re.MULTILINE)
DOCUMENTED = {
    endpoint: (int(rounds), int(commits))
    for endpoint, rounds, commits in ROW.findall((PROJECT / "docs" / "architecture.md").read_text())
}
REGISTRATION = {"email": "ada@example.com", "password": "password123", "firstName": "Ada", "lastName": "L"}
LOGIN = {"email": "ada@example.com", "password": "password123"}

Requests = dict[str, Callable[[], Any]]


@pytest.fixture
def database(tmp_path: Path) -> CountingDatabase:
    return CountingDatabase(EmbeddedDatabase(tmp_path / "test.db"))


@pytest.fixture
def requests(database: CountingDatabase, tmp_path: Path) -> Iterator[Requests]:
    """A request to each endpoint, in an order in which all succeed."""
    with whole_api(database, tmp_path) as api:
        yield in_order(api)


def in_order(api: InProcessApi) -> Requests:
    token = api.request("POST", "/auth/register", REGISTRATION).data["token"]
    refresh = {"refreshToken": api.request("POST", "/auth/login", LOGIN).data["refreshToken"]}
    login = api.request("GET", "/auth/logins", token=token).data[0]["id"]
    key = {"name": "CI", "scopes": ["sessions:read"]}
    key_id = api.request("POST", "/auth/keys", key, token=token).data["details"]["id"]
    change = {"currentPassword": "password123", "newPassword": "password124"}
    session = api.request("POST", "/sessions", {"name": "one"}, token=token).data["id"]
    other = {**REGISTRATION, "email": "bob@example.com"}
    return {
        "GET /health": lambda: api.request("GET", "/health"),
        "GET /ready": lambda: api.request("GET", "/ready"),
        "POST /auth/register": lambda: api.request("POST", "/auth/register", other),
        "POST /auth/login": lambda: api.request("POST", "/auth/login", LOGIN),
        "POST /auth/refresh": lambda: api.request("POST", "/auth/refresh", refresh),
        "GET /auth/logins": lambda: api.request("GET", "/auth/logins", token=token),
        "DELETE /auth/logins/{login_id}": lambda: api.request("DELETE", f"/auth/logins/{login}", token=token),
        "POST /auth/keys": lambda: api.request("POST", "/auth/keys", key, token=token),
        "GET /auth/keys": lambda: api.request("GET", "/auth/keys", token=token),
        "DELETE /auth/keys/{key_id}": lambda: api.request("DELETE", f"/auth/keys/{key_id}", token=token),
        "DELETE /auth/logins": lambda: api.request("DELETE", "/auth/logins", token=token),
        "POST /auth/password": lambda: api.request("POST", "/auth/password", change, token=token),
        "GET /audit": lambda: api.request("GET", "/audit", token=token),
        "POST /sessions": lambda: api.request("POST", "/sessions", {"name": "two"}, token=token),
        "GET /sessions": lambda: api.request("GET", "/sessions", token=token),
        "GET /sessions/{session_id}": lambda: api.request("GET", f"/sessions/{session}", token=token),
        "PATCH /sessions/{session_id}": lambda: api.request(
            "PATCH", f"/sessions/{session}", {"name": "1"}, token=token
        ),
        "DELETE /sessions/{session_id}": lambda: api.request("DELETE", f"/sessions/{session}", token=token),
        "POST /auth/logout": lambda: api.request("POST", "/auth/logout", token=token),
        "POST /maintenance/sweep": api.sweep,
    }


def test_every_endpoint_makes_as_many_round_trips_as_documented(database: CountingDatabase, requests: Requests) -> None:
    counted = {}
    for endpoint, send in requests.items():
        database.rounds = database.commits = 0
        assert send().status in (200, 201)
        counted[endpoint] = (database.rounds, database.commits)

    assert counted == DOCUMENTED


def test_the_table_lists_every_endpoint() -> None:
    declared = {f"{e.method} {e.path}" for function in load_all() for e in function.group.endpoints}

    assert set(DOCUMENTED) == declared
