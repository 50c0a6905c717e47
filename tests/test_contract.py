"""The OpenAPI document follows from the declared endpoints, and the committed one is that document."""

import json
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from local.contract import REFERENCE
from local.functions import Function, load_all
from shared.http import INTERNAL
from shared.http.openapi import document, written
from tests.client import Api


@pytest.fixture(scope="module")
def functions() -> list[Function]:
    return load_all()


@pytest.fixture(scope="module")
def contract(functions: list[Function]) -> dict[str, Any]:
    return document([function.group for function in functions])


def test_the_committed_document_is_current(contract: dict[str, Any]) -> None:
    assert REFERENCE.read_bytes() == written(contract), "docs/openapi.json is out of date; write it with: make contract"


def test_the_document_is_valid_openapi(contract: dict[str, Any]) -> None:
    OpenAPIV31SpecValidator(contract).validate()


def test_every_endpoint_that_clients_can_reach_is_in_it(functions: list[Function], contract: dict[str, Any]) -> None:
    endpoints = [endpoint for function in functions for endpoint in function.group.endpoints]
    declared = {endpoint.handler.__name__ for endpoint in endpoints if endpoint.access is not INTERNAL}

    described = {operation["operationId"] for path in contract["paths"].values() for operation in path.values()}

    assert described == declared


def test_the_published_endpoints_are_in_it(contract: dict[str, Any]) -> None:
    described = {f"{method.upper()} {path}" for path, methods in contract["paths"].items() for method in methods}

    assert described >= {
        "GET /health",
        "GET /ready",
        "POST /auth/register",
        "POST /auth/login",
        "POST /auth/logout",
        "POST /sessions",
        "GET /sessions",
        "GET /sessions/{sessionId}",
        "DELETE /sessions/{sessionId}",
    }


def test_who_has_to_wait_is_told_how_long(contract: dict[str, Any]) -> None:
    operations = [operation for path in contract["paths"].values() for operation in path.values()]
    waits = [answer for each in operations for status, answer in each["responses"].items() if status in ("429", "503")]

    assert waits
    assert all("Retry-After" in answer["headers"] for answer in waits)


def test_no_parameter_of_an_address_can_be_null(contract: dict[str, Any]) -> None:
    operations = [operation for path in contract["paths"].values() for operation in path.values()]
    schemas = [parameter["schema"] for operation in operations for parameter in operation["parameters"]]

    assert {schema["type"] for schema in schemas} == {"integer", "string"}


def test_no_two_functions_own_a_path(functions: list[Function]) -> None:
    paths = [(endpoint.path, function.group.name) for function in functions for endpoint in function.group.endpoints]

    assert len({path for path, _ in paths}) == len(set(paths))


@pytest.mark.direct
@pytest.mark.parametrize("path", ["/api/v5/openapi.json", "/v5/openapi.json"])
def test_the_server_serves_the_committed_document(api: Api, path: str) -> None:
    answer = Api(api.port, prefix="").get(path)

    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json == json.loads(REFERENCE.read_bytes())


@pytest.mark.direct
@pytest.mark.parametrize("name", ["/docs", "/docs/swagger-ui.css", "/docs/swagger-ui-bundle.js"])
def test_the_reference_page_is_served_from_here(api: Api, name: str) -> None:
    answer = Api(api.port, prefix="").get(name)

    assert answer.status == 200
    assert b"http://" not in answer.body[:2000]
    assert Path(name).suffix or b"Content-Security-Policy" not in answer.body
