"""Guessing at passwords is slow, also in parallel, and locks nobody out of their own account."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import BoundedSemaphore

import pytest

from shared.logs import log
from shared.security import passwords
from shared.store.record import span
from shared.store.throttle import ACCOUNT_AT_ADDRESS, ADDRESS, WINDOW
from tests.engines import Home
from tests.functions.conftest import Account, Clock, SignedIn
from tests.in_process import InProcessApi, whole_api

PARALLEL = 16


def guess(account: Account, times: int = 1, address: str = "192.0.2.1") -> list[int]:
    return [account.try_to_sign_in("a wrong guess", address).status for _ in range(times)]


def test_guesses_beyond_the_limit_are_turned_away_for_as_long_as_is_said(
    eve: Account, laptop: SignedIn, time: Clock
) -> None:
    assert guess(eve, ACCOUNT_AT_ADDRESS.attempts) == [401] * ACCOUNT_AT_ADDRESS.attempts
    answer = eve.try_to_sign_in()
    wait_s = int(answer.headers["Retry-After"])

    assert (answer.status, answer.code) == (429, "too_many_requests")
    assert wait_s <= WINDOW.total_seconds()
    time.forward(seconds=wait_s - 5)
    assert eve.try_to_sign_in().status == 429
    time.forward(seconds=5)
    assert eve.try_to_sign_in().status == 200


def test_an_unknown_account_is_throttled_like_a_known_one(here: InProcessApi, laptop: SignedIn) -> None:
    nobody = Account(here, "nobody@example.com")
    everybody = Account(here)

    first, second = ([*guess(account, 11)] for account in (nobody, everybody))

    assert first == second == [401] * 10 + [429]


def test_the_owner_gets_in_from_another_address(eve: Account, laptop: SignedIn) -> None:
    guess(eve, ACCOUNT_AT_ADDRESS.attempts + 1)

    assert eve.try_to_sign_in(address="198.51.100.7").status == 200


def test_one_address_cannot_guess_at_account_after_account(here: InProcessApi, eve: Account, laptop: SignedIn) -> None:
    statuses = [guess(Account(here, f"user{number}@example.com"))[0] for number in range(ADDRESS.attempts)]

    assert statuses == [401] * ADDRESS.attempts
    assert eve.try_to_sign_in().status == 429
    assert eve.try_to_sign_in(address="198.51.100.7").status == 200


def test_the_addresses_of_one_ipv6_customer_count_as_one(eve: Account, laptop: SignedIn) -> None:
    statuses = [guess(eve, address=f"2001:db8:1:2::{number}")[0] for number in range(11)]

    assert statuses == [401] * 10 + [429]
    assert guess(eve, address="2001:db8:1:3::1") == [401]


def test_signing_in_rightly_is_never_throttled(eve: Account, laptop: SignedIn) -> None:
    assert [eve.try_to_sign_in().status for _ in range(2 * ACCOUNT_AT_ADDRESS.attempts)] == [200] * 20


def test_a_repeated_sign_in_gives_its_attempt_back_too(here: InProcessApi, eve: Account, laptop: SignedIn) -> None:
    body = {"email": eve.email, "password": eve.password}

    answers = [
        here.request("POST", "/auth/login", body, headers={"Idempotency-Key": "sign-in"})
        for _ in range(2 * ACCOUNT_AT_ADDRESS.attempts)
    ]

    assert {answer.status for answer in answers} == {200}
    assert len({answer.data["token"] for answer in answers}) == 1


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hashes that passwords were compared with."""
    hashes: list[str] = []
    matches = passwords.matches

    def counting(password: str, password_hash: str) -> bool:
        hashes.append(password_hash)
        return matches(password, password_hash)

    monkeypatch.setattr(passwords, "matches", counting)
    return hashes


def test_parallel_guesses_never_get_more_hashes_than_the_limit(
    eve: Account, laptop: SignedIn, hashed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nobody is turned away because others are hashing.
    places = BoundedSemaphore(PARALLEL)
    monkeypatch.setattr(passwords, "_places", lambda: places)

    with ThreadPoolExecutor(PARALLEL) as pool:
        statuses = [status for [status] in pool.map(lambda _: guess(eve), range(200))]

    assert len(hashed) == ACCOUNT_AT_ADDRESS.attempts
    assert sorted(statuses) == [401] * 10 + [429] * 190


def test_who_is_turned_away_because_others_are_hashing_has_not_guessed(
    eve: Account,
    laptop: SignedIn,
    hashed: list[str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    places = BoundedSemaphore(1)
    monkeypatch.setattr(passwords, "_places", lambda: places)
    monkeypatch.setattr(log, "handlers", [caplog.handler])
    caplog.set_level("WARNING", log.name)

    with passwords.place():
        assert guess(eve, ACCOUNT_AT_ADDRESS.attempts) == [503] * ACCOUNT_AT_ADDRESS.attempts

    assert hashed == []
    reasons = [record for record in caplog.records if "signing in" in record.getMessage()]
    assert len(reasons) == ACCOUNT_AT_ADDRESS.attempts
    assert {(reason.levelname, reason.exc_info) for reason in reasons} == {("WARNING", None)}
    assert eve.try_to_sign_in().status == 200


def test_unknown_and_wrong_cost_one_hash_each_and_answer_the_same(
    here: InProcessApi, eve: Account, laptop: SignedIn, hashed: list[str]
) -> None:
    answers = [account.try_to_sign_in("a wrong guess") for account in (eve, Account(here, "nobody@example.com"))]

    assert len(hashed) == 2
    known, unknown = ({**answer.json["error"], "requestId": ""} for answer in answers)
    assert known == unknown


def test_what_a_client_writes_about_its_address_is_not_believed(home: Home, tmp_path: Path) -> None:
    with whole_api(home.engine, tmp_path, KEY_PREFIX=home.prefix.decode(), TRUSTED_PROXIES="0") as api:
        eve = Account(api)
        eve.register()

        statuses = [guess(eve, address=f"203.0.113.{number}")[0] for number in range(11)]

    assert statuses == [401] * 10 + [429]


def test_only_the_last_hops_are_believed(eve: Account, laptop: SignedIn) -> None:
    statuses = [guess(eve, address=f"203.0.113.{number}, 192.0.2.1")[0] for number in range(11)]

    assert statuses == [401] * 10 + [429]


def test_a_sweep_clears_the_attempts_of_hours_that_are_over_and_no_others(
    home: Home, eve: Account, laptop: SignedIn, time: Clock
) -> None:
    def kept() -> int:
        begin, end = span("throttle")
        return len(home.engine.read(lambda tr: tr.get_range(begin, end).wait()))

    guess(eve, 3)
    assert kept() == 3 * 2
    time.forward(hours=3)
    guess(eve, 1, address="198.51.100.7")
    eve.api.sweep()

    assert kept() == 1 * 2
