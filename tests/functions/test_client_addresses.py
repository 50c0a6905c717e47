"""The address that attempts are counted by is never one that a client wrote, however it is smuggled in."""

import json
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from shared.store.throttle import ACCOUNT_AT_ADDRESS
from tests.client import Api
from tests.server import local_server

_numbers = count(1)


@pytest.fixture(scope="module")
def behind_proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A server that trusts one proxy."""
    folder: Path = tmp_path_factory.mktemp("proxy")
    with local_server(folder / "data", folder / "output.txt", TRUSTED_PROXIES="1") as server:
        yield server.api


PROXY = "192.0.2.1"

SMUGGLED: dict[str, Callable[[str], list[str]]] = {
    "in front of the proxy's entry": lambda address: [f"X-Forwarded-For: {address}, {PROXY}"],
    "in a header of its own before": lambda address: [f"X-Forwarded-For: {address}", f"X-Forwarded-For: {PROXY}"],
    "with underscores": lambda address: [f"X-Forwarded-For: {PROXY}", f"X_Forwarded_For: {address}"],
    "in other cases": lambda address: [f"x-forwarded-for: {address}", f"X-FORWARDED-FOR: {PROXY}"],
    "as X-Real-IP": lambda address: [f"X-Forwarded-For: {PROXY}", f"X-Real-IP: {address}", f"Client-IP: {address}"],
    "as Forwarded": lambda address: [f"X-Forwarded-For: {PROXY}", f"Forwarded: for={address}"],
}


@pytest.mark.parametrize("way", SMUGGLED)
def test_a_smuggled_address_does_not_count(behind_proxy: Api, way: str) -> None:
    body = json.dumps({"email": f"victim{next(_numbers)}@example.com", "password": "a wrong guess"})

    def guess(number: int) -> int:
        lines = [
            "POST /api/v5/auth/login HTTP/1.1",
            "Host: localhost",
            "Connection: close",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            *SMUGGLED[way](f"203.0.113.{number}"),
        ]
        return behind_proxy.send("\r\n".join([*lines, "", body]).encode()).status

    statuses = [guess(number) for number in range(ACCOUNT_AT_ADDRESS.attempts + 1)]

    assert statuses == [401] * ACCOUNT_AT_ADDRESS.attempts + [429]
