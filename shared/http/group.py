"""A group of endpoints: an independent function, declared endpoint by endpoint."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import flask
from werkzeug.wrappers import Request, Response

from shared import logs
from shared.errors import Problem
from shared.http.endpoint import ANYONE, INTERNAL, SIGNED_IN, Access, Endpoint, declared
from shared.http.exchange import Exchange
from shared.http.routes import Routes
from shared.security.scopes import Scope
from shared.settings import BadSetting, settings, stop

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

H = TypeVar("H", bound=Callable[..., Any])


class Group:
    """The endpoints of one function; `name` is also the function's and its folder's."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.endpoints: list[Endpoint] = []
        self._routes = Routes()

    def endpoint(
        self,
        declaration: str,
        *,
        access: Access,
        scope: Scope | None = None,
        status: int = 200,
        raises: tuple[type[Problem], ...] = (),
    ) -> Callable[[H], H]:
        """Declare the decorated handler as the endpoint of a method and a path, as in "GET /sessions/{session_id}".

        The handler is given what its parameters ask for: `tr: Transaction` or `tr: ReadTransaction` (it then runs in
        the request's transaction), `database: RequestDatabase` (to open short ones itself), `caller: Caller`,
        `client: Client`, `precondition: Precondition`, the ids in the path as `UUID`, and shapes as `body` and
        `query`. What it returns is the answer's data, a `Page` of it, or a `Resource`. `scope` is what an API key
        needs, None where no key may call; `status` is that of success; `raises` names the problems that are its own,
        beside those that follow from what it takes.
        """

        def declare(handler: H) -> H:
            endpoint = declared(
                self.name, declaration, handler, access=access, scope=scope, status=status, raises=raises
            )
            self._routes.add(endpoint)
            self.endpoints.append(endpoint)
            return handler

        return declare

    def owns(self, path: str) -> bool:
        """Whether a full path is one of this group's, and the gateway's."""
        found = self._routes.find(path)
        return found is not None and any(endpoint.access is not INTERNAL for endpoint in found[0].values())

    def application(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> list[bytes]:
        """Answer one request: the WSGI application (PEP 3333) of this group."""
        return Exchange(self._routes, environ).serve(start_response)

    def function(self) -> Callable[[Request], Response]:
        """Return the function that serves this group, ready to be a functions-framework target.

        Where functions-framework loads it, requests come to `application` without passing through Flask first. Ends the
        process with a message when the settings do not let this group work.
        """
        logs.configure(settings())
        if flask.has_app_context():
            from shared.http.server import serve

            serve(self.application, flask.current_app)
        if any(endpoint.access in (ANYONE, SIGNED_IN) or endpoint.leaves_receipts for endpoint in self.endpoints):
            _require_signing_keys()

        # A closure and not a method: functions-framework takes a plain function only.
        def function(request: Request) -> Response:
            return Response.from_app(self.application, request.environ)

        return function


def _require_signing_keys() -> None:
    from shared.security.signing import signing_keys

    try:
        signing_keys()
    except BadSetting as error:
        stop(error)
