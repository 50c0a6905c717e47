"""One request and the making of its answer: route, authorise, validate, run, answer."""

import logging
import re
import secrets
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from uuid import UUID

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request

from shared import logs
from shared.database import database
from shared.database.errors import TRANSACTION_TOO_LARGE, DatabaseError
from shared.errors import (
    BadRequest,
    BodyTooLarge,
    Forbidden,
    Internal,
    MethodNotAllowed,
    NotAcceptable,
    NotFound,
    Problem,
    Unauthenticated,
    Unavailable,
    UriTooLong,
)
from shared.http import answers, body, cors, shapes
from shared.http.client import client
from shared.http.endpoint import ANYONE, INTERNAL, PUBLIC, SIGNED_IN, Endpoint
from shared.http.routes import Methods, Routes
from shared.http.transactions import RequestDatabase
from shared.logs import log
from shared.security.caller import Caller
from shared.settings import settings

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

    from shared.http.admission import Admission
    from shared.store.receipts import Slip

URI_LIMIT_CHARS = 8_192
REQUEST_ID_LIMIT_CHARS = 128
IDEMPOTENCY_KEY_LIMIT_CHARS = 255

_REQUEST_ID_CHARS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
_IDEMPOTENCY_KEY = re.compile(f"[!-~]{{1,{IDEMPOTENCY_KEY_LIMIT_CHARS}}}")
_JSON_RANGES = frozenset({"*/*", "application/*", "application/json"})
_STATUS_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


