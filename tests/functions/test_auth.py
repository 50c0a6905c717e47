"""Accounts, over a real socket: registering, signing in and out, and the tokens that come of it."""

import base64
import json
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import jwt
import pytest

from shared import clock
from shared.security.passwords import places_for
from shared.security.signing import SigningKeys
from shared.settings import Secret, settings
from shared.store.tenants import SELF_TENANT_NAMESPACE
from tests.client import Answer, Api, Person, register
from tests.server import Process, local_server

SECRET = "a secret of the tests, of as many bytes as any of the algorithms asks for, 64"


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A server whose secret the test knows."""
    folder = tmp_path_factory.mktemp("known")
    with local_server(folder / "data", folder / "output.txt", JWT_SECRET=SECRET) as server:
        yield server


@pytest.fixture(scope="module")
def eve(known: Process) -> Person:
    return register(known.api, "eve@example.com")


def claims_of(person: Person) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(person.token, options={"verify_signature": False})
    return claims


def sign(claims: dict[str, Any], secret: str = SECRET, algorithm: str = "HS256", **header: Any) -> str:
    key = SigningKeys.of(Secret(SECRET.encode()), None).current
    return jwt.encode(claims, secret, algorithm, {"kid": key.id, **header})


def without(name: str, claims: dict[str, Any]) -> str:
    return sign({claim: value for claim, value in claims.items() if claim != name})


def unsigned(header: dict[str, Any], claims: dict[str, Any], signature: str = "") -> str:
    parts = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, claims))
    return ".".join([*parts, signature])


def test_registering_signs_in(api: Api) -> None:
    body = {"email": "Grace@Example.COM", "password": "password123", "firstName": "Grace", "lastName": "Hopper"}

    answer = api.post("/auth/register", {**body, "company": "Navy"})

    assert answer.status == 201
    user = answer.data["user"]
    assert set(answer.data) == {"token", "expiresAt", "refreshToken", "user"}
    assert user == {
        "id": user["id"],
        "email": "grace@example.com",
        "name": "Grace Hopper",
        "firstName": "Grace",
        "lastName": "Hopper",
        "company": "Navy",
        "role": "owner",
        "tenantId": str(uuid5(SELF_TENANT_NAMESPACE, user["id"])),
        "createdAt": user["createdAt"],
    }
    assert api.get("/sessions", token=answer.data["token"]).status == 200
    assert api.post("/auth/login", {"email": "grace@example.com", "password": "password123"}).data["user"] == user


def test_a_token_carries_the_published_claims(known: Process, eve: Person) -> None:
    claims = claims_of(eve)

    assert set(claims) == {"sub", "tenant_id", "email", "exp", "iat", "sid"}
    assert (claims["sub"], claims["tenant_id"], claims["email"]) == (eve.user["id"], eve.user["tenantId"], eve.email)
    assert claims["exp"] - claims["iat"] == 24 * 60 * 60
    assert UUID(claims["sid"])
    assert jwt.get_unverified_header(eve.token)["alg"] == "HS256"
    assert jwt.decode(eve.token, SECRET, ["HS256"]) == claims


def test_the_answer_tells_when_the_token_expires(known: Process, eve: Person) -> None:
    answer = known.api.post("/auth/login", {"email": eve.email, "password": eve.password})

    claims = jwt.decode(answer.data["token"], options={"verify_signature": False})
    assert clock.instant(answer.data["expiresAt"]).timestamp() == claims["exp"]


def test_an_address_is_one_account_however_it_is_written(api: Api) -> None:
    address = "zoë.bücher@bücher.example"
    register(api, address)
    spellings = [
        f"  {address}\n",
        address.upper(),
        unicodedata.normalize("NFD", address),
        "zoë.bücher@xn--bcher-kva.example",
    ]

    for spelling in spellings:
        assert api.post("/auth/login", {"email": spelling, "password": "password123"}).status == 200
        body = {"email": spelling, "password": "password123", "firstName": "Z", "lastName": "Z"}
        taken = api.post("/auth/register", body)
        assert (taken.status, taken.code) == (409, "email_taken")


def test_of_registrations_at_the_same_time_one_succeeds(api: Api) -> None:
    body = {"email": "race@example.com", "password": "password123", "firstName": "R", "lastName": "R"}

    # As many as the server hashes passwords for at once, before it turns the next away.
    count = places_for(settings().threads)

    with ThreadPoolExecutor(count) as pool:
        answers = list(pool.map(lambda _: api.post("/auth/register", body), range(count)))

    assert sorted(answer.status for answer in answers) == [201] + [409] * (count - 1)


@pytest.mark.parametrize(("length", "status"), [(7, 422), (8, 201), (256, 201), (257, 422)])
def test_a_password_has_8_to_256_characters(api: Api, length: int, status: int) -> None:
    body = {"email": f"length{length}@example.com", "password": "ü" * length, "firstName": "L", "lastName": "L"}

    assert api.post("/auth/register", body).status == status


def test_an_unknown_address_answers_like_a_wrong_password(api: Api, ada: Person) -> None:
    answers = [
        api.post("/auth/login", {"email": email, "password": "wrong"}, headers={"X-Request-Id": "same"})
        for email in (ada.email, "nobody@example.com")
    ]

    assert [(answer.status, answer.code) for answer in answers] == [(401, "invalid_credentials")] * 2
    assert answers[0].body == answers[1].body


def test_signing_out_ends_the_token_on_the_server(api: Api, ada: Person) -> None:
    other = api.post("/auth/login", {"email": ada.email, "password": ada.password}).data["token"]

    assert api.post("/auth/logout", token=ada.token).status == 200

    for method, path, body in (("GET", "/sessions", None), ("POST", "/sessions", {"name": "late"})):
        answer = api.request(method, path, body, token=ada.token)
        assert (answer.status, answer.code) == (401, "token_revoked")
    assert api.get("/sessions", token=other).data == []


@pytest.mark.parametrize("token", [None, "nonsense", "a.b.c"])
def test_signing_out_without_a_good_token_is_fine(api: Api, token: str | None) -> None:
    assert api.post("/auth/logout", token=token).data["message"]


def test_signing_out_twice_is_fine(api: Api, ada: Person) -> None:
    assert [api.post("/auth/logout", token=ada.token).status for _ in range(2)] == [200, 200]


FORGERIES: dict[str, Callable[[dict[str, Any]], str]] = {
    "another secret": lambda c: sign(c, "another secret that is long enough to be one"),
    "an empty secret": lambda c: unsigned({"alg": "HS256", "typ": "JWT"}, c, "AAAA"),
    "alg none": lambda c: unsigned({"alg": "none"}, c),
    "alg None": lambda c: unsigned({"alg": "None"}, c),
    "alg NONE": lambda c: unsigned({"alg": "NONE"}, c),
    "alg nOnE with a kid": lambda c: unsigned({"alg": "nOnE", "kid": jwt.get_unverified_header(sign(c))["kid"]}, c),
    "another algorithm": lambda c: sign(c, algorithm="HS512"),
    "RS256": lambda c: unsigned({**jwt.get_unverified_header(sign(c)), "alg": "RS256"}, c, sign(c).split(".")[2]),
    "an empty signature": lambda c: sign(c).rsplit(".", 1)[0] + ".",
    "no signature": lambda c: sign(c).rsplit(".", 1)[0],
    "half a signature": lambda c: sign(c)[:-20],
    "changed claims": lambda c: ".".join(
        [sign(c).split(".")[0], unsigned({}, {**c, "tenant_id": str(UUID(int=1))}).split(".")[1], sign(c).split(".")[2]]
    ),
    "no kid": lambda c: jwt.encode(c, SECRET, "HS256"),
    "an unknown kid": lambda c: sign(c, kid="0" * 16),
    "a kid that is a path": lambda c: sign(c, kid="../../dev/null"),
    "an embedded key": lambda c: jwt.encode(c, "x" * 32, "HS256", {"kid": "x", "jwk": {"kty": "oct", "k": "eHh4"}}),
    "a key elsewhere": lambda c: sign(c, "y" * 32, jku="http://127.0.0.1/keys"),
    "issued in the future": lambda c: sign({**c, "iat": c["iat"] + 3600}),
    "not yet valid": lambda c: sign({**c, "nbf": c["exp"]}),
    "a subject that is no id": lambda c: sign({**c, "sub": "admin"}),
    "a subject that is a number": lambda c: sign({**c, "sub": 1}),
    "a tenant that is a list": lambda c: sign({**c, "tenant_id": [c["tenant_id"]]}),
    "an expiry that is text": lambda c: sign({**c, "exp": "never"}),
    "too long": lambda c: sign({**c, "more": "x" * 5000}),
    "no sub": lambda c: without("sub", c),
    "no exp": lambda c: without("exp", c),
    "no iat": lambda c: without("iat", c),
    "no sid": lambda c: without("sid", c),
    "no tenant_id": lambda c: without("tenant_id", c),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_token_is_worth_nothing(known: Process, eve: Person, forgery: str) -> None:
    token = FORGERIES[forgery](claims_of(eve))

    answer = known.api.get("/sessions", token=token)

    assert (answer.status, answer.code) == (401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_token_signed_by_the_right_secret_is_good(known: Process, eve: Person) -> None:
    assert known.api.get("/sessions", token=sign(claims_of(eve))).status == 200


def test_an_expired_token_is_told_apart(known: Process, eve: Person) -> None:
    now = int(clock.now().timestamp())

    answer = known.api.get("/sessions", token=sign({**claims_of(eve), "iat": now - 86401, "exp": now - 1}))

    assert (answer.status, answer.code) == (401, "token_expired")


def test_a_signed_token_of_a_login_that_never_was_is_revoked(known: Process, eve: Person) -> None:
    answer = known.api.get("/sessions", token=sign({**claims_of(eve), "sid": str(UUID(int=7))}))

    assert (answer.status, answer.code) == (401, "token_revoked")


def test_the_previous_secret_verifies_until_it_is_dropped(tmp_path: Path) -> None:
    new = "another secret of the tests, long enough as well"
    data, output = tmp_path / "data", tmp_path / "output.txt"

    def ask(token: str, **secrets: str) -> Answer:
        with local_server(data, output, **secrets) as server:
            return server.api.get("/sessions", token=token)

    with local_server(data, output, JWT_SECRET=SECRET) as server:
        old_token = register(server.api, "rotated@example.com").token

    assert ask(old_token, JWT_SECRET=new, JWT_SECRET_PREVIOUS=SECRET).status == 200
    assert ask(old_token, JWT_SECRET=new).code == "unauthenticated"


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer a b", "Token x", "Bearer \x80", "bearer"]
)
def test_any_other_authorization_is_refused(api: Api, header: str) -> None:
    answer = api.get("/sessions", headers={"Authorization": header})

    assert (answer.status, answer.code) == (401, "unauthenticated")


def test_the_expiry_is_a_day_after_the_sign_in(known: Process, eve: Person) -> None:
    made = clock.instant(eve.user["createdAt"])

    assert timedelta(0) <= made - clock.instant(eve.user["createdAt"]).replace(microsecond=0) < timedelta(seconds=1)
    assert claims_of(eve)["iat"] == int(made.timestamp())
