"""Types of fields that several groups share: what they accept, and how they describe themselves."""

import unicodedata
from typing import Annotated, Any

from msgspec import Meta

from shared.http.shapes import Shape
from shared.store.pages import PAGE_DEFAULT, PAGE_LIMIT

# ECMA and Python agree on every sign of it: not blank, no control characters, nothing after the end.
ONE_LINE = r"^(?!\s*$)[^\u0000-\u001f\u007f]*$(?![\s\S])"

PersonName = Annotated[str, Meta(min_length=1, max_length=100, pattern=ONE_LINE)]


class PageQuery(Shape):
    """Which part of a list to answer."""

    limit: Annotated[int, Meta(ge=1, le=PAGE_LIMIT)] = PAGE_DEFAULT
    cursor: str | None = None


class EmailAddress(str):
    """An e-mail address in its normalised form: trimmed, case-folded, NFC, the domain in IDNA (RFC 5321, RFC 5891)."""

    LIMIT_CHARS = 254

    @classmethod
    def parse(cls, value: object) -> "EmailAddress":
        """Normalise an address; raises ValueError."""
        if not isinstance(value, str) or len(value) > cls.LIMIT_CHARS:
            raise ValueError(f"It must be an e-mail address of at most {cls.LIMIT_CHARS} characters")
        # Here and not above: it costs 60 ms that only the auth function has to pay.
        import email_validator

        try:
            found = email_validator.validate_email(value.strip(), check_deliverability=False, test_environment=True)
        except email_validator.EmailNotValidError:
            raise ValueError("It must be an e-mail address, as in name@example.com") from None
        return cls(unicodedata.normalize("NFC", f"{found.local_part.casefold()}@{found.ascii_domain}"))

    @classmethod
    def schema(cls) -> dict[str, Any]:
        """Describe it as JSON Schema."""
        return {"type": "string", "format": "email", "maxLength": cls.LIMIT_CHARS}


class Password(str):
    """A password as it was typed; it does not show in a repr."""

    LIMIT_MIN_CHARS = 8
    LIMIT_CHARS = 256

    @classmethod
    def parse(cls, value: object) -> "Password":
        """Check the length; raises ValueError."""
        if not isinstance(value, str) or not cls.LIMIT_MIN_CHARS <= len(value) <= cls.LIMIT_CHARS:
            raise ValueError(f"It must have {cls.LIMIT_MIN_CHARS} to {cls.LIMIT_CHARS} characters")
        return cls(value)

    @classmethod
    def schema(cls) -> dict[str, Any]:
        """Describe it as JSON Schema."""
        return {
            "type": "string",
            "format": "password",
            "minLength": cls.LIMIT_MIN_CHARS,
            "maxLength": cls.LIMIT_CHARS,
        }

    def __repr__(self) -> str:
        return "Password(…)"


class PasswordAttempt(Password):
    """A password to compare with one that is kept: one too short is as wrong as any other."""

    LIMIT_MIN_CHARS = 1
