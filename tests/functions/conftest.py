"""Nouns for the tests of what time does: the API inside this process, and a clock that the test turns."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shared import clock
from tests.client import Answer
from tests.engines import ENGINES, Home
from tests.in_process import InProcessApi, whole_api


class Clock:
    """Tells the time that it is, and so much more."""

    def __init__(self) -> None:
        self._real = clock.now
        self._ahead = timedelta(0)

    def __call__(self) -> Any:
        return self._real() + self._ahead

    def forward(self, **by: float) -> None:
        self._ahead += timedelta(**by)


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Clock:
    turned = Clock()
    monkeypatch.setattr(clock, "now", turned)

    class Datetime(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:  # noqa: ARG003
            return turned()

    # PyJWT asks the clock itself whether a token has expired.
    monkeypatch.setattr("jwt.api_jwt.datetime", Datetime)
    return turned


@pytest.fixture(params=ENGINES)
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Home]:
    with Home(request.param, tmp_path).opened() as home:
        yield home


@pytest.fixture
def here(home: Home, tmp_path: Path) -> Iterator[InProcessApi]:
    with whole_api(home.engine, tmp_path, KEY_PREFIX=home.prefix.decode()) as api:
        yield api


@dataclass
class SignedIn:
    """A login of Eve's, from one of her devices."""

    token: str
    refresh_token: str


@dataclass
class Account:
    """Eve, whose account lives inside this process."""

    api: InProcessApi
    email: str = "eve@example.com"
    password: str = "password123"

    def register(self) -> SignedIn:
        body = {"email": self.email, "password": self.password, "firstName": "Eve", "lastName": "E"}
        return signed_in(self.api.request("POST", "/auth/register", body))

    def try_to_sign_in(self, password: str | None = None, address: str = "192.0.2.1", agent: str = "") -> Answer:
        body = {"email": self.email, "password": password or self.password}
        headers = {"X-Forwarded-For": address, "User-Agent": agent}
        return self.api.request("POST", "/auth/login", body, headers=headers)

    def sign_in(self, agent: str = "") -> SignedIn:
        return signed_in(self.try_to_sign_in(agent=agent))

    def refresh(self, login: SignedIn) -> Answer:
        return self.api.request("POST", "/auth/refresh", {"refreshToken": login.refresh_token})

    def is_alive(self, login: SignedIn) -> bool:
        answer = self.api.request("GET", "/sessions", token=login.token)
        assert answer.status == 200 or (answer.status, answer.code) == (401, "token_revoked")
        return answer.status == 200

    def actions(self, login: SignedIn) -> list[str]:
        """What the audit tells, newest first."""
        return [event["action"] for event in self.api.request("GET", "/audit", token=login.token).data]


def signed_in(answer: Answer) -> SignedIn:
    assert answer.status in (200, 201), answer.json
    return SignedIn(answer.data["token"], answer.data["refreshToken"])


@pytest.fixture
def eve(here: InProcessApi) -> Account:
    return Account(here)


@pytest.fixture
def laptop(eve: Account) -> SignedIn:
    """The login that came with the account."""
    return eve.register()
