"""Which new passwords are refused because they are easy to guess (PASSWORD_POLICY=strict).

Guesses are estimated with zxcvbn (Wheeler, USENIX Security 2016): common passwords, words, names, dates, keyboard rows
and their usual disguises. What everybody knows about the owner is taken out first: the rest alone has to be hard.
"""

import re
from collections.abc import Iterable

from shared.errors import FieldError, InvalidRequest
from shared.settings import settings

# Fewer than 10^8 guesses do not hold against whoever tries many accounts, or has a stolen hash.
SCORE_MIN = 3
# The estimator's time explodes with the length of a hostile password: 25 ms at 20 characters, a second at 100.
ESTIMATED_LIMIT_CHARS = 20
KNOWN_PART_LIMIT_MIN_CHARS = 3


def check(field: str, password: str, about: Iterable[str]) -> None:
    """Raise InvalidRequest, with a reason that helps, when the policy refuses the password that `field` holds.

    `about` is what everybody knows of its owner: e-mail address, names, company.
    """
    if settings().strict_passwords and (reason := _weakness(password, _parts(about))) is not None:
        raise InvalidRequest(details=[FieldError(field, reason)])


def _weakness(password: str, known: list[str]) -> str | None:
    rest = password.casefold()
    for part in known:
        rest = rest.replace(part, "")
    if len(rest) < len(password.casefold()):
        return None if _is_hard(rest, known) else "It is easy to guess for whoever knows your name or e-mail address."
    return None if _is_hard(password, known) else _explained(password, known)


def _is_hard(password: str, known: list[str]) -> bool:
    """Whether the beginning or the end is hard enough by itself; then the whole is."""
    from zxcvbn_rs_py import zxcvbn

    ends = {password[:ESTIMATED_LIMIT_CHARS], password[-ESTIMATED_LIMIT_CHARS:]}
    return any(int(zxcvbn(end, known).score) >= SCORE_MIN for end in ends)


def _explained(password: str, known: list[str]) -> str:
    from zxcvbn_rs_py import zxcvbn

    feedback = zxcvbn(password[:ESTIMATED_LIMIT_CHARS], known).feedback
    hints = [] if feedback is None else [feedback.warning, *feedback.suggestions]
    return " ".join(["It is easy to guess.", *(str(hint) for hint in hints if hint is not None)])


def _parts(about: Iterable[str]) -> list[str]:
    """Split what is known of the owner into words, longest first, so that none hides a longer one."""
    words = {word for text in [*about, "coditect"] for word in re.split(r"[\W_]+", text.casefold())}
    return sorted((word for word in words if len(word) >= KNOWN_PART_LIMIT_MIN_CHARS), key=len, reverse=True)
