"""Bearer tokens over HTTP: what none may say, were it signed by our own key."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any

import jwt
import pytest

from shared.security.signing import SigningKeys
from shared.settings import Secret
from tests.client import Answer, Api, Person, register
from tests.gateway import gateway
from tests.server import local_server

KEYS = SigningKeys.of(Secret(b"a secret that the tests know, as long as any of the algorithms asks for"), None)


@pytest.fixture
def keys() -> SigningKeys:
    """Those that the server signs with."""
    return KEYS


@pytest.fixture(scope="module", params=["local", "gateway"])
def api(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A server whose secret the tests know, and the functions behind the gateway with the same."""
    folder = tmp_path_factory.mktemp("known")
    secret = KEYS.current.secret.reveal().decode()
    if request.param == "gateway":
        with gateway(folder, JWT_SECRET=secret) as server:
            yield server.api
        return
    with local_server(folder / "data", folder / "output.txt", JWT_SECRET=secret) as process:
        yield process.api


@pytest.fixture(scope="module")
def ada(api: Api) -> Person:
    """The same for all tests here: none of them changes anything of hers."""
    return register(api, "token-bearer@example.com")


def claims(token: str) -> dict[str, Any]:
    decoded: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return decoded


def part(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def signed(keys: SigningKeys, header: object, payload: object) -> str:
    """A token signed with the right key, whatever it says."""
    text = f"{part(header)}.{part(payload)}"
    signature = hmac.digest(keys.current.secret.reveal(), text.encode(), hashlib.sha256)
    return f"{text}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def header(keys: SigningKeys) -> dict[str, Any]:
    return {"alg": "HS256", "typ": "JWT", "kid": keys.current.id}


def check_refused(answer: Answer) -> None:
    assert answer.status == 401
    assert answer.code == "unauthenticated"
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_token_names_its_key(ada: Person, keys: SigningKeys) -> None:
    assert jwt.get_unverified_header(ada.token) == {"alg": "HS256", "typ": "JWT", "kid": keys.current.id}


def test_a_token_of_our_own_making_is_taken(api: Api, ada: Person, keys: SigningKeys) -> None:
    assert api.get("/sessions", token=signed(keys, header(keys), claims(ada.token))).status == 200


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "Bearer  "])
def test_the_scheme_is_bearer_in_any_case(api: Api, ada: Person, scheme: str) -> None:
    assert api.get("/sessions", headers={"Authorization": f"{scheme} {ada.token}"}).status == 200


@pytest.mark.parametrize("keep", [0, 1, 10, 100, -1, -2, -20, -43, -44])
def test_a_truncated_token_is_refused(api: Api, ada: Person, keep: int) -> None:
    check_refused(api.get("/sessions", token=ada.token[:keep]))


@pytest.mark.parametrize("place", range(3))
def test_a_token_with_a_part_of_another_is_refused(api: Api, ada: Person, bob: Person, place: int) -> None:
    parts, others = ada.token.split("."), bob.token.split(".")
    other_header = part({"alg": "HS512", "typ": "JWT", "kid": "other"})
    parts[place] = other_header if place == 0 else others[place]

    check_refused(api.get("/sessions", token=".".join(parts)))


@pytest.mark.parametrize(
    "algorithm", ["none", "None", "NONE", "nOnE", "", None, "HS512", "HS384", "RS256", "ES256", "hs256", 7, ["HS256"]]
)
@pytest.mark.parametrize("is_signed", [True, False])
def test_the_algorithm_is_ours_to_choose(
    api: Api, ada: Person, keys: SigningKeys, algorithm: Any, is_signed: bool
) -> None:
    token = signed(keys, header(keys) | {"alg": algorithm}, claims(ada.token))

    answer = api.get("/sessions", token=token if is_signed else token[: token.rindex(".") + 1])

    check_refused(answer)


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_a_token_signed_by_a_stronger_algorithm_is_refused_too(
    api: Api, ada: Person, keys: SigningKeys, algorithm: str
) -> None:
    secret = keys.current.secret.reveal()

    check_refused(
        api.get("/sessions", token=jwt.encode(claims(ada.token), secret, algorithm, {"kid": keys.current.id}))
    )


@pytest.mark.parametrize("kid", ["unknown", "", None, 7, ["a"], {"a": 1}, True, "../../etc/passwd", "a" * 1000])
def test_a_token_of_an_unknown_key_is_refused(api: Api, ada: Person, keys: SigningKeys, kid: Any) -> None:
    check_refused(api.get("/sessions", token=signed(keys, header(keys) | {"kid": kid}, claims(ada.token))))


