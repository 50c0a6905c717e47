"""The server around a function speaks JSON too: Flask and gunicorn answer some requests before it sees them."""

import secrets
import socket
from http import HTTPStatus
from typing import Any

from flask import Flask, Request, Response, request
from werkzeug.exceptions import HTTPException

from shared.errors import BadRequest, HeadersTooLarge, Internal, Problem
from shared.http import answers
from shared.http.exchange import Exchange
from shared.http.routes import Routes
from shared.logs import log


def answer_in_json(app: Flask) -> None:
    """Make `app` and the gunicorn around it answer errors of their own in the documented shape, and take no commands.

    To be called while functions-framework loads a function, before it adds its routes.
    """
    app.register_error_handler(HTTPException, _unrouted)
    try:
        import gunicorn.config
        import gunicorn.util
    except ImportError:  # no gunicorn on Windows: functions-framework uses Flask's server there
        return
    gunicorn.util.write_error = _write_error
    # Its socket for commands would lie in a home that may be read-only, and functions-framework takes no option for it.
    gunicorn.config.ControlSocketDisable.default = True


def _unrouted(_error: HTTPException) -> Response:
    """Answer what Flask refused to route, such as /robots.txt, as an unknown path."""
    return Exchange(Routes(), _the(request)).serve()


def _the(proxy: Any) -> Request:
    found: Request = proxy._get_current_object()  # noqa: SLF001 (werkzeug's documented way to the object itself)
    return found


def _write_error(sock: socket.socket, status_int: int, _reason: str, _message: str) -> None:
    """Stand in for gunicorn's HTML page about a request that it could not parse, or a worker that it could not run."""
    problem = _PROBLEMS.get(status_int, BadRequest())
    request_id = secrets.token_hex(16)
    log.warning("%s", problem, extra={"requestId": request_id, "code": problem.code})
    content = answers.failure(problem, request_id)
    head = (
        f"HTTP/1.1 {problem.status} {HTTPStatus(problem.status).phrase}\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\nX-Request-Id: {request_id}\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    sock.sendall(head.encode() + content)


_PROBLEMS: dict[int, Problem] = {431: HeadersTooLarge(), 500: Internal()}
