"""The environment, read once into a frozen record; a bad value names its variable and stops the start.

The table in docs/settings.md and the file .env.example say the same; a test holds them to the declarations here.
"""

import functools
import ipaddress
import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Never

PROJECT = Path(__file__).resolve().parents[1]

TRUSTED_PROXIES_LIMIT = 10

# It is part of every key, in every index and on every wire.
KEY_PREFIX_LIMIT_CHARS = 64


class BadSetting(ValueError):
    """A variable of the environment that cannot be used; says which, and why, never its value when that is secret."""


class Secret:
    """Bytes that no log, repr or error message shows."""

    __slots__ = ("_value",)

    def __init__(self, value: bytes) -> None:
        self._value = value

    def reveal(self) -> bytes:
        """Give the bytes themselves."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__


def _secret(text: str) -> Secret:
    return Secret(text.encode())


def _origins(text: str) -> frozenset[str]:
    origins = frozenset(part.strip() for part in text.split(",") if part.strip())
    for origin in origins - {"*"}:
        if not re.fullmatch(r"https?://[a-z0-9.-]+(:\d{1,5})?", origin):
            raise ValueError(f"{origin!r} is not an origin; write it as https://app.example.com, without a path")
    return origins


def _key_prefix(text: str) -> bytes:
    if not (text.isascii() and text.isprintable()) or len(text) > KEY_PREFIX_LIMIT_CHARS:
        raise ValueError(f"it must have at most {KEY_PREFIX_LIMIT_CHARS} visible ASCII characters")
    return text.encode()


def _trusted_proxies(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) > TRUSTED_PROXIES_LIMIT:
        raise ValueError(f"it must be a number from 0 to {TRUSTED_PROXIES_LIMIT}")
    return int(text)


def _address(text: str) -> str:
    return str(ipaddress.ip_address(text))


def _is_strict(text: str) -> bool:
    if text not in ("strict", "basic"):
        raise ValueError("it must be strict or basic")
    return text == "strict"


def _switch(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError("it must be true or false")
    return text == "true"


def _log_level(text: str) -> str:
    if text not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise ValueError("it must be DEBUG, INFO, WARNING or ERROR")
    return text


def _threads(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,4}", text) or not 2 <= int(text) <= 1_000:
        raise ValueError("it must be a number from 2 to 1000")
    return int(text)


def _variable(name: str, parse: Callable[[str], Any], meaning: str, default: Any = None, shown: str = "") -> Any:
    """Declare a setting; `shown` describes the default to a reader."""
    return field(
        default=default, metadata={"name": name, "parse": parse, "meaning": meaning, "shown": shown or str(default)}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that the environment decides. Settings of the local runner (HOST, PORT) are beside it, in `local`."""

    jwt_secret: Secret | None = _variable(
        "JWT_SECRET",
        _secret,
        "Signs the tokens: at least 32 bytes, as `openssl rand -base64 48` makes them, or the name of such a secret in "
        "Google Secret Manager, `projects/…/secrets/…/versions/…`. Required in production.",
        shown="made once and kept in DATA_DIR",
    )
    jwt_secret_previous: Secret | None = _variable(
        "JWT_SECRET_PREVIOUS",
        _secret,
        "The secret before this one, or the one to come: verifies tokens, signs none.",
        shown="none",
    )
    password_policy: bool | None = _variable(
        "PASSWORD_POLICY",
        _is_strict,
        "`strict` refuses new passwords that are easy to guess, `basic` only those under 8 characters.",
        shown="strict in production, else basic",
    )
    cors_allowed_origins: frozenset[str] = _variable(
        "CORS_ALLOWED_ORIGINS",
        _origins,
        "Origins whose pages may call the API, comma-separated; `*` for all. Required in production.",
        default=frozenset({"*"}),
        shown="*",
    )
    threads: int = _variable(
        "THREADS",
        _threads,
        "Requests that a server works on at once. How many more may wait, and how many passwords may be hashed, follow "
        "from it: [overload](capacity.md).",
        default=4 * (os.cpu_count() or 1),
        shown="4 per core",
    )
    fdb_cluster_file: Path | None = _variable(
        "FDB_CLUSTER_FILE",
        Path,
        "Cluster file of the FoundationDB to use. Required in production.",
        shown="the embedded database",
    )
    key_prefix: bytes = _variable(
        "KEY_PREFIX",
        _key_prefix,
        "Stands before every key, so that several installations can share a cluster.",
        default=b"coditect/",
        shown="coditect/",
    )
    data_dir: Path = _variable(
        "DATA_DIR",
        Path,
        "Folder of the embedded database and the development secret.",
        default=PROJECT / ".data",
        shown=".data beside the code",
    )
    load_balancer_address: str = _variable(
        "LOAD_BALANCER_ADDRESS",
        _address,
        "Of a load balancer before those proxies: where this is the client's address, the one before it is.",
        default="",
        shown="none",
    )
    trusted_proxies: int = _variable(
        "TRUSTED_PROXIES",
        _trusted_proxies,
        "How many proxies of ours append to `X-Forwarded-For`: the client's address is so many entries from its end.",
        default=0,
    )
    behind_gateway: bool = _variable(
        "BEHIND_GATEWAY",
        _switch,
        "`true` behind API Gateway, which replaces `Authorization`: tokens come in `X-Forwarded-Authorization`.",
        default=False,
        shown="false",
    )
    log_level: str = _variable("LOG_LEVEL", _log_level, "DEBUG, INFO, WARNING or ERROR.", default="INFO")
    google_cloud_project: str = _variable(
        "GOOGLE_CLOUD_PROJECT", str, "Project id: ties log lines to their traces.", default="", shown="none"
    )
    production: bool = _variable(
        "K_SERVICE",
        bool,
        "Set by Cloud Run, never by hand: turns on the rules of production.",
        default=False,
        shown="none",
    )

    @property
    def strict_passwords(self) -> bool:
        """Whether new passwords that are easy to guess are refused."""
        return self.production if self.password_policy is None else self.password_policy

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> "Settings":
        """Validate the variables of `environment`; an empty one counts as absent. Raises BadSetting."""
        values = {}
        for declared in fields(cls):
            name = declared.metadata["name"]
            if text := environment.get(name, ""):
                try:
                    values[declared.name] = declared.metadata["parse"](text)
                except ValueError as error:
                    raise BadSetting(f"{name}: {error}") from None
        settings = cls(**values)
        if settings.production:
            settings._check_production(environment)
        return settings

    def _check_production(self, environment: Mapping[str, str]) -> None:
        """Refuse what only a laptop may do. What secrets must be like, the groups that sign say."""
        if not environment.get("CORS_ALLOWED_ORIGINS"):
            raise BadSetting(
                "CORS_ALLOWED_ORIGINS: required in production; name the frontend's origin, as in https://app.example.com"
            )
        if self.fdb_cluster_file is None:
            raise BadSetting(
                "FDB_CLUSTER_FILE: required in production, which refuses the embedded database; name the cluster file"
            )


@functools.cache
def settings() -> Settings:
    """Return the settings of this process; ends it with a message when they cannot be used."""
    try:
        return Settings.read(os.environ)
    except BadSetting as error:
        stop(error)


def stop(error: Exception) -> Never:
    """End the process, saying why on one line, as a start that must not go on does."""
    sys.exit(f"Cannot start. {error}")
