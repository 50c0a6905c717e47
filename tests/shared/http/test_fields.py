"""Types of fields: what they accept, and what becomes of it."""

import re
import unicodedata
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.http.fields import ONE_LINE, EmailAddress, Password, PasswordAttempt
from shared.security import passwords
from tests.shared.http.json_values import JSON, TEXT

LOCAL_PARTS = st.text(st.characters(categories=["L", "M", "N"]), min_size=1, max_size=20)
DOMAINS = st.sampled_from(["example.com", "EXAMPLE.com", "b\u00fccher.example", "xn--bcher-kva.example", "\u4f8b.jp"])


def parsed(address: object) -> EmailAddress | None:
    try:
        return EmailAddress.parse(address)
    except ValueError:
        return None


@given(LOCAL_PARTS, DOMAINS)
def test_normalising_twice_is_normalising_once(local_part: str, domain: str) -> None:
    address = parsed(f"{local_part}@{domain}")

    assert address is None or parsed(address) == address


@given(LOCAL_PARTS, DOMAINS, st.sampled_from(["NFC", "NFD"]))
def test_all_spellings_of_an_address_are_one(local_part: str, domain: str, form: Any) -> None:
    address = parsed(f"{local_part}@{domain}")

    for spelling in (f" {local_part}@{domain}\n", f"{local_part}@{domain.upper()}", f"{local_part}@{domain.lower()}"):
        assert parsed(unicodedata.normalize(form, spelling)) == address


@example("\u0390", "example.com")  # case-folding takes it apart
@given(LOCAL_PARTS, DOMAINS)
def test_a_normalised_address_is_case_folded_and_its_domain_ascii(local_part: str, domain: str) -> None:
    address = parsed(f"{local_part}@{domain}")

    if address is not None:
        assert unicodedata.is_normalized("NFC", address)
        assert address.isascii() or not address.partition("@")[0].isascii()
        assert address.rpartition("@")[2].isascii()
        assert unicodedata.normalize("NFC", address.casefold()) == address


def test_an_address_has_up_to_254_characters() -> None:
    domain = ".".join(["a" * 60] * 3)

    fits = "a" * (254 - len(f"@{domain}.com")) + f"@{domain}.com"

    assert len(fits) == 254
    assert parsed(fits) == fits
    assert parsed("a" + fits) is None


def test_a_password_is_kept_as_it_was_typed() -> None:
    typed = " Pass\u00e9word\u0301 \0"

    assert str(Password.parse(typed)) == typed


@pytest.mark.parametrize(("length", "fits"), [(7, False), (8, True), (256, True), (257, False)])
def test_a_password_has_8_to_256_characters(length: int, fits: bool) -> None:
    try:
        Password.parse("\u00e9" * length)
    except ValueError:
        assert not fits
    else:
        assert fits


@pytest.mark.parametrize(("length", "fits"), [(0, False), (1, True), (256, True), (257, False)])
def test_an_attempt_may_be_shorter_but_not_longer(length: int, fits: bool) -> None:
    try:
        PasswordAttempt.parse("a" * length)
    except ValueError:
        assert not fits
    else:
        assert fits


@given(JSON)
def test_anything_is_a_password_or_a_value_error(value: Any) -> None:
    try:
        password = Password.parse(value)
    except ValueError:
        assert not isinstance(value, str) or not 8 <= len(value) <= 256
    else:
        assert password == value


def test_the_limits_are_said_once() -> None:
    assert Password.LIMIT_MIN_CHARS == passwords.PASSWORD_LIMIT_MIN_CHARS
    assert Password.LIMIT_CHARS == passwords.PASSWORD_LIMIT_CHARS


@given(TEXT)
def test_one_line_has_something_in_it_and_no_control_characters(text: str) -> None:
    is_one_line = bool(text.strip()) and not any(char < " " or char == "\x7f" for char in text)

    assert bool(re.search(ONE_LINE, text)) == is_one_line
