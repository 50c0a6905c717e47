"""Where I am signed in, and how that ends."""

import jwt

from tests.functions.conftest import Account, Clock, SignedIn
from tests.in_process import InProcessApi


def logins(api: InProcessApi, login: SignedIn) -> list[dict[str, object]]:
    answer = api.request("GET", "/auth/logins", token=login.token)
    assert answer.status == 200
    return list(answer.data)


def test_a_user_sees_every_login_with_its_device_and_address_newest_first(
    here: InProcessApi, eve: Account, laptop: SignedIn
) -> None:
    phone = eve.sign_in(agent="Phone/1.0")

    newest, oldest = logins(here, phone)

    assert (newest["device"], newest["address"], newest["current"]) == ("Phone/1.0", "192.0.2.1", True)
    assert oldest["current"] is False
    assert logins(here, laptop)[1]["current"] is True


def test_ending_a_login_ends_its_tokens_at_once(here: InProcessApi, eve: Account, laptop: SignedIn) -> None:
    phone = eve.sign_in()
    lost = logins(here, phone)[0]["id"]

    assert here.request("DELETE", f"/auth/logins/{lost}", token=laptop.token).status == 200

    assert not eve.is_alive(phone)
    assert eve.refresh(phone).code == "token_revoked"
    assert eve.is_alive(laptop)


def test_a_login_that_is_not_mine_cannot_be_found(here: InProcessApi, eve: Account, laptop: SignedIn) -> None:
    other = Account(here, "mallory@example.com").register()
    mine = logins(here, laptop)[0]["id"]

    answer = here.request("DELETE", f"/auth/logins/{mine}", token=other.token)

    assert (answer.status, answer.code) == (404, "not_found")
    assert eve.is_alive(laptop)


def test_all_other_logins_end_together(here: InProcessApi, eve: Account, laptop: SignedIn) -> None:
    others = [eve.sign_in(), eve.sign_in()]

    assert here.request("DELETE", "/auth/logins", token=laptop.token).status == 200

    assert [eve.is_alive(other) for other in others] == [False, False]
    assert [login["current"] for login in logins(here, laptop)] == [True]


def test_the_oldest_of_too_many_logins_ends(here: InProcessApi, eve: Account, laptop: SignedIn) -> None:
    for _ in range(50):
        newest = eve.sign_in()

    assert not eve.is_alive(laptop)
    assert len(logins(here, newest)) == 50


def test_a_login_that_nobody_renewed_is_cleared_away_by_the_next(
    here: InProcessApi, eve: Account, laptop: SignedIn, time: Clock
) -> None:
    time.forward(days=31)

    phone = eve.sign_in()

    assert len(logins(here, phone)) == 1


def test_the_last_use_is_noted_once_an_hour(here: InProcessApi, laptop: SignedIn, time: Clock) -> None:
    made = logins(here, laptop)[0]
    time.forward(minutes=59)
    soon = logins(here, laptop)[0]
    time.forward(minutes=2)
    logins(here, laptop)

    later = logins(here, laptop)[0]

    assert soon["usedAt"] == made["usedAt"] == made["createdAt"]
    assert str(later["usedAt"]) > str(made["usedAt"])


def test_changing_the_password_ends_every_other_login(here: InProcessApi, eve: Account, laptop: SignedIn) -> None:
    phone = eve.sign_in()
    change = {"currentPassword": eve.password, "newPassword": "correct horse"}

    answer = here.request("POST", "/auth/password", change, token=laptop.token)

    assert answer.status == 200
    assert (eve.is_alive(laptop), eve.is_alive(phone)) == (True, False)
    assert eve.try_to_sign_in().code == "invalid_credentials"
    assert eve.try_to_sign_in("correct horse").status == 200


def test_a_wrong_current_password_changes_nothing(here: InProcessApi, eve: Account, laptop: SignedIn) -> None:
    phone = eve.sign_in()
    change = {"currentPassword": "wrong", "newPassword": "correct horse"}

    answer = here.request("POST", "/auth/password", change, token=laptop.token)

    assert (answer.status, answer.code) == (401, "invalid_credentials")
    assert eve.is_alive(phone)
    assert eve.try_to_sign_in().status == 200


def test_the_audit_tells_what_happened_to_the_account(here: InProcessApi, eve: Account, laptop: SignedIn) -> None:
    phone = eve.sign_in()
    change = {"currentPassword": eve.password, "newPassword": "correct horse"}
    here.request("POST", "/auth/password", change, token=phone.token)

    answer = here.request("GET", "/audit", token=phone.token)

    assert [event["action"] for event in answer.data] == ["password_changed", "signed_in", "registered"]
    assert answer.data[1]["address"] == "192.0.2.1"
    for secret in (eve.email, eve.password, "correct horse", phone.token):
        assert secret not in str(answer.json)
    assert eve.try_to_sign_in("correct horse").status == 200


def test_the_audit_is_read_a_page_at_a_time_in_the_order_of_commits(
    here: InProcessApi, eve: Account, laptop: SignedIn
) -> None:
    for _ in range(4):
        here.request("POST", "/sessions", {"name": "one"}, token=laptop.token)
    whole = here.request("GET", "/audit", token=laptop.token).data

    found, query = [], "?limit=2"
    for _ in range(3):
        answer = here.request("GET", f"/audit{query}", token=laptop.token)
        found += answer.data
        query = f"?limit=2&cursor={answer.json['page']['nextCursor']}"

    assert answer.json["page"]["nextCursor"] is None
    assert found == whole
    assert [event["action"] for event in whole] == ["session_started"] * 4 + ["registered"]
    assert [event["at"] for event in whole] == sorted((event["at"] for event in whole), reverse=True)


def test_another_tenants_audit_is_not_seen(here: InProcessApi, eve: Account, laptop: SignedIn) -> None:
    other = Account(here, "mallory@example.com")

    assert other.actions(other.register()) == ["registered"]
    assert here.request("GET", "/audit?cursor=broken", token=laptop.token).code == "invalid_cursor"


def test_a_change_of_nothing_is_not_told(here: InProcessApi, eve: Account, laptop: SignedIn) -> None:
    path = "/sessions/" + here.request("POST", "/sessions", {"name": "one"}, token=laptop.token).data["id"]

    for name in ("one", "two", "two"):
        here.request("PATCH", path, {"name": name}, token=laptop.token)

    assert eve.actions(laptop) == ["session_changed", "session_started", "registered"]


def test_no_client_chooses_the_login_it_is_given(here: InProcessApi, eve: Account, laptop: SignedIn) -> None:
    """Session fixation: who plants a token of their own sees nothing of what its victim does afterwards."""
    planted = laptop.token
    mallory = Account(here, "mallory@example.com")
    mallory.register()

    answer = here.request(
        "POST",
        "/auth/login",
        {"email": mallory.email, "password": mallory.password},
        token=planted,
        headers={"Cookie": f"sid={planted}", "X-Request-Id": "planted"},
    )

    ids = [jwt.decode(token, options={"verify_signature": False})["sid"] for token in (planted, answer.data["token"])]
    assert ids[0] != ids[1]
    here.request("POST", "/sessions", {"name": "private"}, token=answer.data["token"])
    assert here.request("GET", "/sessions", token=planted).data == []
