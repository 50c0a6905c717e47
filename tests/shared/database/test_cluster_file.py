"""What an operator is told when FoundationDB cannot be used at all."""

import os
import subprocess
import sys
from pathlib import Path

import fdb
import pytest

from shared.database import foundationdb
from shared.database.errors import UnusableDatabase
from shared.database.foundationdb import FoundationDatabase
from shared.settings import PROJECT

GOOD = "local:local@127.0.0.1:4500"


@pytest.fixture
def cluster_file(tmp_path: Path) -> Path:
    path = tmp_path / "fdb.cluster"
    path.write_text(GOOD + "\n")
    return path


def test_a_missing_cluster_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnusableDatabase, match=r"FDB_CLUSTER_FILE: .*nowhere cannot be read: No such file"):
        FoundationDatabase(tmp_path / "nowhere")


@pytest.mark.parametrize(
    "content", ["", "hello", "a:b@", "a:b@host", "a:b@host:x", f"{GOOD}\n{GOOD}", "\0", "a b:c@h:1"]
)
def test_a_malformed_cluster_file_is_named(cluster_file: Path, content: str) -> None:
    cluster_file.write_text(content)

    with pytest.raises(UnusableDatabase, match=r"is no cluster file; that is one line like description:id@"):
        FoundationDatabase(cluster_file)


def test_a_cluster_file_that_is_no_text_is_named(cluster_file: Path) -> None:
    cluster_file.write_bytes(b"\xff\xfe")

    with pytest.raises(UnusableDatabase, match="it is not text"):
        FoundationDatabase(cluster_file)


@pytest.mark.parametrize(
    "content", [GOOD, "# a comment\na1:B2@10.0.0.1:4500,10.0.0.2:4500:tls\n", "x:y@fdb.default.svc.cluster.local:4501"]
)
def test_every_form_of_cluster_file_is_taken(cluster_file: Path, content: str) -> None:
    cluster_file.write_text(content)

    foundationdb._check(cluster_file)


def test_a_missing_client_library_is_named(cluster_file: Path) -> None:
    script = f"from shared.database.foundationdb import *; FoundationDatabase(Path({str(cluster_file)!r}))"
    # Neither the library's place nor the working directory lead to a libfdb_c.
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "LD_LIBRARY_PATH": "", "DYLD_LIBRARY_PATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        env=environment,
        cwd=cluster_file.parent,
        check=False,
    )
    if done.returncode == 0:
        pytest.skip("libfdb_c is installed where every program finds it")

    assert "libfdb_c) of 7.3 is not installed; get foundationdb-clients 7.3" in done.stderr


def test_a_client_library_of_another_version_is_named(cluster_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def too_new(_: int) -> None:
        raise RuntimeError("the installed library supports a maximum version of 710.")

    monkeypatch.setattr(fdb, "api_version", too_new)

    with pytest.raises(UnusableDatabase, match=r"does not fit, install that of 7\.3: .*maximum version of 710"):
        FoundationDatabase(cluster_file)


def test_a_writable_cluster_file_is_used_itself(cluster_file: Path) -> None:
    assert foundationdb._writable(cluster_file) == cluster_file


def test_a_cluster_file_that_cannot_be_written_is_copied(cluster_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)

    copy = foundationdb._writable(cluster_file)

    assert copy != cluster_file
    assert copy.read_text() == cluster_file.read_text()
