"""A disk without room: whoever writes is told so, nothing that was acknowledged is lost, and with room it goes on."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from shared.database import errors
from tests.shared.database.processes import child

# A mount in a namespace of its own is seen by nobody else and gone with its last process.
OWN_MOUNTS = ["unshare", "--user", "--map-root-user", "--mount"]


def report(work: str, place: Path, within: Sequence[str] = ()) -> Any:
    with child(work, place, within=within) as writer:
        [line] = writer.hear_all()
    return json.loads(line)


def check(found: Any) -> None:
    assert found["code"] == errors.IO_ERROR
    assert found["written"] > 10
    assert found["kept while full"]
    assert found["kept when opened while full"] == "answered True"
    assert found["kept after"]


def test_a_full_disk_is_named_and_with_room_writing_goes_on(tmp_path: Path) -> None:
    try:
        subprocess.run(
            [*OWN_MOUNTS, "mount", "-t", "tmpfs", "tmpfs", str(tmp_path)], check=True, capture_output=True, text=True
        )
    except FileNotFoundError:
        pytest.skip("there is no `unshare` to mount a small disk with")
    except subprocess.CalledProcessError as refused:
        pytest.skip(f"a small disk cannot be mounted here: {refused.stderr.strip()}")

    found = report("fill_a_disk", tmp_path, within=OWN_MOUNTS)

    file = tmp_path / "test.db"
    assert f"the disk that holds {file} is full; make room, nothing that was answered is lost" in found["message"]
    check(found)


def test_a_limit_on_the_files_size_is_named_and_without_it_writing_goes_on(file: Path) -> None:
    found = report("fill_a_quota", file)

    assert f"the disk that holds {file} fails (SQLITE_IOERR_WRITE); check its quota" in found["message"]
    check(found)
