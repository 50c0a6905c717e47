"""The OpenAPI 3.1 document, derived from the declared endpoints."""

import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import msgspec

from shared.errors import (
    BadRequest,
    BodyTooLarge,
    Conflict,
    Forbidden,
    Internal,
    InvalidRequest,
    LengthRequired,
    NotAcceptable,
    NotFound,
    PreconditionFailed,
    Problem,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
    UnsupportedMediaType,
    UriTooLong,
)
from shared.http.body import JSON_LIMIT_BYTES
from shared.http.endpoint import ANYONE, INTERNAL, PUBLIC, SIGNED_IN, Endpoint
from shared.http.group import Group
from shared.http.routes import PREFIXES
from shared.http.shapes import Parsed

Json = dict[str, Any]

_REFERENCE = "#/components/schemas/{name}"

_HEADERS: dict[str, Json] = {
    "ETag": {"description": "Names this state of the resource", "schema": {"type": "string"}},
    "Location": {"description": "The path of what was made", "schema": {"type": "string"}},
    "X-Request-Id": {"description": "Names this request in the logs", "schema": {"type": "string"}},
    "Idempotent-Replayed": {
        "description": "'true' when an earlier request with this Idempotency-Key was answered before",
        "schema": {"type": "string", "enum": ["true"]},
    },
    "Retry-After": {"description": "Seconds to wait before trying again", "schema": {"type": "integer"}},
    "WWW-Authenticate": {"description": "How to authenticate", "schema": {"type": "string"}},
}

_BEARER: Json = {
    "type": "http",
    "scheme": "bearer",
    "description": "A token of a login, or an API key that has the scope named with the endpoint; endpoints without a "
    "scope take no API key.",
}

_FAILURE: Json = {
    "title": "Failure",
    "type": "object",
    "required": ["success", "error"],
    "properties": {
        "success": {"const": False},
        "error": {
            "type": "object",
            "required": ["code", "message", "requestId"],
            "properties": {
                "code": {"type": "string", "description": "Stable, for programs", "examples": ["invalid_request"]},
                "message": {"type": "string", "description": "For people"},
                "requestId": {"type": "string", "description": "The same as X-Request-Id"},
                "details": {
                    "type": "array",
                    "description": "Every field at fault",
                    "items": {
                        "type": "object",
                        "required": ["field", "message"],
                        "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
                    },
                },
            },
        },
    },
}


def document(groups: list[Group]) -> Json:
    """Describe all endpoints of these groups that clients can reach."""
    endpoints = reachable(groups)
    types = [type_ for endpoint in endpoints for type_ in (endpoint.answer, endpoint.body) if type_]
    _, components = msgspec.json.schema_components(types, schema_hook=_parsed_schema, ref_template=_REFERENCE)
    paths: Json = {}
    for endpoint in endpoints:
        paths.setdefault(public_path(endpoint.path), {})[endpoint.method.lower()] = _operation(endpoint)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Coditect API",
            "version": "5.0.0",
            "description": "Accounts, tenants and work sessions of a browser IDE for people and AI agents.",
        },
        "servers": [
            {"url": PREFIXES[0], "description": "This server"},
            {"url": PREFIXES[1], "description": "The same, under the shorter prefix"},
        ],
        "tags": [{"name": name} for name in dict.fromkeys(endpoint.group for endpoint in endpoints)],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": {"Failure": _FAILURE, **dict(sorted(components.items()))},
            "headers": _HEADERS,
            "securitySchemes": {"bearer": _BEARER},
        },
    }


def reachable(groups: list[Group]) -> list[Endpoint]:
    """Return the endpoints that clients can reach."""
    return [endpoint for group in groups for endpoint in group.endpoints if endpoint.access is not INTERNAL]


def written(document: Json) -> bytes:
    """Write the document so that its differences read well."""
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def public_path(path: str) -> str:
    """Write the parameters of a path in the API's own case."""
    return re.sub(r"{(\w+)}", lambda match: "{" + _camel(match[1]) + "}", path)


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.title() for part in tail)


def _parsed_schema(type_: type) -> Json:
    if issubclass(type_, Parsed):
        return type_.schema()
    raise NotImplementedError(f"no schema of a {type_.__name__}")


def _operation(endpoint: Endpoint) -> Json:
    operation: Json = {
        "operationId": endpoint.handler.__name__,
        "tags": [endpoint.group],
        "summary": endpoint.summary.rstrip("."),
        "parameters": list(_parameters(endpoint)),
        "responses": {str(endpoint.status): _success(endpoint), **_failures(endpoint)},
        "security": _security(endpoint),
    }
    if endpoint.body is not None:
        schema = {"$ref": _REFERENCE.format(name=endpoint.body.__name__)}
        operation["requestBody"] = {
            "required": True,
            "description": f"At most {JSON_LIMIT_BYTES:,} bytes",
            "content": {"application/json": {"schema": schema}},
        }
    return operation


