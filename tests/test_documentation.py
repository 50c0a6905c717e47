"""The documentation tells the truth: its tables match the code, and its commands run."""

import re
import subprocess
from dataclasses import fields
from pathlib import Path

import pytest

from shared.settings import PROJECT, Settings
from tests.server import local_server

README = (PROJECT / "README.md").read_text()
SETTINGS = (PROJECT / "docs" / "settings.md").read_text()
EXAMPLE = (PROJECT / ".env.example").read_text()

COMMANDS = re.findall(r"^```sh\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("field", fields(Settings), ids=lambda field: str(field.metadata["name"]))
def test_every_setting_is_in_the_table_and_in_the_example(field: object) -> None:
    setting = field.metadata  # type: ignore[attr-defined]

    assert f"| `{setting['name']}` | {setting['shown']} | {setting['meaning']} |" in SETTINGS
    assert re.search(rf"\b{setting['name']}\b", EXAMPLE)


def test_the_table_lists_no_setting_that_does_not_exist() -> None:
    listed = set(re.findall(r"^\| `([A-Z_]+)`", SETTINGS, re.MULTILINE))

    assert listed == {field.metadata["name"] for field in fields(Settings)} | {"HOST", "PORT", "RELOAD"}


def test_the_readme_begins_with_the_two_commands() -> None:
    assert [line.split("#")[0].strip() for line in COMMANDS[0].splitlines()] == ["make run", "make test"]


def test_every_make_command_of_the_readme_exists() -> None:
    for target in set(re.findall(r"`?make ([a-z]+)\b", README)) - {"is"}:
        dry_run = subprocess.run(["make", "-n", target], cwd=PROJECT, capture_output=True, text=True, check=False)
        assert dry_run.returncode == 0, dry_run.stderr


def test_the_readmes_walk_through_works_as_printed(tmp_path: Path) -> None:
    walk = [block for block in COMMANDS if "curl" in block]
    script = "set -euo pipefail\n" + "\n".join(walk)

    with local_server(tmp_path / "data", tmp_path / "output.txt") as server:
        script = script.replace("http://localhost:8080", f"http://localhost:{server.port}")
        done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert done.stdout.count('"success":true') == 5
    assert '"success":false' not in done.stdout
    assert '"workspacePath":"/workspace/test"' in done.stdout


def test_the_command_for_one_function_alone_works_as_printed(tmp_path: Path) -> None:
    (command,) = [block.strip() for block in COMMANDS if "functions-framework" in block]

    help_of_it = subprocess.run([*command.split(), "--help"], cwd=PROJECT, capture_output=True, text=True, check=False)

    assert help_of_it.returncode == 0
    for path in re.findall(r"functions/\w+/main\.py", command):
        assert (PROJECT / path).exists()


def test_every_link_in_the_documentation_leads_somewhere() -> None:
    for page in [PROJECT / "README.md", *(PROJECT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_what_the_example_says_are_settings_can_be_used() -> None:
    uncommented = re.findall(r"^# ([A-Z_]+)=(.+)$", EXAMPLE, re.MULTILINE)

    Settings.read(dict(uncommented))
