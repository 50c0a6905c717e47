"""What a client can be told has gone wrong: one class a status, and one a code where a status has several.

A class's name in snake case is the `code` of the answer, its docstring the message unless another is given. What is
passed to an error is public; its cause (`raise … from …`) is for the log alone.
"""

import inspect
import re
from typing import ClassVar, NamedTuple


class FieldError(NamedTuple):
    """One field at fault: its name as the client wrote it (dotted where nested, "" for the whole), and its fault."""

    field: str
    message: str


class Problem(Exception):
    """The request could not be answered."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    message: ClassVar[str]

    def __init_subclass__(cls) -> None:
        """Derive the code from the class's name, and the message from its docstring."""
        super().__init_subclass__()
        cls.code = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
        cls.message = " ".join(inspect.cleandoc(cls.__doc__ or "").split())

    def __init__(
        self, message: str | None = None, *, details: list[FieldError] | None = None, retry_after_s: int | None = None
    ) -> None:
        super().__init__(message or self.message)
        self.details = details
        self.retry_after_s = retry_after_s


class BadRequest(Problem):
    """The request is malformed."""

    status = 400


class InvalidJson(BadRequest):
    """The body is not JSON in UTF-8."""


class InvalidCursor(BadRequest):
    """This cursor is not one that a list has answered; start again without it."""


class Unauthenticated(Problem):
    """Sign in first, and send the token as 'Authorization: Bearer TOKEN'."""

    status = 401


class TokenExpired(Unauthenticated):
    """The token has expired; sign in again."""


class TokenRevoked(Unauthenticated):
    """This login has ended; sign in again."""


class InvalidCredentials(Unauthenticated):
    """The e-mail address or the password is wrong."""


class Forbidden(Problem):
    """You may not do that."""

    status = 403


class NotFound(Problem):
    """There is nothing here, or nothing that you may see."""

    status = 404


class MethodNotAllowed(Problem):
    """This path does not answer that method; the Allow header names those it does."""

    status = 405

    def __init__(self, allowed: list[str]) -> None:
        super().__init__()
        self.allowed = allowed


class NotAcceptable(Problem):
    """Answers are JSON: accept application/json."""

    status = 406


class RequestTimeout(Problem):
    """The request took too long to arrive; send it again."""

    status = 408


class LengthRequired(Problem):
    """This request needs a JSON body; send one, with its Content-Length."""

    status = 411


class Conflict(Problem):
    """The request contradicts what is stored."""

    status = 409


class PreconditionFailed(Problem):
    """It has changed since you read it: read it again, then repeat the change with its new ETag."""

    status = 412


class BodyTooLarge(Problem):
    """The body is too large."""

    status = 413


class UriTooLong(Problem):
    """The address is too long."""

    status = 414


class UnsupportedMediaType(Problem):
    """Send JSON: 'Content-Type: application/json', in UTF-8 and not compressed."""

    status = 415


class InvalidRequest(Problem):
    """Some fields are not as they should be; 'details' names each."""

    status = 422


class TooManyRequests(Problem):
    """Too many attempts; wait as many seconds as Retry-After says."""

    status = 429


class HeadersTooLarge(Problem):
    """The request's headers are too many or too large."""

    status = 431


class Internal(Problem):
    """Something went wrong on our side. Please report the request id."""

    status = 500


class Unavailable(Problem):
    """The service is too busy or cannot reach its database; try again shortly."""

    status = 503

    def __init__(self, message: str | None = None, *, retry_after_s: int = 1) -> None:
        super().__init__(message, retry_after_s=retry_after_s)


class NotReady(Unavailable):
    """The database does not answer."""
