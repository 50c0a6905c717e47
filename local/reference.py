"""The API's reference on http://localhost:8080/docs: the OpenAPI document, and Swagger UI from its package.

Everything is served from here; the page contacts no other host.
"""

from collections.abc import Iterable
from importlib.resources import files
from typing import TYPE_CHECKING

import flask

from shared.http.group import Group
from shared.http.openapi import document, written

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

DOCUMENT_PATHS = ("/api/v5/openapi.json", "/v5/openapi.json")
PAGE_PATH = "/docs"
_ASSETS = {
    "/docs/swagger-ui.css": ("css/swagger-ui.css", "text/css"),
    "/docs/swagger-ui-bundle.js": ("js/swagger-ui-bundle.js", "text/javascript"),
}
_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Coditect API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/swagger-ui.css">
<div id="reference"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script>
  SwaggerUIBundle({
    url: "/api/v5/openapi.json",
    dom_id: "#reference",
    validatorUrl: null,
    persistAuthorization: true,
    deepLinking: true,
  });
</script>
</html>
"""
# The page's own script is inline; everything else, and every request, stays on this host.
_POLICY = (
    "default-src 'self'; img-src 'self' data:; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'"
)


class Reference:
    """A WSGI application that serves the document and the page."""

    def __init__(self, groups: list[Group]) -> None:
        self._document = written(document(groups))

    def owns(self, path: str) -> bool:
        """Whether a path is the reference's."""
        return path in DOCUMENT_PATHS or path == PAGE_PATH or path in _ASSETS

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer a request for a path that is the reference's."""
        return self._response(environ["PATH_INFO"])(environ, start_response)

    def _response(self, path: str) -> flask.Response:
        if path in DOCUMENT_PATHS:
            headers = {"Access-Control-Allow-Origin": "*"}
            return flask.Response(self._document, mimetype="application/json", headers=headers)
        if path == PAGE_PATH:
            return flask.Response(_PAGE, mimetype="text/html", headers={"Content-Security-Policy": _POLICY})
        name, mimetype = _ASSETS[path]
        asset = files("flask_openapi3_swagger") / "templates" / "swagger" / name
        return flask.Response(asset.read_bytes(), mimetype=mimetype)
