"""The deployment's script, run as Cloud Build runs it, with stand-ins for gcloud, docker, registry and Cloud Run."""

import json
import os
import re
import runpy
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from shared.settings import PROJECT
from tests.server import copy_code

FUNCTIONS = sorted(path.parent.name for path in PROJECT.glob("functions/*/main.py"))
REGION = "europe-west1"
BUILDER = "builder@our-project.iam.gserviceaccount.com"
SCAN = "projects/our-project/locations/us/scans/1"

# Stands on PATH as gcloud and as docker: asks the test what to print, and how to end.
COMMAND = """#!/bin/sh
answer=$(printf '%s\\n' "$PPID" "${0##*/}" "$@" | curl -s --data-binary @- "http://$CLOUD/command")
printf '%s\\n' "${answer#* }"
exit "${answer%% *}"
"""


class Cloud:
    """Google Cloud as the script sees it. Every revision runs an image; what answers wrongly is named by a test."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.registry: dict[str, str] = {}
        self.revisions = {f"{name}-1": "hello" for name in FUNCTIONS}
        self.traffic: dict[str, dict[str, Any]] = {
            name: {"revisionName": f"{name}-1", "latestRevision": True} for name in FUNCTIONS
        }
        self.tagged: dict[str, str] = {}
        self.vulnerabilities: list[dict[str, Any]] = []
        # Revisions that answer 503, functions that do once they have traffic, calls that fail or kill their caller.
        self.sick: set[str] = set()
        self.sick_with_traffic: set[str] = set()
        self.failing: list[str] = []
        self.killing: list[str] = []
        self.registry_status = 200
        self.probed: list[str] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.address = f"127.0.0.1:{self.server.server_port}"
        self.url = f"http://{self.address}"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        cloud = self

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                found = cloud.registry.get(
                    f"{cloud.address}/" + self.path.removeprefix("/v2/").replace("/manifests/", ":")
                )
                authorised = self.headers["Authorization"] == "Bearer access-token"
                status = cloud.registry_status if authorised else 401
                self.send_response(404 if status == 200 and not found else status)
                self.send_header("Docker-Content-Digest", found or "")
                self.end_headers()

            def do_GET(self) -> None:
                status, body = cloud.answer(self.path, self.headers["Authorization"])
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self) -> None:
                parent, *call = self.rfile.read(int(self.headers["Content-Length"])).decode().splitlines()
                output, status = cloud.command(call, int(parent))
                self.send_response(200)
                self.end_headers()
                self.wfile.write(f"{status} {output}".encode())

            def log_message(self, *arguments: object) -> None:
                pass

        return Handler

    def answer(self, path: str, authorization: str) -> tuple[int, bytes]:
        """Answer as a function of ours behind Cloud Run's check of the caller."""
        _, address, *rest = path.split("/")
        name = address.removeprefix("candidate---")
        self.probed.append(path)
        if authorization != f"Bearer identity-token-for-{self.url}/{name}":
            return 403, b"<html>Forbidden</html>"
        revision = self.tagged[name] if address != name else self.traffic[name]["revisionName"]
        if revision in self.sick or (address == name and name in self.sick_with_traffic):
            return 503, json.dumps({"success": False}).encode()
        status = 200 if rest == ["api", "v5", "ready"] else 401
        return status, json.dumps({"success": status == 200}).encode()

    def command(self, call: list[str], parent: int) -> tuple[str, int]:
        self.calls.append(call)
        text = " ".join(call)
        if any(re.search(pattern, text) for pattern in self.killing):
            os.kill(parent, signal.SIGKILL)
        if any(re.search(pattern, text) for pattern in self.failing):
            return "", 1
        return self.serve(call), 0

    def serve(self, call: list[str]) -> str:
        """Do what a command asks for, and return what it prints."""
        match call:
            case ["docker", "build", *_]:
                return ""
            case ["docker", "push", image]:
                self.registry[image] = "sha256:" + image.rpartition("-")[2]
                return ""
            case ["gcloud", "auth", "print-access-token"]:
                return "access-token"
            case ["gcloud", "auth", "print-identity-token", account, audience]:
                assert account == f"--impersonate-service-account={BUILDER}"
                return f"identity-token-for-{audience.partition('=')[2]}"
            case ["gcloud", "artifacts", "docker", "images", "scan", *_]:
                return json.dumps({"response": {"scan": SCAN}})
            case ["gcloud", "artifacts", "docker", "images", "list-vulnerabilities", scan, *_]:
                assert scan == SCAN
                return json.dumps([{"vulnerability": found} for found in self.vulnerabilities])
            case ["gcloud", "run", *words]:
                assert f"--region={REGION}" in call
                return json.dumps(self.run(words))
        raise AssertionError(call)

    def run(self, words: list[str]) -> object:
        """Do what `gcloud run` does."""
        match words:
            case ["services", "describe", name, *_]:
                traffic = [{**self.traffic[name], "percent": 100}]
                if name in self.tagged:
                    url = f"{self.url}/candidate---{name}"
                    traffic.append({"revisionName": self.tagged[name], "tag": "candidate", "url": url})
                return {"status": {"url": f"{self.url}/{name}", "traffic": traffic}}
            case ["revisions", "describe", revision, *_]:
                return {"spec": {"containers": [{"image": self.revisions[revision]}]}}
            case ["deploy", name, image, "--no-traffic", "--tag=candidate", *_]:
                self.tagged[name] = f"{name}-{sum(r.startswith(name + '-') for r in self.revisions) + 1}"
                self.revisions[self.tagged[name]] = image.partition("=")[2]
                self.traffic[name]["latestRevision"] = False
            case ["services", "update-traffic", name, "--to-latest", "--remove-tags=candidate", *_]:
                self.traffic[name] = {"revisionName": self.tagged.pop(name), "latestRevision": True}
            case ["services", "update-traffic", name, to, *_]:
                self.traffic[name] = {"revisionName": to.split("=")[1], "latestRevision": False}
            case _:
                raise AssertionError(words)
        return None

    def named(self, *words: str) -> list[str]:
        """Tell of which functions a command was called, in the order of the calls."""
        found = [" ".join(call) for call in self.calls if all(word in call for word in words)]
        return [name for text in found for name in self.traffic if re.search(rf"[ /=]{name}(:|@| |$)", text)]

    def serving(self) -> dict[str, str]:
        return {name: self.revisions[target["revisionName"]] for name, target in self.traffic.items()}


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    cloud = Cloud()
    thread = threading.Thread(target=cloud.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield cloud
    cloud.server.shutdown()
    thread.join()
    cloud.server.server_close()


class Checkout:
    """A copy of this checkout that a test may change and deploy."""

    def __init__(self, folder: Path, cloud: Cloud) -> None:
        self.folder = copy_code(folder / "checkout")
        self._cloud = cloud
        self._commands = folder / "commands"
        self._commands.mkdir()
        for name in ("gcloud", "docker"):
            (self._commands / name).write_text(COMMAND)
            (self._commands / name).chmod(0o755)
        (self.folder / "docs").mkdir()
        shutil.copy(PROJECT / "docs" / "openapi.json", self.folder / "docs")
        shutil.copy(PROJECT / ".dockerignore", self.folder)
        (self.folder / "functions" / "Dockerfile").touch()
        (self.folder / ".ci").mkdir()
        script = (PROJECT / ".ci" / "deploy.py").read_text()
        assert "PROBE_PAUSE_S = 3" in script
        (self.folder / ".ci" / "deploy.py").write_text(script.replace("PROBE_PAUSE_S = 3", "PROBE_PAUSE_S = 0"))

    def run(self, step: str) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": f"{self._commands}:{os.environ['PATH']}",
            "CLOUD": self._cloud.address,
            "IMAGES": f"{self._cloud.address}/our-project/coditect",
            "BUILDER": BUILDER,
            "REGION": REGION,
        }
        command = [sys.executable, ".ci/deploy.py", step]
        return subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)

    def deploy(self) -> None:
        """Run both steps, which must succeed, and forget their calls."""
        for step in ("images", "release"):
            done = self.run(step)
            assert done.returncode == 0, done.stderr
        self._cloud.calls.clear()
        self._cloud.probed.clear()

    def change(self, path: str) -> None:
        with (self.folder / path).open("a") as file:
            file.write("# changed\n")


