"""The whole API inside the test's own process, on a database of the test's choosing."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPMessage
from pathlib import Path
from typing import Any
from unittest import mock

import argon2
from werkzeug.test import Client, TestResponse

import shared.database
from local.functions import Function, load_all
from local.gateway import Gateway
from shared.database.engine import Engine
from shared.security import passwords, signing
from shared.settings import settings
from tests.client import Answer

# Hashing costs what it costs elsewhere; here thousands of requests are what counts.
CHEAP = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@contextmanager
def whole_api(engine: Engine, data_dir: Path, **variables: str) -> Iterator["InProcessApi"]:
    """Load every function, and let them use `engine`."""
    with (
        mock.patch.dict(
            "os.environ", {"DATA_DIR": str(data_dir), "LOG_LEVEL": "ERROR", "TRUSTED_PROXIES": "1", **variables}
        ),
        mock.patch.object(shared.database, "_database", engine),
        mock.patch.object(passwords, "_hasher", CHEAP),
    ):
        settings.cache_clear()
        signing.signing_keys.cache_clear()
        try:
            yield InProcessApi(load_all())
        finally:
            settings.cache_clear()
            signing.signing_keys.cache_clear()


class InProcessApi:
    """Requests without a socket; each thread may send its own."""

    def __init__(self, functions: list[Function]) -> None:
        self._gateway = Gateway(functions)
        self._functions = {function.group.name: function for function in functions}
        self.handlers = {e.handler.__name__: e.handler for function in functions for e in function.group.endpoints}

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        sent = dict(headers or {})
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        options: dict[str, Any] = {} if body is None else {"json": body}
        return _answer(Client(self._gateway).open("/api/v5" + path, method=method, headers=sent, **options))

    def sweep(self) -> Answer:
        """Call the maintenance function as its scheduler does."""
        return _answer(Client(self._functions["maintenance"].app).post("/api/v5/maintenance/sweep"))


def _answer(response: TestResponse) -> Answer:
    received = HTTPMessage()
    for name, value in response.headers.items():
        received[name] = value
    return Answer(response.status_code, received, response.get_data())
