"""Under the strict policy, passwords that are easy to guess are refused, with a reason that helps."""

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import InvalidRequest
from shared.security import password_policy
from shared.security.password_policy import ESTIMATED_LIMIT_CHARS
from shared.settings import settings

ADA = ["ada.lovelace@example.com", "Ada", "Lovelace", "Analytical Engines"]

Check = Callable[[str], str]


@pytest.fixture(autouse=True)
def _strict(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("PASSWORD_POLICY", "strict")
    settings.cache_clear()
    yield
    settings.cache_clear()


def reason(password: str) -> str:
    """Why it is refused; empty when it is not."""
    try:
        password_policy.check("password", password, ADA)
    except InvalidRequest as refused:
        [fault] = refused.details or []
        assert fault.field == "password"
        return fault.message
    return ""


@pytest.mark.parametrize(
    "password",
    [
        "password123",
        "12345678",
        "qwertyuiop",
        "P@ssw0rd2024!",
        "Tr0ub4dour&3",
        "aaaaaaaaaaaaaaaaaaaaaaaa",
        "abcdefghijkl",
    ],
)
def test_what_everybody_tries_first_is_refused_with_advice(password: str) -> None:
    told = reason(password)

    assert told.startswith("It is easy to guess.")
    assert len(told) > len("It is easy to guess. ")
    assert password not in told


@pytest.mark.parametrize(
    "password",
    [
        "ada.lovelace1815",
        "LovelaceAda!1",
        "adalovelace@example",
        "AnalyticalEngines1",
        "coditect-2026",
        "ada.lovelace@example.com",
        "ada.lovelace@example.com1",
    ],
)
def test_what_is_known_of_its_owner_does_not_count(password: str) -> None:
    assert reason(password) == "It is easy to guess for whoever knows your name or e-mail address."


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple",
        "vK9#mQ2x!pLz",
        "ada likes turquoise bicycles",
        "aaaaaaaaaaaaaaaaaaaaaaaa vK9#mQ2x!pLz",
        "vK9#mQ2x!pLz aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "пёстрый кит рисует мост",
        "鲸鱼在画一座彩色的桥呢",
        "x" * 8 + "🐳🎨🌉🧲🪁🧶🪗",
    ],
)
def test_what_is_hard_to_guess_is_taken(password: str) -> None:
    assert reason(password) == ""


def test_of_a_long_password_only_the_ends_are_estimated(monkeypatch: pytest.MonkeyPatch) -> None:
    import zxcvbn_rs_py

    estimated: list[str] = []
    estimate = zxcvbn_rs_py.zxcvbn

    def counting(password: str, known: list[str]) -> object:
        estimated.append(password)
        return estimate(password, known)

    monkeypatch.setattr(zxcvbn_rs_py, "zxcvbn", counting)
    reason("4@8({[</369&#!1/|0$5+7%2/" * 10)

    assert estimated
    assert max(map(len, estimated)) == ESTIMATED_LIMIT_CHARS


@given(st.text(min_size=8, max_size=256))
def test_any_text_is_taken_or_refused(password: str) -> None:
    reason(password)


def test_the_basic_policy_takes_what_the_published_examples_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSWORD_POLICY", "basic")
    settings.cache_clear()

    assert reason("password123") == ""
