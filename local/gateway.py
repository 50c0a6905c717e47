"""The way from a path to the function that owns it, as API Gateway goes it in production."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from local.functions import Function
from local.reference import Reference

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


class Gateway:
    """A WSGI application that hands each request to its function."""

    def __init__(self, functions: list[Function]) -> None:
        self._functions = functions
        self._reference = Reference([function.group for function in functions])

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request."""
        return self._owner(environ["PATH_INFO"])(environ, start_response)

    def _owner(self, path: str) -> "WSGIApplication":
        if self._reference.owns(path):
            return self._reference
        for function in self._functions:
            if function.group.owns(path):
                return function.app
        # Every function answers a path that nobody owns, and all of them alike.
        return self._functions[0].app
