"""Every two changes of an account's state at the same time: as if one had come after the other, whichever it was."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import combinations_with_replacement, count
from threading import Barrier, Thread
from typing import Any

import pytest

from tests.client import Answer
from tests.functions.conftest import Account, SignedIn
from tests.in_process import InProcessApi

ROUNDS = 3

_numbers = count(1)


@dataclass
class State:
    """An account with two logins and a key, and what was answered to each action."""

    api: InProcessApi
    account: Account
    mine: SignedIn
    other: SignedIn
    other_id: str
    key: str
    key_id: str
    answers: list[tuple[str, Answer]] = field(default_factory=list)

    def mine_sends(self, method: str, path: str, body: object = None) -> Answer:
        return self.api.request(method, path, body, token=self.mine.token)

    def of(self, action: str) -> list[Answer]:
        return [answer for name, answer in self.answers if name == action]

    def succeeded(self, *actions: str) -> list[Answer]:
        return [answer for action in actions for answer in self.of(action) if answer.status < 400]

    def is_good(self, token: str) -> bool:
        answer = self.api.request("GET", "/sessions", token=token)
        assert answer.status == 200 or answer.code == "token_revoked"
        return answer.status == 200


def state(api: InProcessApi) -> State:
    account = Account(api, f"racer{next(_numbers)}@example.com")
    mine, other = account.register(), account.sign_in("other")
    listed = api.request("GET", "/auth/logins", token=mine.token).data
    other_id = next(login["id"] for login in listed if login["device"] == "other")
    key = {"name": "CI", "scopes": ["sessions:read"]}
    made = api.request("POST", "/auth/keys", key, token=mine.token).data
    return State(api, account, mine, other, other_id, made["key"], made["details"]["id"])


def change_password(state: State) -> Answer:
    password = f"another password {next(_numbers)}"
    change = {"currentPassword": state.account.password, "newPassword": password}
    answer = state.mine_sends("POST", "/auth/password", change)
    if answer.status == 200:
        state.account = Account(state.api, state.account.email, password)
    return answer


def make_key(state: State) -> Answer:
    return state.mine_sends("POST", "/auth/keys", {"name": "made", "scopes": ["sessions:read"]})


def write(state: State) -> Answer:
    return state.api.request("POST", "/sessions", {"name": "written"}, token=state.other.token)


# Each action, and the codes of failure that another may cause; "" is success.
ACTIONS: dict[str, tuple[Callable[[State], Answer], set[str]]] = {
    "sign in": (lambda state: state.account.try_to_sign_in(), {"invalid_credentials"}),
    "refresh": (lambda state: state.account.refresh(state.other), {"token_revoked"}),
    "sign out": (lambda state: state.api.request("POST", "/auth/logout", token=state.other.token), set()),
    "end one": (lambda state: state.mine_sends("DELETE", f"/auth/logins/{state.other_id}"), {"not_found"}),
    "end others": (lambda state: state.mine_sends("DELETE", "/auth/logins"), set()),
    "change password": (change_password, {"invalid_credentials"}),
    "make key": (make_key, set()),
    "delete key": (lambda state: state.mine_sends("DELETE", f"/auth/keys/{state.key_id}"), {"not_found"}),
    "use key": (lambda state: state.api.request("GET", "/sessions", token=state.key), {"token_revoked"}),
    "write": (write, {"token_revoked"}),
    "sweep": (lambda state: state.api.sweep(), set()),
}  # fmt: skip

ENDS_THE_OTHER = ("sign out", "end one", "end others", "change password")


def race(state: State, pair: tuple[str, str]) -> None:
    barrier = Barrier(2)

    def act(name: str) -> None:
        barrier.wait()
        state.answers.append((name, ACTIONS[name][0](state)))

    threads = [Thread(target=act, args=(name,)) for name in pair]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize("pair", [*combinations_with_replacement(ACTIONS, 2)], ids=" + ".join)
def test_two_at_once_are_as_one_after_the_other(here: InProcessApi, pair: tuple[str, str]) -> None:
    for _ in range(ROUNDS):
        after = state(here)
        race(after, pair)

        assert len(after.answers) == 2
        for name, answer in after.answers:
            assert answer.status < 400 or answer.code in ACTIONS[name][1], (name, answer.json)
        check_logins(after)
        check_passwords(after)
        check_keys(after)
        check_writes(after)
        check_audit(after, pair)


def check_logins(after: State) -> None:
    """What ended a login ended it for good, also what was renewed or written meanwhile."""
    assert after.is_good(after.mine.token)
    tokens = [after.other.token, *(answer.data["token"] for answer in after.succeeded("refresh"))]
    ended = bool(after.succeeded(*ENDS_THE_OTHER))
    assert [after.is_good(token) for token in tokens] == [not ended] * len(tokens)
    for answer in after.succeeded("refresh"):
        renewed = SignedIn(answer.data["token"], answer.data["refreshToken"])
        assert (after.account.refresh(renewed).status == 200) is not ended


def check_passwords(after: State) -> None:
    """Of two changes from the same password one happened, and nobody is signed in with the old one since."""
    changes = after.of("change password")
    if changes:
        assert Counter(answer.status for answer in changes) == Counter([200, 401][: len(changes)])
        assert not any(after.is_good(answer.data["token"]) for answer in after.succeeded("sign in"))
    assert after.account.try_to_sign_in().status == 200


def check_keys(after: State) -> None:
    deletions = after.of("delete key")
    assert Counter(answer.status for answer in deletions) == Counter([200, 404][: len(deletions)])
    assert after.is_good(after.key) is not bool(deletions)
    assert all(after.is_good(answer.data["key"]) for answer in after.succeeded("make key"))


def check_writes(after: State) -> None:
    listed: list[Any] = after.mine_sends("GET", "/sessions").data
    assert len(listed) == len(after.succeeded("write"))


def check_audit(after: State, pair: tuple[str, str]) -> None:
    """The audit tells each change that happened, and no other."""
    told = Counter(after.account.actions(after.mine))
    events = {"end one": "login_ended", "end others": "other_logins_ended", "change password": "password_changed"}
    for action, event in {**events, "delete key": "key_deleted"}.items():
        assert told[event] == len(after.succeeded(action)), (action, told)
    assert told["refresh_token_reused"] == 0
