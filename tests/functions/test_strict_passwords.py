"""Where the policy is strict, no account gets a password that is easy to guess; those that have one keep working."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.settings import Settings
from tests.engines import Home
from tests.functions.conftest import Account
from tests.in_process import InProcessApi, whole_api
from tests.shared.security.test_signing import PRODUCTION

EVE = {"email": "eve.online@example.com", "firstName": "Eve", "lastName": "Online"}
GOOD = "correct horse battery staple"


@pytest.fixture
def strict(home: Home, tmp_path: Path) -> Iterator[InProcessApi]:
    with whole_api(home.engine, tmp_path, KEY_PREFIX=home.prefix.decode(), PASSWORD_POLICY="strict") as api:
        yield api


@pytest.mark.parametrize("password", ["password123", "eve.online2003"])
def test_an_easy_password_opens_no_account(strict: InProcessApi, password: str) -> None:
    answer = strict.request("POST", "/auth/register", {**EVE, "password": password})

    assert (answer.status, answer.code) == (422, "invalid_request")
    assert [detail["field"] for detail in answer.error["details"]] == ["password"]
    assert password.encode() not in answer.body
    assert strict.request("POST", "/auth/register", {**EVE, "password": GOOD}).status == 201


@pytest.mark.parametrize("password", ["password124", "eve.online2003"])
def test_a_password_is_not_changed_to_an_easy_one(strict: InProcessApi, password: str) -> None:
    token = strict.request("POST", "/auth/register", {**EVE, "password": GOOD}).data["token"]
    change = {"currentPassword": GOOD, "newPassword": password}

    answer = strict.request("POST", "/auth/password", change, token=token)

    assert (answer.status, answer.code) == (422, "invalid_request")
    assert [detail["field"] for detail in answer.error["details"]] == ["newPassword"]
    assert Account(strict, EVE["email"], GOOD).try_to_sign_in().status == 200


def test_who_has_an_easy_password_already_still_gets_in(home: Home, tmp_path: Path) -> None:
    with whole_api(home.engine, tmp_path, KEY_PREFIX=home.prefix.decode()) as api:
        Account(api).register()

    with whole_api(home.engine, tmp_path, KEY_PREFIX=home.prefix.decode(), PASSWORD_POLICY="strict") as api:
        assert Account(api).try_to_sign_in().status == 200


def test_production_is_strict_unless_told_otherwise() -> None:
    assert Settings.read(PRODUCTION).strict_passwords
    assert not Settings.read({**PRODUCTION, "PASSWORD_POLICY": "basic"}).strict_passwords
    assert not Settings.read({}).strict_passwords
