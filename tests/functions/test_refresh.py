"""Refresh tokens: each is good for one renewal."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.functions.conftest import Account, Clock, SignedIn, signed_in
from tests.in_process import InProcessApi


def test_a_refresh_token_is_exchanged_for_a_new_pair(eve: Account, laptop: SignedIn, time: Clock) -> None:
    time.forward(hours=12)

    answer = eve.refresh(laptop)

    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.data["user"]["email"] == eve.email
    renewed = signed_in(answer)
    assert renewed.refresh_token != laptop.refresh_token
    assert renewed.token != laptop.token
    assert eve.is_alive(renewed)


def test_two_tabs_that_renew_together_both_stay_signed_in(eve: Account, laptop: SignedIn, time: Clock) -> None:
    one = signed_in(eve.refresh(laptop))
    time.forward(seconds=25)
    two = signed_in(eve.refresh(laptop))

    assert two.refresh_token == one.refresh_token
    assert (eve.is_alive(one), eve.is_alive(two)) == (True, True)
    assert eve.refresh(two).status == 200


def test_a_used_refresh_token_ends_the_login(eve: Account, laptop: SignedIn, time: Clock) -> None:
    phone = eve.sign_in()
    renewed = signed_in(eve.refresh(laptop))
    time.forward(seconds=31)

    answer = eve.refresh(laptop)

    assert (answer.status, answer.code) == (401, "token_revoked")
    assert not eve.is_alive(renewed)
    assert eve.refresh(renewed).code == "token_revoked"
    assert eve.is_alive(phone)
    assert eve.actions(phone)[0] == "refresh_token_reused"


def test_a_token_two_renewals_old_ends_the_login_at_once(eve: Account, laptop: SignedIn) -> None:
    renewed = signed_in(eve.refresh(signed_in(eve.refresh(laptop))))

    assert eve.refresh(laptop).code == "token_revoked"
    assert not eve.is_alive(renewed)


def test_a_login_ends_when_nobody_renews_it_for_thirty_days(eve: Account, laptop: SignedIn, time: Clock) -> None:
    time.forward(days=29, hours=23)
    renewed = signed_in(eve.refresh(laptop))
    time.forward(days=30, seconds=1)

    assert eve.refresh(renewed).code == "token_expired"


def test_a_login_ends_after_ninety_days_whatever_is_done(eve: Account, laptop: SignedIn, time: Clock) -> None:
    login = laptop
    for _ in range(4):
        time.forward(days=22)
        login = signed_in(eve.refresh(login))
    time.forward(days=2, seconds=1)

    assert eve.refresh(login).code == "token_expired"


def test_nothing_renews_a_login_that_was_ended(here: InProcessApi, eve: Account, laptop: SignedIn) -> None:
    here.request("POST", "/auth/logout", token=laptop.token)

    assert eve.refresh(laptop).code == "token_revoked"


def test_renewals_at_the_same_time_all_succeed(eve: Account, laptop: SignedIn) -> None:
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: eve.refresh(laptop), range(6)))

    renewed = [signed_in(answer) for answer in answers]
    assert len({login.refresh_token for login in renewed}) == 1
    assert all(eve.is_alive(login) for login in renewed)


def test_a_repeat_under_the_same_key_is_given_the_same_pair(here: InProcessApi, laptop: SignedIn, time: Clock) -> None:
    body, headers = {"refreshToken": laptop.refresh_token}, {"Idempotency-Key": "renew-1"}
    first = here.request("POST", "/auth/refresh", body, headers=headers)
    time.forward(minutes=5)

    again = here.request("POST", "/auth/refresh", body, headers=headers)

    assert again.replayed
    assert again.json == first.json


@pytest.mark.parametrize(
    "change", [lambda t: t[:-4], lambda t: t[:20] + "AAAA" + t[24:], lambda _: "x", lambda _: "cr_"]
)
def test_a_changed_refresh_token_is_worth_nothing(eve: Account, laptop: SignedIn, change: object) -> None:
    changed = SignedIn(laptop.token, change(laptop.refresh_token))  # type: ignore[operator]

    answer = eve.refresh(changed)

    assert (answer.status, answer.code) == (401, "unauthenticated")
    assert eve.is_alive(laptop)


def test_the_two_kinds_of_token_do_not_stand_in_for_each_other(here: InProcessApi, laptop: SignedIn) -> None:
    assert here.request("GET", "/sessions", token=laptop.refresh_token).code == "unauthenticated"
    assert here.request("POST", "/auth/refresh", {"refreshToken": laptop.token}).status in (401, 422)
