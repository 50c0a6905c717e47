"""Terraform, the guides and the code tell of the same functions, settings, secrets and alerts.

What Terraform itself must hold to is in terraform/tests; this here needs no terraform.
"""

import re
import subprocess
from dataclasses import fields
from ipaddress import ip_network
from itertools import combinations
from pathlib import Path

import pytest

from shared.settings import PROJECT, Settings

TERRAFORM = PROJECT / "terraform"
SOURCES = {path.name: path.read_text() for path in TERRAFORM.glob("*.tf")}
ALL = "\n".join(SOURCES.values())
DEPLOYMENT = (PROJECT / "docs" / "deployment.md").read_text()
OPERATIONS = (PROJECT / "docs" / "operations.md").read_text()

# functions-framework's, and those of FoundationDB's client, which reads them itself.
OF_THE_PLATFORM = {"THREADS", "FDB_TLS_CERTIFICATE_FILE", "FDB_TLS_KEY_FILE", "FDB_TLS_CA_FILE"}

MAKE_TARGETS = set(re.findall(r"^([a-z]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))


def commands(guide: str) -> str:
    """All that a guide says to type."""
    return "\n".join(re.findall(r"^```sh\n(.*?)^```", guide, re.MULTILINE | re.DOTALL))


def test_every_function_is_deployed_and_nothing_else() -> None:
    declared = set(re.findall(r"^    (\w+)\s+= \{ public =", SOURCES["functions.tf"], re.MULTILINE))

    assert declared == {main.parent.name for main in (PROJECT / "functions").glob("*/main.py")}


def test_every_variable_that_a_function_is_given_is_a_setting() -> None:
    given = set(re.findall(r"\b([A-Z][A-Z_]+[A-Z])\"?\s+=>? ", SOURCES["functions.tf"]))

    assert {"JWT_SECRET", "JWT_SECRET_PREVIOUS", "FDB_CLUSTER_FILE", "LOAD_BALANCER_ADDRESS"} <= given
    assert given - OF_THE_PLATFORM <= {field.metadata["name"] for field in fields(Settings)}


def test_nobody_is_let_in_without_an_account() -> None:
    assert "allUsers" not in ALL
    assert "allAuthenticatedUsers" not in ALL


def test_grants_add_to_what_is_granted_and_replace_nothing() -> None:
    assert not re.findall(r'resource "\w+_iam_(?:binding|policy)"', ALL)


@pytest.mark.parametrize("role", ["owner", "editor", "viewer"])
def test_no_account_has_a_basic_role(role: str) -> None:
    assert f"roles/{role}" not in ALL


def test_no_value_of_a_secret_passes_through_terraform() -> None:
    assert not re.findall(r'resource "google_secret_manager_secret_version"', ALL)
    assert not re.findall(r'resource "google_service_account_key"|resource "google_storage_hmac_key"', ALL)
    assert 'data "google_secret_manager_secret_version_access"' not in ALL


def test_every_variable_is_described_typed_and_validated() -> None:
    variables = re.findall(r'^variable "(\w+)" \{\n(.*?)^\}', SOURCES["variables.tf"], re.MULTILINE | re.DOTALL)

    assert len(variables) > 5
    for name, body in variables:
        assert "  description = " in body, name
        assert "  type        = " in body, name
        assert "validation {" in body or "= bool" in body, name


@pytest.mark.parametrize("example", sorted(TERRAFORM.glob("*.tfvars.example")), ids=lambda path: str(path.name))
def test_an_example_sets_what_must_be_set_and_nothing_unknown(example: Path) -> None:
    variables = dict(re.findall(r'^variable "(\w+)" \{\n(.*?)^\}', SOURCES["variables.tf"], re.MULTILINE | re.DOTALL))
    required = {name for name, body in variables.items() if "  default     = " not in body}

    text = example.read_text()

    assert required <= set(re.findall(r"^(\w+)\s*= ", text, re.MULTILINE))
    assert set(re.findall(r"^(?:# )?(\w+)\s+= ", text, re.MULTILINE)) <= set(variables)


def test_no_two_ranges_of_the_network_overlap() -> None:
    ranges = [ip_network(cidr) for cidr in re.findall(r"\"(10\.[\d.]+/\d+)\"", SOURCES["network.tf"])]

    assert len(ranges) == 5
    assert not [pair for pair in combinations(ranges, 2) if pair[0].overlaps(pair[1])]


def test_every_alert_has_its_section_in_the_guide() -> None:
    titles = re.findall(r'^      title    = "(.+)"', SOURCES["monitoring.tf"], re.MULTILINE)

    assert titles
    assert re.findall(r"^### (.+)$", OPERATIONS, re.MULTILINE) == titles


@pytest.mark.parametrize("guide", [DEPLOYMENT, OPERATIONS], ids=["deployment", "operations"])
def test_every_make_target_that_a_guide_names_exists(guide: str) -> None:
    named = set(re.findall(r"`make ([a-z]+)", guide)) | set(
        re.findall(r"^make ([a-z]+)", commands(guide), re.MULTILINE)
    )

    assert named <= MAKE_TARGETS


@pytest.mark.parametrize("guide", [DEPLOYMENT, OPERATIONS], ids=["deployment", "operations"])
def test_what_a_guide_asks_terraform_for_is_there(guide: str) -> None:
    outputs = set(re.findall(r'^output "(\w+)"', SOURCES["outputs.tf"], re.MULTILINE))
    variables = set(re.findall(r'^variable "(\w+)"', SOURCES["variables.tf"], re.MULTILINE))

    assert set(re.findall(r"terraform -chdir=terraform output (?:-raw )?(\w+)", guide)) <= outputs
    assert set(re.findall(r"-var[= ]'?(\w+)=", guide)) <= variables


@pytest.mark.parametrize("guide", [DEPLOYMENT, OPERATIONS], ids=["deployment", "operations"])
def test_every_command_of_a_guide_is_a_sentence_of_the_shell(guide: str) -> None:
    parsed = subprocess.run(["bash", "-n"], input=commands(guide), capture_output=True, text=True, check=False)

    assert parsed.returncode == 0, parsed.stderr


@pytest.mark.parametrize("guide", [DEPLOYMENT, OPERATIONS], ids=["deployment", "operations"])
def test_a_guide_names_secrets_and_accounts_that_terraform_makes(guide: str) -> None:
    secrets = set(re.findall(r'"((?:jwt|fdb)-[a-z-]+)"', SOURCES["secrets.tf"]))

    assert set(re.findall(r"gcloud secrets versions \w+ (?:\w+ --secret[ =])?([a-z-]+)", guide)) <= secrets