@pytest.fixture
def checkout(tmp_path: Path, cloud: Cloud) -> Checkout:
    return Checkout(tmp_path, cloud)


def test_the_first_deployment_builds_scans_pushes_and_releases_every_function(checkout: Checkout, cloud: Cloud) -> None:
    assert checkout.run("images").returncode == 0
    for name in FUNCTIONS:
        mine = [call[1] if call[0] == "docker" else call[4] for call in cloud.calls if f"/{name}:" in " ".join(call)]
        assert mine == ["build", "scan", "push"]

    done = checkout.run("release")

    assert done.returncode == 0, done.stderr
    assert cloud.named("deploy") == cloud.named("--to-latest") == FUNCTIONS
    for name, image in cloud.serving().items():
        assert re.fullmatch(rf".*/coditect/{name}@sha256:[0-9a-f]{{32}}", image)


def test_nothing_changed_nothing_done(checkout: Checkout, cloud: Cloud) -> None:
    checkout.deploy()
    (checkout.folder / "shared" / "__pycache__").mkdir()
    checkout.change("shared/__pycache__/settings.cpython-312.pyc")
    checkout.change("Makefile")

    checkout.deploy()
    assert checkout.run("images").returncode == 0
    done = checkout.run("release")

    assert "nothing, all is current" in done.stdout
    assert not cloud.named("build")
    assert not cloud.named("deploy")
    assert not cloud.named("update-traffic")