def test_a_key_that_a_token_brings_along_is_not_used(api: Api, ada: Person, keys: SigningKeys) -> None:
    own = SigningKeys.of(Secret(b"a secret that the attacker has made"), None)
    encoded = base64.urlsafe_b64encode(own.current.secret.reveal()).decode()
    brought = {
        "jwk": {"kty": "oct", "k": encoded},
        "jku": "http://127.0.0.1:1/keys",
        "x5u": "http://127.0.0.1:1/key",
    }

    forged = api.get("/sessions", token=signed(own, header(keys) | brought, claims(ada.token)))
    genuine = api.get("/sessions", token=signed(keys, header(keys) | brought, claims(ada.token)))

    check_refused(forged)
    assert genuine.status == 200


NO_IDS: list[Any] = ["", "ada", 7, None, [], {}, "0" * 31]
NO_TIMES: list[Any] = ["soon", None, [], {}, "NaN", float("inf"), float("nan")]
FAR_FUTURE_S = 4_102_444_800
WRONG: list[tuple[str, Any]] = [
    *((claim, value) for claim in ("sub", "tenant_id", "sid") for value in NO_IDS),
    *((claim, value) for claim in ("exp", "iat") for value in NO_TIMES),
    ("iat", FAR_FUTURE_S),
    ("nbf", FAR_FUTURE_S),
]


@pytest.mark.parametrize(("claim", "value"), WRONG)
def test_a_claim_that_makes_no_sense_is_refused(
    api: Api, ada: Person, keys: SigningKeys, claim: str, value: Any
) -> None:
    check_refused(api.get("/sessions", token=signed(keys, header(keys), claims(ada.token) | {claim: value})))


@pytest.mark.parametrize("payload", [[], "text", 7, None, {}, [{}]])
def test_claims_are_an_object(api: Api, keys: SigningKeys, payload: Any) -> None:
    check_refused(api.get("/sessions", token=signed(keys, header(keys), payload)))


@pytest.mark.parametrize("token_header", [[], "text", 7, None, {}, {"alg": "HS256"}])
def test_a_header_is_an_object(api: Api, ada: Person, keys: SigningKeys, token_header: Any) -> None:
    check_refused(api.get("/sessions", token=signed(keys, token_header, claims(ada.token))))


def test_a_critical_extension_that_we_do_not_know_is_refused(api: Api, ada: Person, keys: SigningKeys) -> None:
    extended = header(keys) | {"crit": ["unknown"], "unknown": True}

    check_refused(api.get("/sessions", token=signed(keys, extended, claims(ada.token))))


@pytest.mark.parametrize("claim", ["sub", "tenant_id", "sid"])
def test_a_login_is_that_of_its_user_only(api: Api, ada: Person, bob: Person, keys: SigningKeys, claim: str) -> None:
    """Nobody but us can sign this; were it signed all the same, it would speak for no one else's login."""
    mixed = claims(ada.token) | {claim: claims(bob.token)[claim]}

    answer = api.get("/sessions", token=signed(keys, header(keys), mixed))

    assert answer.status == (200 if claim == "tenant_id" else 401)


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer a b",
        "Bearer a, Bearer b",
        "Bearer \xff",
        "Bearer a\tb",
        "Basic YWRhOnBhc3N3b3JkMTIz",
        "Token a",
        "Bearera",
        "Bearer ....",
        "Bearer =",
        "Bearer a=b",
        "Bearer " + "a" * 8_000,
        "Bearer " + "." * 4_000,
    ],
)
def test_a_header_that_is_no_bearer_token_is_refused(api: Api, authorization: str) -> None:
    check_refused(api.get("/sessions", headers={"Authorization": authorization}))


def test_a_bare_token_is_refused(api: Api, ada: Person) -> None:
    check_refused(api.get("/sessions", headers={"Authorization": ada.token}))


def test_two_authorization_headers_are_refused_even_when_one_is_good(api: Api, ada: Person) -> None:
    line = f"Authorization: Bearer {ada.token}\r\n"

    for lines in (line * 2, line + "Authorization: Bearer other\r\n", "Authorization: Basic YTpi\r\n" + line):
        head = f"GET /api/v5/sessions HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{lines}\r\n"
        check_refused(api.send(head.encode()))


def test_a_token_is_read_from_nowhere_but_its_header(api: Api, ada: Person) -> None:
    check_refused(api.get(f"/sessions?access_token={ada.token}&token={ada.token}"))
    check_refused(api.get("/sessions", headers={"Cookie": f"token={ada.token}"}))
