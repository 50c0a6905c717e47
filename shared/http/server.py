"""The server around a function: functions-framework's Flask application, on gunicorn."""

import secrets
import socket
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Flask

from shared.errors import BadRequest, HeadersTooLarge, Internal, Problem
from shared.http import answers
from shared.logs import log

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication


def serve(application: "WSGIApplication", app: Flask) -> None:
    """Put an application in place of functions-framework's, and have gunicorn answer its own errors in JSON.

    Flask's routing, contexts and response objects would take as long as a read of a record does, for one route that
    takes every path. To be called while functions-framework loads a function.
    """
    app.wsgi_app = application  # type: ignore[method-assign, assignment]  # as Flask documents for what stands before it
    try:
        import gunicorn.config
        import gunicorn.util
    except ImportError:  # no gunicorn on Windows: functions-framework uses Flask's server there
        return
    gunicorn.util.write_error = _write_error
    # Its socket for commands would lie in a home that may be read-only, and functions-framework takes no option for it.
    gunicorn.config.ControlSocketDisable.default = True


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
