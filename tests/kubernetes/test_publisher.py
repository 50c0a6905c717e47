"""The script that copies the cluster file to Secret Manager, run as the CronJob runs it, against stand-ins."""

import base64
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from shared.settings import PROJECT

SCRIPT = PROJECT / "terraform" / "kubernetes" / "base" / "publish.py"
TOKEN = "token-of-the-account"
CLUSTER_FILE = "coditect:a1B2c3@pod-1.coditect.foundationdb.svc.coditect.internal:4500:tls,10.0.0.2:4500:tls\n"
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\nAAA=\n-----END CERTIFICATE-----\n"


class Google:
    """The metadata server and Secret Manager, with what they keep."""

    def __init__(self) -> None:
        self.secrets: dict[str, list[bytes]] = {"fdb-cluster-file": [], "fdb-tls-cert": []}
        self.failing: dict[str, int] = {}
        google = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.answer(b"")

            def do_POST(self) -> None:
                self.answer(self.rfile.read(int(self.headers["Content-Length"])))

            def answer(self, body: bytes) -> None:
                status, answer = google.answer(self.path, dict(self.headers.items()), body)
                self.send_response(status)
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server.server_port}"

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        for part, status in self.failing.items():
            if part in path:
                return status, b"{}"
        if path.startswith("/computeMetadata/v1/"):
            assert headers["Metadata-Flavor"] == "Google"
            return 200, b"our-project" if path.endswith("project-id") else json.dumps({"access_token": TOKEN}).encode()
        assert headers["Authorization"] == f"Bearer {TOKEN}"
        secret = path.split("/")[5].split(":")[0]
        assert path.startswith(f"/v1/projects/our-project/secrets/{secret}")
        if path.endswith(":addVersion"):
            self.secrets[secret].append(base64.b64decode(json.loads(body)["payload"]["data"]))
            return 200, json.dumps({"name": f"{secret}/versions/{len(self.secrets[secret])}"}).encode()
        if not self.secrets[secret]:
            return 404, b"{}"
        return 200, json.dumps({"payload": {"data": base64.b64encode(self.secrets[secret][-1]).decode()}}).encode()


@pytest.fixture
def google() -> Iterator[Google]:
    google = Google()
    thread = threading.Thread(target=google.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield google
    google.server.shutdown()
    thread.join()
    google.server.server_close()


def publish(google: Google, *pairs: str) -> subprocess.CompletedProcess[str]:
    environment = {"GCE_METADATA_HOST": google.address, "SECRET_MANAGER_ENDPOINT": f"http://{google.address}"}
    command = [sys.executable, "-I", str(SCRIPT), *pairs]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def cluster_file(tmp_path: Path) -> Path:
    path = tmp_path / "fdb.cluster"
    path.write_text(CLUSTER_FILE)
    return path


def test_the_first_version_is_added(google: Google, cluster_file: Path) -> None:
    done = publish(google, f"{cluster_file}=fdb-cluster-file")

    assert (done.returncode, done.stdout) == (0, "added fdb-cluster-file/versions/1\n"), done.stderr
    assert google.secrets["fdb-cluster-file"] == [CLUSTER_FILE.encode()]


def test_what_is_current_is_left_alone(google: Google, cluster_file: Path) -> None:
    google.secrets["fdb-cluster-file"] = [b"older", CLUSTER_FILE.encode()]

    done = publish(google, f"{cluster_file}=fdb-cluster-file")

    assert (done.returncode, done.stdout) == (0, "fdb-cluster-file is current\n")
    assert len(google.secrets["fdb-cluster-file"]) == 2


def test_a_change_adds_one_version(google: Google, cluster_file: Path) -> None:
    google.secrets["fdb-cluster-file"] = [CLUSTER_FILE.encode()]
    cluster_file.write_text(CLUSTER_FILE.replace("a1B2c3", "d4E5f6"))

    for _ in range(2):
        assert publish(google, f"{cluster_file}=fdb-cluster-file").returncode == 0

    assert google.secrets["fdb-cluster-file"] == [CLUSTER_FILE.encode(), cluster_file.read_bytes()]


@pytest.mark.parametrize(
    "content",
    ["", "\n", "coditect:a1B2c3@", "not a cluster file", "a:b@10.0.0.1", CLUSTER_FILE[:30], CLUSTER_FILE + "x"],
)
def test_what_is_empty_or_malformed_is_refused(google: Google, cluster_file: Path, content: str) -> None:
    google.secrets["fdb-cluster-file"] = [CLUSTER_FILE.encode()]
    cluster_file.write_text(content)

    done = publish(google, f"{cluster_file}=fdb-cluster-file")

    assert done.returncode == 1
    assert "empty or malformed" in done.stderr
    assert google.secrets["fdb-cluster-file"] == [CLUSTER_FILE.encode()]


def test_nothing_is_published_if_one_of_several_is_malformed(
    google: Google, cluster_file: Path, tmp_path: Path
) -> None:
    certificate = tmp_path / "tls.crt"
    certificate.write_text(CERTIFICATE[:-10])

    done = publish(google, f"{cluster_file}=fdb-cluster-file", f"{certificate}=fdb-tls-cert")

    assert done.returncode == 1
    assert google.secrets == {"fdb-cluster-file": [], "fdb-tls-cert": []}


def test_certificates_are_published_too(google: Google, cluster_file: Path, tmp_path: Path) -> None:
    certificate = tmp_path / "tls.crt"
    certificate.write_text(CERTIFICATE * 2)

    done = publish(google, f"{cluster_file}=fdb-cluster-file", f"{certificate}=fdb-tls-cert")

    assert done.returncode == 0, done.stderr
    assert google.secrets["fdb-tls-cert"] == [CERTIFICATE.encode() * 2]


@pytest.mark.parametrize(
    ("part", "status"),
    [("/token", 404), ("/project-id", 500), (":access", 403), (":access", 400), (":access", 503), (":addVersion", 403)],
)
def test_a_failing_api_fails_the_job_and_says_where(google: Google, cluster_file: Path, part: str, status: int) -> None:
    google.failing = {part: status}

    done = publish(google, f"{cluster_file}=fdb-cluster-file")

    assert done.returncode == 1
    assert done.stderr.startswith(f"not published: HTTP Error {status}")
    assert part in done.stderr
    assert TOKEN not in done.stderr
    assert google.secrets["fdb-cluster-file"] == []


def test_an_api_out_of_reach_fails_the_job(google: Google, cluster_file: Path) -> None:
    google.address = "127.0.0.1:1"

    done = publish(google, f"{cluster_file}=fdb-cluster-file")

    assert done.returncode == 1
    assert done.stderr.startswith("not published: ")


def test_a_file_that_is_missing_fails_the_job(google: Google, tmp_path: Path) -> None:
    done = publish(google, f"{tmp_path}/fdb.cluster=fdb-cluster-file")

    assert done.returncode == 1
    assert "fdb.cluster" in done.stderr
