"""Whose word counts for the caller's token: the gateway's where there is one, the client's own where there is none."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.client import Answer
from tests.engines import Home
from tests.in_process import InProcessApi, whole_api

GATEWAYS_OWN = "Bearer eyJhbGciOiJSUzI1NiJ9.eyJlbWFpbCI6ImdhdGV3YXkifQ.SIGNATURE_REMOVED_BY_GOOGLE"


@pytest.fixture
def behind(home: Home, tmp_path: Path) -> Iterator[InProcessApi]:
    """The API where a gateway stands before it."""
    with whole_api(home.engine, tmp_path, KEY_PREFIX=home.prefix.decode(), BEHIND_GATEWAY="true") as api:
        yield api


def token_of_eve(api: InProcessApi) -> str:
    body = {"email": "eve@example.com", "password": "password123", "firstName": "Eve", "lastName": "E"}
    token: str = api.request("POST", "/auth/register", body).data["token"]
    return token


def listed(api: InProcessApi, **headers: str) -> Answer:
    return api.request("GET", "/sessions", headers={name.replace("_", "-"): value for name, value in headers.items()})


def test_behind_the_gateway_the_token_is_the_one_that_it_passes_on(behind: InProcessApi) -> None:
    token = token_of_eve(behind)

    answer = listed(behind, Authorization=GATEWAYS_OWN, X_Forwarded_Authorization=f"Bearer {token}")

    assert answer.status == 200


@pytest.mark.parametrize(
    "passed_on", [{}, {"X_Forwarded_Authorization": ""}, {"X_Forwarded_Authorization": "Bearer x"}]
)
def test_behind_the_gateway_a_good_token_in_authorization_counts_for_nothing(
    behind: InProcessApi, passed_on: dict[str, str]
) -> None:
    token = token_of_eve(behind)

    answer = listed(behind, Authorization=f"Bearer {token}", **passed_on)

    assert (answer.status, answer.code) == (401, "unauthenticated")


def test_behind_the_gateway_its_own_token_is_nobodys(behind: InProcessApi) -> None:
    answer = listed(behind, Authorization=GATEWAYS_OWN)

    assert (answer.status, answer.code) == (401, "unauthenticated")


def test_without_a_gateway_what_one_would_pass_on_counts_for_nothing(here: InProcessApi) -> None:
    token = token_of_eve(here)

    alone = listed(here, X_Forwarded_Authorization=f"Bearer {token}")
    beside = listed(here, Authorization="Bearer x", X_Forwarded_Authorization=f"Bearer {token}")
    own = listed(here, Authorization=f"Bearer {token}", X_Forwarded_Authorization="Bearer x")

    assert [answer.status for answer in (alone, beside, own)] == [401, 401, 200]


def test_signing_out_behind_the_gateway_ends_the_callers_login(behind: InProcessApi) -> None:
    token = token_of_eve(behind)
    headers = {"Authorization": GATEWAYS_OWN, "X-Forwarded-Authorization": f"Bearer {token}"}

    behind.request("POST", "/auth/logout", headers=headers)

    assert behind.request("GET", "/sessions", headers=headers).code == "token_revoked"
