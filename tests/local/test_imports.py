"""A function imports what its first request needs and no more: every module is waited for at each cold start.

The lists are whole. A module that joins one must be worth the wait to everybody who calls that function first.
"""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from shared.settings import PROJECT
from tests.server import environment

RECORDS = {"fdb", "fdb.apiversion", "fdb.six", "fdb.tuple"}
"""Keys are packed by the pure Python part of FoundationDB's binding; the native part is not imported."""

# What every function needs: to be declared, to read the database's layout, and to answer.
CORE = """
    database database.atomic database.embedded database.engine database.errors database.limits
    database.polling_watch database.sqlite database.transaction errors http http.answers http.body http.client
    http.client_socket http.cors http.endpoint http.exchange http.group http.routes http.server http.shapes
    http.transactions http.worker logs security security.caller security.scopes settings store store.layout
    store.pages store.record turns
"""
# What looks at a token, and at the login behind it.
SIGNED_IN = """
    clock http.admission http.bearer security.api_keys security.secret_manager security.signing security.tokens
    store.api_keys store.expiries store.logins
"""


@dataclass(frozen=True)
class First:
    """The first request to a function, and all that it may have imported when that is answered."""

    method: str
    path: str
    own: str
    packages: str
    body: object = None
    status: int = 200


CREDENTIALS = {"email": "ada@example.com", "password": "password123"}
LOGIN = """
    clock http.fields security.password_policy security.passwords security.refresh security.secret_manager
    security.signing security.tokens store.audit store.expiries store.logins store.receipts store.tenants
    store.throttle store.users
"""

FIRST = {
    "health": First("GET", "/ready", CORE, "msgspec"),
    "auth": First("POST", "/auth/login", CORE + LOGIN, "argon2 email_validator jwt msgspec", CREDENTIALS),
    "sessions": First("GET", "/sessions", CORE + SIGNED_IN + "http.fields store.audit store.sessions", "jwt msgspec"),
    "keys": First("GET", "/auth/keys", CORE + SIGNED_IN + "http.fields store.audit", "jwt msgspec"),
    "audit": First(
        "GET", "/audit", CORE + SIGNED_IN + "http.fields store.audit store.tenants store.users", "jwt msgspec"
    ),
    "maintenance": First(
        "POST",
        "/maintenance/sweep",
        CORE + "clock store.api_keys store.expiries store.logins store.receipts store.throttle",
        "msgspec",
    ),
}
# What comes with those packages, or with Python's own.
THEIRS = {"_argon2_cffi_bindings", "_cffi_backend", "idna", "main", "shared", "typing_extensions"}


def answered(source: Path, name: str, request: First, data_dir: Path, token: str = "") -> Any:
    """Send the first request to a function, in a process of its own."""
    command = [sys.executable, str(Path(__file__).with_name("first_request.py")), str(source), name]
    command += [request.method, f"/v5{request.path}", json.dumps(request.body)]
    done = subprocess.run(
        command, cwd=PROJECT, env=environment(data_dir, TOKEN=token), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["status"] == request.status, found
    return found


def packages(modules: list[str]) -> set[str]:
    return {module.partition(".")[0] for module in modules} - sys.stdlib_module_names


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("imports")


@pytest.fixture(scope="module")
def token(data_dir: Path) -> str:
    body = {**CREDENTIALS, "firstName": "Ada", "lastName": "Lovelace"}
    request = First("POST", "/auth/register", "", "", body, 201)
    found = answered(PROJECT / "functions" / "auth" / "main.py", "auth", request, data_dir)
    return str(found["answer"]["data"]["token"])


@pytest.fixture(scope="module")
def of_the_framework(data_dir: Path) -> set[str]:
    """The packages that a function which does nothing has imported too."""
    source = PROJECT / "tests" / "benchmarks" / "hello.py"
    return packages(answered(source, "hello", First("GET", "/", "", ""), data_dir)["modules"])


@pytest.mark.parametrize("name", FIRST)
def test_a_function_imports_what_its_first_request_needs(
    name: str, data_dir: Path, token: str, of_the_framework: set[str]
) -> None:
    first = FIRST[name]
    signed_in = "http.bearer" in first.own

    modules = answered(PROJECT / "functions" / name / "main.py", name, first, data_dir, token if signed_in else "")[
        "modules"
    ]

    own = {module for module in modules if module.startswith("shared.")}
    assert own == {f"shared.{module}" for module in first.own.split()}
    assert {module for module in modules if module.startswith("fdb")} == RECORDS
    assert packages(modules) - of_the_framework - THEIRS == {"fdb", *first.packages.split()}


def test_every_function_has_its_list() -> None:
    assert FIRST.keys() == {path.parent.name for path in (PROJECT / "functions").glob("*/main.py")}