@pytest.mark.parametrize("path", ["shared/settings.py", "functions/Dockerfile", ".dockerignore"])
def test_a_change_of_what_is_shared_releases_all(checkout: Checkout, cloud: Cloud, path: str) -> None:
    checkout.deploy()
    checkout.change(path)

    checkout.run("images")
    checkout.run("release")

    assert cloud.named("build") == cloud.named("deploy") == cloud.named("--to-latest") == FUNCTIONS


def test_a_change_of_one_function_releases_that_one(checkout: Checkout, cloud: Cloud) -> None:
    checkout.deploy()
    checkout.change("functions/keys/main.py")

    checkout.run("images")
    checkout.run("release")

    assert cloud.named("build") == cloud.named("deploy") == cloud.named("--to-latest") == ["keys"]


def test_health_is_asked_whether_it_reaches_the_database_and_others_for_a_401(checkout: Checkout, cloud: Cloud) -> None:
    checkout.run("images")
    checkout.run("release")

    expected = {
        "audit": "/audit",
        "auth": "/auth/logins",
        "health": "/ready",
        "keys": "/auth/keys",
        "sessions": "/sessions",
    }
    for name, path in expected.items():
        assert (
            cloud.probed.count(f"/candidate---{name}/api/v5{path}") == cloud.probed.count(f"/{name}/api/v5{path}") == 1
        )


def test_traffic_never_moves_when_a_new_revision_does_not_answer(checkout: Checkout, cloud: Cloud) -> None:
    checkout.deploy()
    before = cloud.serving()
    checkout.change("shared/settings.py")
    checkout.run("images")
    # Not the first one: those before it have passed their probe.
    cloud.sick = {f"{FUNCTIONS[1]}-3"}

    done = checkout.run("release")

    assert done.returncode == 1
    assert f"Not deployed. {FUNCTIONS[1]}" in done.stderr
    assert not cloud.named("update-traffic")
    assert cloud.serving() == before


def test_traffic_moves_back_for_all_when_one_fails_under_it(checkout: Checkout, cloud: Cloud) -> None:
    checkout.deploy()
    before = cloud.serving()
    checkout.change("shared/settings.py")
    checkout.run("images")
    cloud.sick_with_traffic = {FUNCTIONS[1]}

    done = checkout.run("release")

    assert done.returncode == 1
    assert cloud.named("--to-latest") == FUNCTIONS[:2]
    assert cloud.serving() == before


def test_one_that_cannot_move_back_does_not_keep_the_others(checkout: Checkout, cloud: Cloud) -> None:
    checkout.deploy()
    before = cloud.serving()
    checkout.change("shared/settings.py")
    checkout.run("images")
    first, second, third, *_ = FUNCTIONS
    cloud.sick_with_traffic = {third}
    cloud.failing = [f"update-traffic {first} --to-revisions"]

    done = checkout.run("release")

    assert done.returncode == 1
    assert f"update-traffic {first}" in done.stdout
    assert cloud.serving()[first] != before[first]
    assert {name: cloud.serving()[name] for name in (second, third)} == {name: before[name] for name in (second, third)}


