"""A wrong declaration fails at import, and says what is wrong."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from shared.database.transaction import ReadTransaction, Transaction
from shared.http import PUBLIC, SIGNED_IN, Group, Message, Shape
from shared.http.endpoint import BadDeclaration
from shared.security.caller import Caller


class Body(Shape):
    """A body."""


def good(tr: Transaction, caller: Caller) -> Message:
    """Do something."""
    return Message(message="")


def undocumented(tr: Transaction) -> Message:
    return Message(message="")


def unchecked(caller: Caller) -> Message:
    """Never look at the login."""
    return Message(message="")


def strange(tr: Transaction, session: str) -> Message:
    """Ask for what nobody can give."""
    return Message(message="")


def misnamed(transaction: Transaction) -> Message:
    """Ask for it by another name."""
    return Message(message="")


def with_body(tr: ReadTransaction, body: Body) -> Message:
    """Take a body."""
    return Message(message="")


def with_text_id(tr: Transaction, session_id: str) -> Message:
    """Take an id as text."""
    return Message(message="")


def with_id(tr: Transaction, session_id: UUID) -> Message:
    """Take an id."""
    return Message(message="")


@pytest.mark.parametrize(
    ("declaration", "handler", "access", "complaint"),
    [
        ("sessions", good, SIGNED_IN, "is not a method and a path"),
        ("FETCH /sessions", good, SIGNED_IN, "is not a method and a path"),
        ("POST sessions", good, SIGNED_IN, "is not a method and a path"),
        ("POST /sessions/", good, SIGNED_IN, "is not a method and a path"),
        ("POST /x", undocumented, PUBLIC, "a docstring says what it does"),
        ("POST /x", unchecked, SIGNED_IN, "the login can only be checked in a transaction"),
        ("POST /x", good, PUBLIC, "a public endpoint knows no caller"),
        ("POST /x", strange, PUBLIC, "nothing can be given to the parameter session"),
        ("POST /x", misnamed, PUBLIC, "nothing can be given to the parameter transaction"),
        ("GET /x", good, SIGNED_IN, "GET must not write"),
        ("GET /x", with_body, PUBLIC, "GET must not write, and has no body"),
        ("GET /x/{session_id}", with_text_id, PUBLIC, "nothing can be given to the parameter session_id"),
        ("POST /x", with_id, PUBLIC, "nothing can be given to the parameter session_id"),
    ],
)
def test_a_wrong_declaration_is_refused(
    declaration: str, handler: Callable[..., Any], access: Any, complaint: str
) -> None:
    with pytest.raises(BadDeclaration, match=complaint):
        Group("test").endpoint(declaration, access=access)(handler)


def test_who_may_call_has_no_default() -> None:
    with pytest.raises(TypeError, match="access"):
        Group("test").endpoint("POST /x")  # type: ignore[call-arg]


def test_a_path_is_declared_once_for_a_method() -> None:
    group = Group("test")
    group.endpoint("POST /x/{session_id}", access=PUBLIC)(with_id)

    with pytest.raises(BadDeclaration, match=r"POST /x/\{session_id\} is declared twice"):
        group.endpoint("POST /x/{session_id}", access=PUBLIC)(with_id)


def test_a_group_owns_what_it_declares_under_both_prefixes() -> None:
    group = Group("test")
    group.endpoint("POST /x/{session_id}", access=PUBLIC)(with_id)
    id_ = "0190a5e0-0000-7000-8000-000000000000"

    assert group.owns(f"/api/v5/x/{id_}")
    assert group.owns(f"/v5/x/{id_}")
    assert not group.owns("/v5/x/1")
    assert not group.owns(f"/x/{id_}")
