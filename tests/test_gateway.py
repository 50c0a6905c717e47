"""Behind API Gateway, as tests/gateway.py emulates it: what an attacker may try, and what it answers by itself."""

import pytest

from tests.client import Answer, Api, Person
from tests.gateway import BODY_LIMIT_BYTES, check_gateways

pytestmark = pytest.mark.parametrize("server", ["gateway"], indirect=True, scope="session")

JSON = {"Content-Type": "application/json"}


def listed(api: Api, *names: tuple[str, Person]) -> Answer:
    """Ask for somebody's sessions, with tokens in these headers."""
    return api.get("/sessions", headers={header: f"Bearer {person.token}" for header, person in names})


def test_a_client_cannot_put_another_token_beside_its_own(api: Api, ada: Person, bob: Person) -> None:
    ada.start_session("hers")

    answer = listed(api, ("Authorization", bob), ("X-Forwarded-Authorization", ada))

    assert answer.data == []


def test_a_token_that_the_gateway_did_not_write_is_checked_like_any_other(api: Api, ada: Person) -> None:
    # The gateway replaces the header only where it has a token to put there.
    forged = api.get("/sessions", headers={"X-Forwarded-Authorization": f"Bearer {ada.token[:-4]}AAAA"})

    assert (forged.status, forged.code) == (401, "unauthenticated")
    assert listed(api, ("X-Forwarded-Authorization", ada)).status == 200


def test_without_a_token_the_gateways_own_lets_nobody_in(api: Api) -> None:
    assert (answer := api.get("/sessions")).status == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_client_cannot_lie_about_its_address(api: Api, ada: Person) -> None:
    lies = {"X-Forwarded-For": "203.0.113.1, 203.0.113.2, 203.0.113.3"}
    login = api.post("/auth/login", {"email": ada.email, "password": ada.password}, headers=lies)

    addresses = {entry["address"] for entry in api.get("/auth/logins", token=login.data["token"]).data}

    assert addresses == {"127.0.0.1"}


@pytest.mark.parametrize(
    "path", ["/api/v5/nowhere", "/", "/v5", "/api/v5/SESSIONS", "/api/v5/sessions/1/files", "/v5/maintenance/sweep"]
)
def test_a_path_that_is_not_declared_never_reaches_a_function(api: Api, path: str) -> None:
    check_gateways(Api(api.port, prefix="").get(path), 404)


@pytest.mark.parametrize(("method", "path"), [("PUT", "/sessions"), ("HEAD", "/auth/login"), ("TRACE", "/health")])
def test_a_method_that_is_not_declared_never_reaches_a_function(api: Api, method: str, path: str) -> None:
    answer = api.request(method, path)

    assert answer.status == 405
    assert "X-Request-Id" not in answer.headers


def test_a_slash_at_the_end_is_the_functions_to_refuse(api: Api) -> None:
    answer = api.get("/sessions/")

    assert (answer.status, answer.code) == (404, "not_found")


@pytest.mark.parametrize("prefix", ["/api/v5", "/v5"])
@pytest.mark.parametrize("path", ["/auth/keys", "/auth/logins", "/audit", "/sessions", "/health"])
def test_a_path_leads_to_its_own_group_also_where_groups_share_its_beginning(
    api: Api, ada: Person, path: str, prefix: str
) -> None:
    assert Api(api.port, prefix).get(path, token=ada.token).status == 200


def test_what_is_larger_than_the_gateway_takes_never_reaches_a_function(api: Api) -> None:
    fits, exceeds = (
        api.post("/auth/logout", raw=bytes(size), headers=JSON) for size in (BODY_LIMIT_BYTES, BODY_LIMIT_BYTES + 1)
    )

    assert fits.status == 200
    check_gateways(exceeds, 413)