class Exchange:
    """A request, and what its answer has so far."""

    def __init__(self, routes: Routes, environ: "WSGIEnvironment") -> None:
        self._routes = routes
        self._environ = environ
        self._request = Request(environ)
        self._request_id = _request_id(environ.get("HTTP_X_REQUEST_ID"))
        self._headers: cors.Headers = []
        self._code: str | None = None

    def serve(self, start_response: "StartResponse") -> list[bytes]:
        """Answer, whatever happens."""
        started = time.perf_counter()
        request = self._request
        try:
            try:
                status, content = self._answer()
            finally:
                body.discard(request)
        except Exception as error:  # noqa: BLE001 (an exception that escapes is answered without an X-Request-Id)
            status, content = self._failure(error)
        start_response(_STATUS_LINES[status], [*self._headers, *self._common_headers(status, content)])
        logs.answered(
            method=request.method,
            path=request.path,
            status=status,
            size_bytes=len(content),
            seconds=time.perf_counter() - started,
            request_id=self._request_id,
            code=self._code,
            trace=self._environ.get("HTTP_X_CLOUD_TRACE_CONTEXT", ""),
        )
        return [content] if request.method != "HEAD" else []

    def _common_headers(self, status: int, content: bytes) -> cors.Headers:
        headers = cors.headers(self._environ.get("HTTP_ORIGIN"), settings().cors_allowed_origins)
        headers.append(("X-Request-Id", self._request_id))
        if status not in (204, 304):
            headers += [("Content-Type", "application/json"), ("X-Content-Type-Options", "nosniff")]
            headers.append(("Content-Length", str(len(content))))
        return headers

    def _failure(self, error: Exception) -> tuple[int, bytes]:
        problem = _problem(error)
        self._code = problem.code
        if problem.status >= 500:
            # What we chose to answer, as when there are too many requests, has no cause that somebody would look for.
            is_chosen = problem is error and error.__cause__ is None
            level, cause = (logging.WARNING, None) if is_chosen else (logging.ERROR, error)
            log.log(level, "%s", problem, exc_info=cause, extra={"requestId": self._request_id, "code": problem.code})
        self._headers = [("Cache-Control", "no-store")]
        if problem.retry_after_s is not None:
            self._headers.append(("Retry-After", str(problem.retry_after_s)))
        if isinstance(problem, MethodNotAllowed):
            self._headers.append(("Allow", ", ".join(problem.allowed)))
        if isinstance(problem, Unauthenticated):
            self._headers.append(("WWW-Authenticate", "Bearer"))
        return problem.status, answers.failure(problem, self._request_id)

    def _answer(self) -> tuple[int, bytes]:
        request = self._request
        if len(request.path) + len(request.query_string) > URI_LIMIT_CHARS:
            raise UriTooLong(f"An address may have at most {URI_LIMIT_CHARS:,} characters.")
        found = self._routes.find(request.path)
        method = "GET" if request.method == "HEAD" else request.method
        if method == "OPTIONS":
            return self._options(found[0] if found else None)
        if found is None:
            raise NotFound("There is nothing at this address.")
        methods, ids = found
        if method not in methods:
            raise MethodNotAllowed(_allowed(methods))
        _check_accept(self._environ.get("HTTP_ACCEPT"))
        return self._call(methods[method], ids)

    def _options(self, methods: Methods | None) -> tuple[int, bytes]:
        """Answer a preflight; that of an unknown path too, or a page could not read that the path is unknown."""
        allowed = ["GET", "POST", "PUT", "PATCH", "DELETE"] if methods is None else _allowed(methods)
        self._headers = [("Allow", ", ".join(allowed)), *cors.preflight(allowed)]
        return 204, b""

    def _call(self, endpoint: Endpoint, ids: list[UUID]) -> tuple[int, bytes]:
        caller = self._caller(endpoint)
        arguments: dict[str, Any] = dict(zip(endpoint.path_parameters, ids, strict=True))
        content = b""
        if endpoint.query is not None:
            arguments["query"] = shapes.from_query(endpoint.query, self._request.args)
        if endpoint.body is not None:
            content = body.read_json(self._request)
            arguments["body"] = shapes.from_json(endpoint.body, content)
        if "precondition" in endpoint.takes:
            arguments["precondition"] = answers.Precondition(self._environ.get("HTTP_IF_MATCH"))
        if "client" in endpoint.takes:
            arguments["client"] = client(self._request, settings().trusted_proxies, settings().load_balancer_address)
        try:
            data = self._run(endpoint, caller, arguments, content)
        except Unauthenticated:
            if endpoint.access is not ANYONE or caller is None:
                raise
            # The token was that of an ended login: as good as none.
            data = self._run(endpoint, None, arguments, content)
        return self._success(endpoint, data)

    def _caller(self, endpoint: Endpoint) -> Caller | None:
        if endpoint.access in (PUBLIC, INTERNAL):
            return None
        # Here and not above: a group of public endpoints alone needs neither PyJWT nor a secret.
        from shared.http import bearer
        from shared.security.signing import signing_keys

        try:
            caller = bearer.caller(self._request, signing_keys(), behind_gateway=settings().behind_gateway)
        except Unauthenticated:
            if endpoint.access is SIGNED_IN:
                raise
            return None
        if caller is None and endpoint.access is SIGNED_IN:
            raise Unauthenticated
        if caller is not None and caller.key is not None and endpoint.scope is None:
            raise Forbidden("An API key may not do this; sign in.")
        return caller

    def _run(self, endpoint: Endpoint, caller: Caller | None, arguments: dict[str, Any], content: bytes) -> Any:
        """Call the handler, inside the request's transaction where it asks for that."""
        handler = endpoint.handler
        if "caller" in endpoint.takes:
            arguments["caller"] = caller
        if not endpoint.takes & {"tr", "database"}:
            return handler(**arguments)
        slip = self._slip(endpoint, caller, content) if endpoint.leaves_receipts else None
        admission = None if caller is None else _admission(caller, endpoint)
        request_database = RequestDatabase(database, admission, slip, tag=handler.__name__)
        if endpoint.in_transaction == "read":
            return request_database.read(lambda tr: handler(tr=tr, **arguments))
        if endpoint.in_transaction == "write":
            data = request_database.write(lambda tr: handler(tr=tr, **arguments), endpoint.answer)
        else:
            data = handler(database=request_database, **arguments)
        if request_database.replayed:
            self._headers.append(("Idempotent-Replayed", "true"))
        return data

    def _slip(self, endpoint: Endpoint, caller: Caller | None, content: bytes) -> "Slip":
        """Say where this request's receipt lies: under its Idempotency-Key, or under one that none has used before."""
        from shared.store.receipts import Slip

        by = secrets.token_hex(16)
        given = self._environ.get("HTTP_IDEMPOTENCY_KEY")
        if given is None:
            return Slip(("",), by, by, ("",))
        if not _IDEMPOTENCY_KEY.fullmatch(given):
            raise BadRequest(f"An Idempotency-Key has 1 to {IDEMPOTENCY_KEY_LIMIT_CHARS} visible ASCII characters.")
        from shared.security.signing import fingerprint, signing_keys

        parts = [endpoint.method.encode(), self._request.path.encode(), self._request.query_string, content]
        if caller is not None:
            parts.append(caller.tenant_id.bytes)
        contents = tuple(fingerprint(key, parts) for key in signing_keys().newest_first())
        # Nobody without a token can be told from another, so only who sends the very same request is given its answer.
        return Slip((caller.user_id,) if caller else contents, given, by, contents)

    def _success(self, endpoint: Endpoint, data: Any) -> tuple[int, bytes]:
        if endpoint.is_page:
            self._headers.append(("Cache-Control", "no-store"))
            return endpoint.status, answers.success_page(data)
        encoded = answers.encode(data)
        if not endpoint.is_resource:
            self._headers.append(("Cache-Control", "no-store"))
            return endpoint.status, answers.success(encoded)
        tag = answers.etag(encoded)
        self._headers += [("ETag", tag), ("Cache-Control", "private, no-cache")]
        if endpoint.status == 201:
            self._headers.append(("Location", f"{self._request.path}/{data.id}"))
        # Asked only where it was sent, since it is costly to read.
        is_known = "HTTP_IF_NONE_MATCH" in self._environ and self._request.if_none_match.contains_weak(tag.strip('"'))
        if is_known and endpoint.method == "GET":
            return 304, b""
        return endpoint.status, answers.success(encoded)


