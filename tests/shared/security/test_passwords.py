"""Passwords: hashed as the Rust crate does, never too many at once."""

import threading
from concurrent.futures import ThreadPoolExecutor

import argon2
import pytest

from shared.errors import Unavailable
from shared.security import passwords
from shared.settings import settings

# As Argon2::default().hash_password(b"password123", salt) of the Rust crate makes it: v=19, m=19456, t=2, p=1.
RUST = argon2.low_level.hash_secret(
    b"password123", b"0123456789abcdef", time_cost=2, memory_cost=19456, parallelism=1, hash_len=32, type=argon2.Type.ID
).decode()


def test_the_figures_are_those_of_the_rust_crate() -> None:
    assert passwords.make_hash("password123").startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert RUST.startswith("$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$")


def test_a_hash_of_the_rust_crate_verifies() -> None:
    assert passwords.matches("password123", RUST)
    assert not passwords.matches("password124", RUST)
    assert not passwords.is_weak(RUST)


def test_every_hash_has_a_salt_of_its_own() -> None:
    assert passwords.make_hash("same") != passwords.make_hash("same")


@pytest.mark.parametrize(
    ("memory", "passes", "weak"), [(19456, 2, False), (65536, 3, False), (8192, 2, True), (19456, 1, True)]
)
def test_any_argon2id_verifies_and_weaker_figures_are_noticed(memory: int, passes: int, weak: bool) -> None:
    made = argon2.PasswordHasher(time_cost=passes, memory_cost=memory, parallelism=1).hash("password123")

    assert passwords.matches("password123", made)
    assert passwords.is_weak(made) is weak


@pytest.mark.parametrize(
    "stored",
    ["", "x", "$argon2id$", "$2b$12$abcdefghijklmnopqrstuv", RUST[:-5], RUST + "$", "\0", RUST[:-43] + "é" * 43],
)
def test_what_is_no_hash_matches_nothing(stored: str) -> None:
    assert not passwords.matches("password123", stored)


@pytest.mark.parametrize("figures", ["m=4194304,t=2,p=1", "m=19456,t=1000,p=1", "m=19456,t=2,p=64"])
def test_absurd_figures_are_refused_before_they_cost_anything(figures: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_hasher", None)

    assert not passwords.matches("password123", RUST.replace("m=19456,t=2,p=1", figures))


def test_nothing_matches_the_stand_in_of_an_unknown_account() -> None:
    assert not passwords.matches("", passwords.NO_PASSWORD)
    assert not passwords.is_weak(passwords.NO_PASSWORD)


class SlowHasher:
    """Counts how many hash at once, and holds them until told."""

    def __init__(self) -> None:
        self.now = self.most = 0
        self.lock = threading.Lock()
        self.go_on = threading.Event()

    def hash(self, _: str) -> str:
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        self.go_on.wait()
        with self.lock:
            self.now -= 1
        return "hashed"


def test_no_more_hash_at_once_than_there_are_cores_and_the_queue_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = SlowHasher()
    monkeypatch.setattr(passwords, "_hasher", slow)
    places = passwords.places_for(settings().threads)
    make_hash = passwords.place()(passwords.make_hash)

    with ThreadPoolExecutor(places) as pool:
        waiting = [pool.submit(make_hash, "x") for _ in range(places)]
        while passwords._places()._value:
            pass
        with pytest.raises(Unavailable) as turned_away:
            make_hash("x")
        slow.go_on.set()
        answers = [hashed.result() for hashed in waiting]

    assert turned_away.value.retry_after_s
    assert answers == ["hashed"] * places
    assert slow.most <= passwords.HASHES_AT_ONCE
    monkeypatch.undo()
    assert passwords.matches("password123", RUST)