def test_what_moved_back_is_released_again_once_it_is_mended(checkout: Checkout, cloud: Cloud) -> None:
    checkout.deploy()
    checkout.change("functions/keys/main.py")
    checkout.run("images")
    cloud.sick_with_traffic = {"keys"}
    assert checkout.run("release").returncode == 1
    shutil.copy(PROJECT / "functions" / "keys" / "main.py", checkout.folder / "functions" / "keys")
    cloud.sick_with_traffic = set()

    checkout.deploy()

    assert all(target["latestRevision"] for target in cloud.traffic.values())


def test_killed_between_two_functions_it_does_the_rest_when_run_again(checkout: Checkout, cloud: Cloud) -> None:
    checkout.deploy()
    checkout.change("shared/settings.py")
    checkout.run("images")
    cloud.killing = cloud.failing = [f"update-traffic {FUNCTIONS[2]}"]
    assert checkout.run("release").returncode == -signal.SIGKILL
    cloud.killing = cloud.failing = []
    cloud.calls.clear()

    done = checkout.run("release")

    assert done.returncode == 0, done.stderr
    assert cloud.named("--to-latest") == FUNCTIONS[2:]
    assert len(set(cloud.serving().values())) == len(FUNCTIONS)


@pytest.mark.parametrize(
    ("step", "failing"),
    [("images", "docker build"), ("images", "images scan"), ("images", "docker push"), ("release", "run deploy")],
)
def test_a_command_that_fails_ends_the_deployment(checkout: Checkout, cloud: Cloud, step: str, failing: str) -> None:
    if step == "release":
        checkout.run("images")
    before = cloud.serving()
    cloud.failing = [failing]

    done = checkout.run(step)

    assert done.returncode == 1
    assert failing in done.stderr
    assert len([call for call in cloud.calls if failing in " ".join(call)]) == 1
    assert cloud.serving() == before


def test_a_critical_weakness_that_an_update_mends_is_not_pushed(checkout: Checkout, cloud: Cloud) -> None:
    weakness = {"effectiveSeverity": "CRITICAL", "fixAvailable": True, "shortDescription": "CVE-2026-1"}
    cloud.vulnerabilities = [weakness]

    done = checkout.run("images")

    assert done.returncode == 1
    assert "CVE-2026-1" in done.stderr
    assert not cloud.registry


@pytest.mark.parametrize("changed", [{"fixAvailable": False}, {"effectiveSeverity": "HIGH"}])
def test_other_weaknesses_are_no_reason_to_stop(checkout: Checkout, cloud: Cloud, changed: dict[str, Any]) -> None:
    weakness = {"effectiveSeverity": "CRITICAL", "fixAvailable": True, "shortDescription": "CVE-2026-1"}
    cloud.vulnerabilities = [weakness | changed]

    assert checkout.run("images").returncode == 0


def test_a_registry_that_refuses_is_not_taken_for_an_empty_one(checkout: Checkout, cloud: Cloud) -> None:
    cloud.registry_status = 403

    done = checkout.run("images")

    assert done.returncode == 1
    assert "the registry answers 403" in done.stderr
    assert not cloud.named("build")


def test_a_function_that_is_not_public_is_released_without_a_call(checkout: Checkout, cloud: Cloud) -> None:
    (checkout.folder / "functions" / "sweeper").mkdir()
    (checkout.folder / "functions" / "sweeper" / "main.py").touch()
    cloud.traffic["sweeper"] = {"revisionName": "sweeper-1", "latestRevision": True}
    cloud.revisions["sweeper-1"] = "hello"

    checkout.deploy()

    assert "/sweeper@" in cloud.serving()["sweeper"]


def test_all_that_the_image_is_made_of_is_in_its_name() -> None:
    dockerfile = PROJECT / "functions" / "Dockerfile"
    if not dockerfile.exists():
        pytest.skip("functions/Dockerfile is not here")
    named = [*runpy.run_path(str(PROJECT / ".ci" / "deploy.py"))["SHARED_INPUTS"], "functions/${FUNCTION}"]
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile.read_text(), re.MULTILINE)

    for place in (place for line in copied for place in line.split()):
        assert any(place == name or place.startswith(f"{name}/") for name in named), f"deploy.py does not name {place}"
