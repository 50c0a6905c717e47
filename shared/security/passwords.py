"""Passwords: Argon2id (RFC 9106) as PHC strings, with the figures of OWASP and of the Rust `argon2` crate.

At most one hash a core runs at a time, since each keeps a core and 19 MiB busy; a few more wait, and who finds no place
among those is told to come back. They run in threads of their own: the allocator leaves a thread the memory of its last
hash for the next, which is fast, and would be a leak if every thread of the server had some.
"""

import functools
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import argon2
from argon2.exceptions import InvalidHashError, VerificationError

from shared.errors import Unavailable
from shared.settings import settings
from shared.turns import waiting

T = TypeVar("T")

PASSWORD_LIMIT_MIN_CHARS = 8
PASSWORD_LIMIT_CHARS = 256

HASHES_AT_ONCE = os.cpu_count() or 1

# What a stored hash may cost at most: eight times the memory and passes that others recommend. More was not made by us.
MEMORY_LIMIT_KIB = 512 * 1024
PASSES_LIMIT = 32
LANES_LIMIT = 16

# What an unknown account's password is compared with, so that it costs the same. No password gives these random bytes.
NO_PASSWORD = "$argon2id$v=19$m=19456,t=2,p=1$g5HaX9Y6cNL7vWfsDbS9pQ$rgSwApzLQ26vAmYqpye7Xim85/K49y+xiGM1Jr1GsRM"  # noqa: S105

_hasher = argon2.PasswordHasher(
    time_cost=2, memory_cost=19_456, parallelism=1, hash_len=32, salt_len=16, type=argon2.Type.ID
)


def make_hash(password: str) -> str:
    """Hash a new password with a salt of its own."""
    return _in_turn(lambda: _hasher.hash(password))


def matches(password: str, password_hash: str) -> bool:
    """Compare a password with any Argon2id PHC string."""
    try:
        figures = argon2.extract_parameters(password_hash)
    except InvalidHashError:
        return False
    if figures.memory_cost > MEMORY_LIMIT_KIB or figures.time_cost > PASSES_LIMIT or figures.parallelism > LANES_LIMIT:
        return False
    try:
        return _in_turn(lambda: _hasher.verify(password_hash, password))
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False


def is_weak(password_hash: str) -> bool:
    """Whether a hash was made with less than today's figures."""
    figures = argon2.extract_parameters(password_hash)
    return figures.memory_cost < _hasher.memory_cost or figures.time_cost < _hasher.time_cost


def _in_turn(work: Callable[[], T]) -> T:
    """Wait for a core, and run `work` there."""
    with waiting():
        return _threads().submit(work).result()


@contextmanager
def place() -> Iterator[None]:
    """Be one of those who hash or are about to; raises Unavailable when they are too many.

    To be taken before anything else is done for a request, so that one that is turned away cost and changed nothing.
    """
    places = _places()
    if not places.acquire(blocking=False):
        raise Unavailable("Too many people are signing in at this moment; try again shortly.", retry_after_s=2)
    try:
        yield
    finally:
        places.release()


def places_for(threads: int) -> int:
    """How many may hash or be about to in a server of so many threads: a quarter of them is left to other requests."""
    return max(HASHES_AT_ONCE + 1, 3 * threads // 4)


@functools.cache
def _places() -> threading.BoundedSemaphore:
    return threading.BoundedSemaphore(places_for(settings().threads))


@functools.cache
def _threads() -> ThreadPoolExecutor:
    # Made with the first hash, because threads do not survive the fork that a server begins with.
    return ThreadPoolExecutor(HASHES_AT_ONCE, "hash")