def _admission(caller: Caller, endpoint: Endpoint) -> "Admission":
    # Here and not above: a group of public endpoints alone knows neither logins nor API keys.
    from shared.http.admission import Admission

    return Admission(caller, endpoint.scope)


def _problem(error: Exception) -> Problem:
    """Say what a client is told of an exception."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, DatabaseError):
        if error.code == TRANSACTION_TOO_LARGE:
            return BodyTooLarge()
        # From 2000 on a code tells of a mistake in the calling code, which no other try would cure.
        return Internal() if error.code >= 2000 else Unavailable()
    if isinstance(error, HTTPException) and error.code is not None and 400 <= error.code < 500:
        # What werkzeug finds wrong with the request while it is read, as when the client goes away in the middle.
        return BadRequest()
    return Internal()


def _request_id(given: str | None) -> str:
    """Take the client's request id when it is a sane token, make one otherwise."""
    if given and len(given) <= REQUEST_ID_LIMIT_CHARS and _REQUEST_ID_CHARS.issuperset(given):
        return given
    return secrets.token_hex(16)


def _allowed(methods: Methods) -> list[str]:
    with_head = [*methods, "HEAD"] if "GET" in methods else [*methods]
    return [*with_head, "OPTIONS"]


def _check_accept(header: str | None) -> None:
    """Raise NotAcceptable when the client takes no JSON."""
    if header is None or header in _JSON_RANGES:
        return
    for part in header.split(","):
        media_range, _, parameters = part.partition(";")
        refused = parameters.replace(" ", "").lower() in ("q=0", "q=0.0", "q=0.00", "q=0.000")
        if media_range.strip().lower() in _JSON_RANGES and not refused:
            return
    raise NotAcceptable
