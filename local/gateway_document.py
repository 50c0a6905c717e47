"""The OpenAPI document that API Gateway is configured with, derived from the declared endpoints.

It tells the way of every request to its function and nothing of what they say: the gateway checks no bodies, and it
cannot check tokens signed with HS256, so it asks for none. docs/decisions/2026-11-gateway.md names what this rests on.
"""

import re
from collections.abc import Iterator

from shared.database.limits import REQUEST_DEADLINE_S
from shared.http.endpoint import Endpoint
from shared.http.group import Group
from shared.http.openapi import Json, public_path, reachable, written
from shared.http.routes import PREFIXES

# A new instance's start, and its queue for the hash of a password.
START_LIMIT_S = 10.0
# The most that one request runs, one after the other: POST /auth/password, which also notes that its login is in use.
TRANSACTIONS_LIMIT = 4
# Later than the last answer of a function: it tells its client what happened, while the gateway's own 504 does not.
DEADLINE_S = START_LIMIT_S + TRANSACTIONS_LIMIT * REQUEST_DEADLINE_S


def gateway_document(groups: list[Group]) -> Json:
    """Describe the way to all endpoints that clients can reach; addresses are variables of a Terraform template."""
    paths: Json = {}
    for prefix in PREFIXES:
        for endpoint in reachable(groups):
            path = prefix + public_path(endpoint.path)
            paths.setdefault(path, _path_item(path, endpoint)).update(_operations(prefix, endpoint))
    return {
        "openapi": "3.0.4",
        "info": {"title": "Coditect API", "version": "5.0.0"},
        "x-google-api-management": {"backends": {name: _backend(name) for name in _names(groups)}},
        "paths": dict(sorted(paths.items())),
    }


def template(groups: list[Group]) -> bytes:
    """Write the document as a template of Terraform, whose variables are `<group>_url`, the addresses of functions."""
    return doubled(written(gateway_document(groups)).decode(), _names(groups)).encode()


def doubled(text: str, names: list[str]) -> str:
    """Double what would mean something to Terraform, but for the variables of these groups."""
    variables = "|".join(f"{name}_url" for name in names)
    return re.sub(rf"(\$)\{{(?!({variables})\}})|(%)\{{", r"\1\1\3\3{", text)


def _names(groups: list[Group]) -> list[str]:
    return list(dict.fromkeys(endpoint.group for endpoint in reachable(groups)))


def _backend(name: str) -> Json:
    address = f"${{{name}_url}}"
    return {
        "address": address,
        "jwtAudience": address,
        "pathTranslation": "APPEND_PATH_TO_ADDRESS",
        "deadline": DEADLINE_S,
        "protocol": "http/1.1",
    }


def _path_item(path: str, endpoint: Endpoint) -> Json:
    """Begin a path: its parameters, and the preflight, which every path answers without a token."""
    parameters = list(_parameters(path))
    name = "_".join(re.findall(r"\w+", path))
    item: Json = {"parameters": parameters} if parameters else {}
    item["options"] = _operation(f"options_{name}", endpoint, status=204)
    return item


def _parameters(path: str) -> Iterator[Json]:
    for name in re.findall(r"{(\w+)}", path):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _operations(prefix: str, endpoint: Endpoint) -> Json:
    """Name an endpoint's operations after its handler; those under the second prefix after the prefix, too."""
    name = endpoint.handler.__name__ + ("" if prefix == PREFIXES[0] else prefix.replace("/", "_"))
    operations = {endpoint.method.lower(): _operation(name, endpoint, status=endpoint.status)}
    if endpoint.method == "GET":
        # The gateway refuses a method that is not declared, and HEAD follows GET here.
        operations["head"] = _operation(f"{name}_head", endpoint, status=endpoint.status)
    return operations


def _operation(operation_id: str, endpoint: Endpoint, *, status: int) -> Json:
    return {
        "operationId": operation_id,
        "x-google-backend": endpoint.group,
        "responses": {str(status): {"description": "As the function answers"}},
    }
