"""What an answer looks like: the envelope around the data, and the tag that names a state of it."""

import hashlib
from typing import Annotated, Any, TypeVar

import msgspec
from werkzeug.http import parse_etags

from shared.errors import PreconditionFailed, Problem
from shared.http.shapes import Shape
from shared.store.pages import Page

T = TypeVar("T")

CARRIES_ETAG = "carries an ETag"

Resource = Annotated[T, CARRIES_ETAG]
"""Marks the answer of a handler as one thing with an address: it carries an ETag and, when just made, its Location."""

_encoder = msgspec.json.Encoder()


class Message(Shape):
    """An answer where there is little to say."""

    message: str


def encode(data: object) -> bytes:
    """Write data as JSON."""
    return _encoder.encode(data)


def success(data: bytes) -> bytes:
    """Wrap encoded data."""
    return b'{"success":true,"data":' + data + b"}"


def success_page(page: Page[Any]) -> bytes:
    """Wrap one page of a list."""
    return _encoder.encode({"success": True, "data": page.items, "page": {"nextCursor": page.next_cursor}})


def failure(problem: Problem, request_id: str) -> bytes:
    """Wrap what went wrong."""
    error: dict[str, Any] = {"code": problem.code, "message": str(problem), "requestId": request_id}
    if problem.details is not None:
        error["details"] = [field._asdict() for field in problem.details]
    return _encoder.encode({"success": False, "error": error})


def etag(data: bytes) -> str:
    """Name this state of a resource: a strong validator over its encoded data (RFC 9110, 8.8.3)."""
    return f'"{hashlib.blake2b(data, digest_size=12).hexdigest()}"'


class Precondition:
    """What the request's If-Match asks of the present state of the resource it is about to change."""

    def __init__(self, if_match: str | None) -> None:
        self._if_match = if_match

    def check(self, resource: object) -> None:
        """Compare with the resource as it is now; raises PreconditionFailed."""
        if self._if_match is not None:
            tags = parse_etags(self._if_match)
            if not tags.contains(etag(encode(resource)).strip('"')):
                raise PreconditionFailed
