"""What API Gateway is told follows from the declared endpoints, and is what it takes."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV30SpecValidator

from local.contract import GATEWAY
from local.functions import load_all
from local.gateway_document import DEADLINE_S, TRANSACTIONS_LIMIT, doubled, template
from shared.database.embedded import EmbeddedDatabase
from shared.http import INTERNAL
from shared.http.group import Group
from shared.http.openapi import public_path
from tests.counting import CountingDatabase
from tests.gateway import read
from tests.in_process import whole_api
from tests.test_round_trips import in_order

TERRAFORM = shutil.which("terraform")
SIZE_LIMIT_BYTES = 10_000_000
"""Of all documents of a configuration: https://cloud.google.com/api-gateway/docs/openapi-v3-limitations"""


@pytest.fixture(scope="module")
def groups() -> list[Group]:
    return [function.group for function in load_all()]


@pytest.fixture(scope="module")
def urls(groups: list[Group]) -> dict[str, str]:
    """Of the groups that are the gateway's: the maintenance function is not."""
    names = {group.name for group in groups} - {"maintenance"}
    return {f"{name}_url": f"https://{name}-abc.a.run.app" for name in names}


@pytest.fixture(scope="module")
def document(urls: dict[str, str]) -> dict[str, Any]:
    """The committed one, as the gateway is given it."""
    return read(GATEWAY.read_text(), urls)


@pytest.fixture(scope="module")
def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path}": operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method != "parameters"
    }


def test_the_committed_document_is_current(groups: list[Group]) -> None:
    assert GATEWAY.read_bytes() == template(groups), f"{GATEWAY.name} is out of date; write it with: make contract"


def test_it_is_valid_openapi(document: dict[str, Any]) -> None:
    OpenAPIV30SpecValidator(document).validate()


def test_it_is_small_enough() -> None:
    assert GATEWAY.stat().st_size < SIZE_LIMIT_BYTES


def test_every_endpoint_leads_to_its_function_under_both_prefixes(
    groups: list[Group], operations: dict[str, dict[str, Any]]
) -> None:
    expected: dict[str, str] = {}
    for prefix in ("/api/v5", "/v5"):
        for endpoint in (
            endpoint for group in groups for endpoint in group.endpoints if endpoint.access is not INTERNAL
        ):
            path = prefix + public_path(endpoint.path)
            methods = ["OPTIONS", endpoint.method] + (["HEAD"] if endpoint.method == "GET" else [])
            expected |= {f"{method} {path}": endpoint.group for method in methods}

    assert {place: operation["x-google-backend"] for place, operation in operations.items()} == expected


def test_the_way_to_the_maintenance_function_is_not_in_it() -> None:
    assert "maintenance" not in GATEWAY.read_text()


def test_every_group_has_an_address_a_token_for_it_and_a_deadline(
    document: dict[str, Any], urls: dict[str, str]
) -> None:
    backends = document["x-google-api-management"]["backends"]

    assert {f"{name}_url": backend["address"] for name, backend in backends.items()} == urls
    for backend in backends.values():
        assert backend["jwtAudience"] == backend["address"]
        assert backend["deadline"] == DEADLINE_S
        assert backend["pathTranslation"] == "APPEND_PATH_TO_ADDRESS"


def test_every_operation_has_a_name_of_its_own(operations: dict[str, dict[str, Any]]) -> None:
    names = [operation["operationId"] for operation in operations.values()]

    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"\w+", name) for name in names)


def test_the_gateway_is_told_to_ask_for_no_token_and_no_key(document: dict[str, Any]) -> None:
    assert "security" not in json.dumps(document)


def test_parameters_are_whole_segments(document: dict[str, Any]) -> None:
    for path in document["paths"]:
        assert all(re.fullmatch(r"{\w+}|[a-z0-9_-]+", segment) for segment in path.removeprefix("/").split("/")), path


@pytest.mark.skipif(TERRAFORM is None, reason="there is no terraform")
def test_terraform_fills_in_the_template_as_the_tests_do(
    document: dict[str, Any], urls: dict[str, str], tmp_path: Path
) -> None:
    variables = ", ".join(f'{name} = "{url}"' for name, url in urls.items())
    asked = f'jsondecode(templatefile("{GATEWAY}", {{{variables}}})) == jsondecode(file("{tmp_path}/expected.json"))'
    (tmp_path / "expected.json").write_text(json.dumps(document))

    done = subprocess.run(
        [str(TERRAFORM), "console"], cwd=tmp_path, input=asked, capture_output=True, text=True, check=False
    )

    assert done.stdout.strip().startswith("true"), done.stdout + done.stderr


def test_what_means_something_to_terraform_is_doubled() -> None:
    text = '{"/{id}": "${b} %{c}", "address": "${auth_url}", "other": "${author_url}"}'

    assert doubled(text, ["auth"]) == ('{"/{id}": "$${b} %%{c}", "address": "${auth_url}", "other": "$${author_url}"}')


def test_no_request_runs_more_transactions_than_the_deadline_waits_for(tmp_path: Path) -> None:
    database = TransactionsCounted(EmbeddedDatabase(tmp_path / "test.db"))
    counts = {}

    with whole_api(database, tmp_path) as api:
        for endpoint, send in in_order(api).items():
            database.transactions = 0
            assert send().status in (200, 201)
            counts[endpoint] = database.transactions

    # No client reaches it, nor does the gateway.
    del counts["POST /maintenance/sweep"]
    # Once an hour, each notes that its login is in use.
    assert max(counts.values()) + 1 == TRANSACTIONS_LIMIT, counts


class TransactionsCounted(CountingDatabase):
    transactions = 0

    def view(self, deadline: float, tag: str = "") -> Any:
        self.transactions += 1
        return super().view(deadline, tag)

    def begin(self, deadline: float, tag: str = "") -> Any:
        self.transactions += 1
        return super().begin(deadline, tag)