def _security(endpoint: Endpoint) -> list[Json]:
    if endpoint.access is PUBLIC:
        return []
    scopes = [endpoint.scope] if endpoint.scope else []
    return [{"bearer": scopes}] if endpoint.access is SIGNED_IN else [{}, {"bearer": scopes}]


def _parameters(endpoint: Endpoint) -> Iterator[Json]:
    for name in endpoint.path_parameters:
        yield {"name": _camel(name), "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
    if endpoint.query is not None:
        (_,), components = msgspec.json.schema_components(
            [endpoint.query], schema_hook=_parsed_schema, ref_template=_REFERENCE
        )
        shape = components[endpoint.query.__name__]
        for name, schema in shape["properties"].items():
            required = name in shape.get("required", [])
            yield {"name": name, "in": "query", "required": required, "schema": _without_null(schema)}
    if "precondition" in endpoint.takes:
        yield _header_parameter("If-Match", "Change only the state with this ETag, answer 412 when there is another")
    if endpoint.is_resource and endpoint.method == "GET":
        yield _header_parameter("If-None-Match", "Answer 304 while the state is the one with this ETag")
    if endpoint.writes:
        description = "Makes a repeat harmless: for a day it is given the first answer"
        schema = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"}
        yield _header_parameter("Idempotency-Key", description, schema)


def _without_null(schema: Json) -> Json:
    """Describe a parameter of an address, which may be left out, but cannot be null: that is but the text."""
    choices = [choice for choice in schema.get("anyOf", []) if choice != {"type": "null"}]
    return choices[0] if len(choices) == 1 else schema


def _header_parameter(name: str, description: str, schema: Json | None = None) -> Json:
    return {"name": name, "in": "header", "description": description, "schema": schema or {"type": "string"}}


def _success(endpoint: Endpoint) -> Json:
    data: Json = {"$ref": _REFERENCE.format(name=endpoint.answer.__name__)}
    properties: Json = {"success": {"const": True}, "data": data}
    if endpoint.is_page:
        properties["data"] = {"type": "array", "items": data}
        cursor = {"type": ["string", "null"], "description": "Continues the list as ?cursor=; null at its end"}
        properties["page"] = {"type": "object", "required": ["nextCursor"], "properties": {"nextCursor": cursor}}
    headers = ["X-Request-Id"]
    headers += ["ETag"] if endpoint.is_resource else []
    headers += ["Location"] if endpoint.is_resource and endpoint.status == HTTPStatus.CREATED else []
    headers += ["Idempotent-Replayed"] if endpoint.writes else []
    schema = {"type": "object", "required": list(properties), "properties": properties}
    return _response(HTTPStatus(endpoint.status).phrase, headers, schema)


def _failures(endpoint: Endpoint) -> Json:
    """Describe every status of failure that an endpoint can answer, and the one of success without a body."""
    answers: Json = {}
    if endpoint.is_resource and endpoint.method == "GET":
        answers["304"] = {"description": "Not Modified", "headers": _references(["ETag", "X-Request-Id"])}
    by_status = {problem.status: problem for problem in [*_problems(endpoint), *endpoint.raises]}
    for status, problem in sorted(by_status.items()):
        headers = ["X-Request-Id"]
        headers += ["Retry-After"] if issubclass(problem, (TooManyRequests, Unavailable)) else []
        headers += ["WWW-Authenticate"] if issubclass(problem, Unauthenticated) else []
        schema = {"$ref": _REFERENCE.format(name="Failure")}
        answers[str(status)] = _response(problem.message, headers, schema)
    return answers


def _problems(endpoint: Endpoint) -> Iterator[type[Problem]]:
    yield BadRequest
    if endpoint.access is SIGNED_IN:
        yield Unauthenticated
    if endpoint.access in (ANYONE, SIGNED_IN):
        yield Forbidden
    if endpoint.path_parameters:
        yield NotFound
    yield NotAcceptable
    if endpoint.writes:
        yield Conflict
    if endpoint.body is not None:
        yield from (LengthRequired, BodyTooLarge, UnsupportedMediaType)
    if "precondition" in endpoint.takes:
        yield PreconditionFailed
    if endpoint.query is not None:
        yield UriTooLong
    if endpoint.body is not None or endpoint.query is not None:
        yield InvalidRequest
    yield Internal
    if endpoint.takes & {"tr", "database"}:
        yield Unavailable


def _response(description: str, headers: list[str], schema: Json) -> Json:
    return {
        "description": description,
        "headers": _references(headers),
        "content": {"application/json": {"schema": schema}},
    }


def _references(headers: list[str]) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in headers}
