"""docs/foundationdb.md: its commands are well-formed, and what they name is there."""

import re
import subprocess

import pytest

from shared.settings import PROJECT

GUIDE = (PROJECT / "docs" / "foundationdb.md").read_text()
BLOCKS = re.findall(r"^ *```sh\n(.*?)^ *```", GUIDE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS)
def test_a_block_of_commands_is_a_shell_script(block: str) -> None:
    assert subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True, check=False).stderr == ""


def test_every_file_that_is_named_exists() -> None:
    manifests = PROJECT / "terraform" / "kubernetes"
    named = set(re.findall(r"terraform/kubernetes/([\w./-]+\w)", GUIDE)) | set(
        re.findall(r"`(\w+/[\w/]+\.yaml)`", GUIDE)
    )

    assert named
    assert all((manifests / name).exists() for name in named)


def test_every_workload_that_is_named_exists() -> None:
    manifests = "\n".join(path.read_text() for path in (PROJECT / "terraform" / "kubernetes").rglob("*.yaml"))

    for name in re.findall(r"\b(?:cronjob|deployment)/([\w-]+)", GUIDE):
        # The operator makes these, after its backups.
        assert re.search(
            rf"name: {name}$|(name|value): {name.removesuffix('-backup-agents')}\b", manifests, re.MULTILINE
        ), name
