"""An endpoint: what a handler's declaration and signature say, read once at import."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal, get_args, get_origin, get_type_hints
from uuid import UUID

from shared.database.transaction import ReadTransaction, Transaction
from shared.errors import Problem
from shared.http.answers import CARRIES_ETAG, Precondition
from shared.http.client import Client
from shared.http.shapes import Shape
from shared.http.transactions import RequestDatabase
from shared.security.caller import Caller
from shared.security.scopes import Scope
from shared.store.pages import Page


class Access(Enum):
    """Who may call an endpoint."""

    PUBLIC = "nobody is asked for a token"
    ANYONE = "a valid token says who is calling; without one the caller is nobody"
    SIGNED_IN = "a valid token is required"
    INTERNAL = "the platform lets nobody in but our own scheduler; the gateway knows no way to it"


PUBLIC, ANYONE, SIGNED_IN, INTERNAL = Access.PUBLIC, Access.ANYONE, Access.SIGNED_IN, Access.INTERNAL

METHODS_THAT_WRITE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_DECLARATION = re.compile(r"(GET|POST|PUT|PATCH|DELETE) (/[a-z0-9_/{}]*[a-z0-9}])")


class BadDeclaration(TypeError):
    """An endpoint is declared in a way that cannot work; raised at import."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One method on one path.

    `takes` are the names of the handler's parameters. `answer` is the type of the data; of one entry, where a page of a
    list is answered. `in_transaction` tells in which transaction the handler runs, if in any.
    """

    group: str
    method: str
    path: str
    access: Access
    scope: Scope | None
    status: int
    raises: tuple[type[Problem], ...]
    handler: Callable[..., Any]
    takes: frozenset[str]
    in_transaction: Literal["read", "write"] | None
    path_parameters: tuple[str, ...]
    body: type[Shape] | None
    query: type[Shape] | None
    answer: Any
    is_page: bool
    is_resource: bool

    @property
    def writes(self) -> bool:
        """Whether its requests may have an effect."""
        return self.method in METHODS_THAT_WRITE

    @property
    def leaves_receipts(self) -> bool:
        """Whether a repeat under the same Idempotency-Key is given the first answer."""
        return self.writes and self.access is not INTERNAL

    @property
    def summary(self) -> str:
        """The first line of the handler's docstring."""
        return (self.handler.__doc__ or "").strip().split("\n")[0]


def declared(
    group: str,
    declaration: str,
    handler: Callable[..., Any],
    *,
    access: Access,
    scope: Scope | None,
    status: int,
    raises: tuple[type[Problem], ...],
) -> Endpoint:
    """Read the handler's signature; raises BadDeclaration."""
    match = _DECLARATION.fullmatch(declaration)
    if match is None:
        raise BadDeclaration(f"{declaration!r} is not a method and a path, as in 'GET /sessions/{{session_id}}'")
    method, path = match.groups()
    path_parameters = tuple(re.findall(r"{(\w+)}", path))
    hints = get_type_hints(handler, include_extras=True)
    answer = hints.pop("return", None)
    marks = getattr(answer, "__metadata__", ())
    is_page = get_origin(answer) is Page
    for name, hint in hints.items():
        if not _can_be_given(name, hint, path_parameters):
            raise BadDeclaration(f"{declaration}: nothing can be given to the parameter {name}: {hint}")
    in_transaction = _IN_TRANSACTION.get(hints.get("tr"))
    _check(declaration, handler, access, method, hints)
    return Endpoint(
        group=group,
        method=method,
        path=path,
        access=access,
        scope=scope,
        status=status,
        raises=raises,
        handler=handler,
        takes=frozenset(hints),
        in_transaction=in_transaction,
        path_parameters=path_parameters,
        body=hints.get("body"),
        query=hints.get("query"),
        answer=get_args(answer)[0] if is_page or marks else answer,
        is_page=is_page,
        is_resource=CARRIES_ETAG in marks,
    )


_IN_TRANSACTION: dict[Any, Literal["read", "write"]] = {ReadTransaction: "read", Transaction: "write"}

_TYPES: dict[str, tuple[Any, ...]] = {
    "tr": (ReadTransaction, Transaction),
    "database": (RequestDatabase,),
    "caller": (Caller, Caller | None),
    "precondition": (Precondition,),
    "client": (Client,),
}


def _can_be_given(name: str, hint: Any, path_parameters: tuple[str, ...]) -> bool:
    if name in path_parameters:
        return hint is UUID
    if name in ("body", "query"):
        return isinstance(hint, type) and issubclass(hint, Shape)
    return hint in _TYPES.get(name, ())


def _check(declaration: str, handler: Callable[..., Any], access: Access, method: str, hints: dict[str, Any]) -> None:
    if not handler.__doc__:
        raise BadDeclaration(f"{declaration}: a docstring says what it does")
    if access is SIGNED_IN and not {"tr", "database"} & set(hints):
        raise BadDeclaration(f"{declaration}: the login can only be checked in a transaction")
    if access in (PUBLIC, INTERNAL) and "caller" in hints:
        raise BadDeclaration(f"{declaration}: a {access.name.lower()} endpoint knows no caller")
    if access is INTERNAL and hints.get("tr") is Transaction:
        raise BadDeclaration(f"{declaration}: without receipts it can only ask for the database")
    if method not in METHODS_THAT_WRITE and (hints.get("tr") is Transaction or "body" in hints):
        raise BadDeclaration(f"{declaration}: {method} must not write, and has no body")
