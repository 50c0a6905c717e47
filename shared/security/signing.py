"""The secret keys that this backend signs with: today's, and the one before it while it is being replaced."""

import functools
import hashlib
import hmac
import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from shared.logs import log
from shared.security.secret_manager import resolved
from shared.settings import BadSetting, Secret, Settings, settings

# RFC 7518, section 3.2: a key for HS256 has at least the size of the hash.
SECRET_LIMIT_MIN_BYTES = 32


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A secret, and the id that names it in public without telling anything about it."""

    id: str
    secret: Secret

    @classmethod
    def of(cls, secret: Secret) -> "SigningKey":
        """Derive the id from the secret, so that every instance gives it the same name."""
        return cls(hmac.digest(secret.reveal(), b"coditect key id", hashlib.sha256).hex()[:16], secret)


@dataclass(frozen=True, slots=True, eq=False)
class SigningKeys:
    """The key that signs, and all that still verify, by id."""

    current: SigningKey
    by_id: dict[str, SigningKey]

    @classmethod
    def of(cls, current: Secret, previous: Secret | None) -> "SigningKeys":
        """Make the keys of these secrets."""
        signing = SigningKey.of(current)
        verifying = [signing] if previous is None else [SigningKey.of(previous), signing]
        return cls(signing, {key.id: key for key in verifying})

    def newest_first(self) -> Iterable[SigningKey]:
        """All keys, the one that signs first."""
        return reversed(self.by_id.values())


@functools.cache
def signing_keys() -> SigningKeys:
    """Return this process's keys; raises BadSetting when production has no secret."""
    return keys_from(settings())


def keys_from(settings: Settings) -> SigningKeys:
    """Make the keys of these settings, with a secret of our own making when development names none."""
    if settings.jwt_secret is not None:
        current = _given("JWT_SECRET", settings.jwt_secret, settings)
    elif settings.production:
        raise BadSetting(
            "JWT_SECRET: required in production; put a secret of at least 32 bytes in Secret Manager "
            "(openssl rand -base64 48 makes one) and mount it as this variable"
        )
    else:
        current = _development_secret(settings.data_dir / "jwt_secret")
    previous = settings.jwt_secret_previous
    return SigningKeys.of(current, previous and _given("JWT_SECRET_PREVIOUS", previous, settings))


def _given(variable: str, given: Secret, settings: Settings) -> Secret:
    """Take a secret that the environment gives or names; raises BadSetting when production refuses it."""
    secret = resolved(variable, given)
    if len(secret.reveal()) < SECRET_LIMIT_MIN_BYTES:
        if settings.production:
            raise BadSetting(
                f"{variable}: shorter than {SECRET_LIMIT_MIN_BYTES} bytes; make a new one with: openssl rand -base64 48"
            )
        log.warning("%s is shorter than %d bytes: production refuses it.", variable, SECRET_LIMIT_MIN_BYTES)
    return secret


def _development_secret(path: Path) -> Secret:
    """Read the secret kept at `path`; the first process to look makes it, and all others read that one."""
    try:
        secret = Secret(_kept(path))
    except OSError as error:
        raise BadSetting(f"DATA_DIR: {path}: {error.strerror}; check its rights, or set DATA_DIR elsewhere") from error
    if len(secret.reveal()) < SECRET_LIMIT_MIN_BYTES:
        raise BadSetting(f"DATA_DIR: {path} is damaged; remove it, and a new secret is made")
    return secret


def _kept(path: Path) -> bytes:
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
        try:
            # A link appears whole or not at all, and fails when another process was first.
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_bytes()


def fingerprint(key: SigningKey, parts: Iterable[bytes]) -> str:
    """Hash a request so that nobody without the key can test a guess at what it held (HMAC-SHA256, in hex)."""
    digest = hmac.new(key.secret.reveal(), b"coditect request", hashlib.sha256)
    for part in parts:
        digest.update(len(part).to_bytes(8))
        digest.update(part)
    return digest.hexdigest()
