"""Bring this checkout's functions to Cloud Run: `deploy.py images`, then `deploy.py release`, as cloudbuild.yaml does.

An image is named after what goes into it, so what has not changed is neither built nor released again, and no history
is needed to tell. A release is all or nothing: every changed function starts beside the one that serves and is probed,
then the traffic moves, and if a probe fails then, it moves back for all of them. Killed half-way it leaves each
function on its old or on its new image, both whole; run again, it does the rest.
"""

import hashlib
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[1]

# What goes into every image; functions/<name>/ goes into one.
SHARED_INPUTS = [
    ".dockerignore",
    "functions/Dockerfile",
    "functions/build-requirements.txt",
    "local/__init__.py",
    "local/assemble.py",
    "shared",
]

MANIFESTS = "application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json"

# Where a revision answers before it has traffic.
TAG = "candidate"

# The first answer of an instance may wait for its start, and the one of /ready for the database.
PROBE_TRIES = 5
PROBE_PAUSE_S = 3
REQUEST_LIMIT_S = 60


class Failed(Exception):
    """The deployment cannot go on; the message says why."""


def main(command: str) -> None:
    """Run one of the two steps for all functions."""
    names = sorted(path.parent.name for path in PROJECT.glob("functions/*/main.py"))
    if command == "images":
        for name in names:
            ensure_image(name)
    else:
        release([Service(name) for name in names])


def ensure_image(name: str) -> None:
    """Build, scan and push a function's image, unless the registry has it."""
    image = image_of(name)
    if digest(image):
        print(f"{name}: unchanged, {image}")
        return
    print(f"{name}: building {image}")
    run("docker", "build", "--file=functions/Dockerfile", f"--build-arg=FUNCTION={name}", f"--tag={image}", ".")
    scan(image)
    run("docker", "push", image)


def image_of(name: str) -> str:
    """Name a function's image after its content."""
    content = hashlib.sha256()
    for path in inputs(name):
        file = path.read_bytes()
        content.update(f"{path.relative_to(PROJECT).as_posix()} {len(file)}\n".encode() + file)
    return f"{os.environ['IMAGES']}/{name}:content-{content.hexdigest()[:32]}"


def inputs(name: str) -> list[Path]:
    """List the files that an image is made of."""
    roots = [PROJECT / place for place in [*SHARED_INPUTS, f"functions/{name}"]]
    files = [file for root in roots for file in ([root] if root.is_file() else root.rglob("*"))]
    return sorted(file for file in files if file.is_file() and "__pycache__" not in file.parts)


def digest(image: str) -> str | None:
    """Ask the registry for the digest of an image, as the OCI distribution specification says; none if it has none."""
    host, _, path = image.partition("/")
    repository, _, tag = path.rpartition(":")
    scheme = "http" if host.startswith("127.") else "https"
    headers = {"Authorization": f"Bearer {printed('gcloud', 'auth', 'print-access-token')}", "Accept": MANIFESTS}
    request = urllib.request.Request(
        f"{scheme}://{host}/v2/{repository}/manifests/{tag}", headers=headers, method="HEAD"
    )
    try:
        with urllib.request.urlopen(request, timeout=REQUEST_LIMIT_S) as response:
            found: str = response.headers["Docker-Content-Digest"]
            return found
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return None
        raise Failed(f"the registry answers {error.code} for {image}") from error
    except OSError as error:
        raise Failed(f"the registry does not answer: {error}") from error


def scan(image: str) -> None:
    """Refuse an image with a critical weakness that an update would mend."""
    name = gcloud("artifacts", "docker", "images", "scan", image)["response"]["scan"]
    found = [entry["vulnerability"] for entry in gcloud("artifacts", "docker", "images", "list-vulnerabilities", name)]
    critical = [v for v in found if v.get("effectiveSeverity") == "CRITICAL" and v.get("fixAvailable")]
    if critical:
        names = ", ".join(sorted({v.get("shortDescription", "unnamed") for v in critical}))
        raise Failed(f"{image} has critical weaknesses that are mended upstream: {names}")


class Service:
    """A function on Cloud Run."""

    def __init__(self, name: str) -> None:
        """Look at what serves, and at what should."""
        self.name = name
        tagged = image_of(name)
        self.image = f"{tagged.rpartition(':')[0]}@{digest(tagged)}"
        status = self._status()
        self.url: str = status["url"]
        serving = [target for target in status["traffic"] if target.get("percent")]
        self.revision: str = max(serving, key=lambda target: int(target["percent"]))["revisionName"]
        revision = gcloud("run", "revisions", "describe", self.revision, region())
        # One that was moved back is bound to its revision, so that it is not current even when its image is.
        bound_to_latest = len(serving) == 1 and serving[0].get("latestRevision", False)
        self.is_current = bound_to_latest and revision["spec"]["containers"][0]["image"] == self.image

    def start(self) -> None:
        """Start the new image beside the one that serves, without traffic, and wait until Cloud Run calls it ready."""
        run(
            "gcloud",
            "run",
            "deploy",
            self.name,
            f"--image={self.image}",
            "--no-traffic",
            f"--tag={TAG}",
            region(),
            "--quiet",
        )
        (address,) = [target["url"] for target in self._status()["traffic"] if target.get("tag") == TAG]
        self.probe(address)

    def move(self) -> None:
        """Give the newest revision all traffic; as the latest one, so that what Terraform changes next serves too."""
        self._update_traffic("--to-latest", f"--remove-tags={TAG}")
        self.probe(self.url)

    def move_back(self) -> None:
        """Give all traffic to the revision that had it before."""
        self._update_traffic(f"--to-revisions={self.revision}=100")

    def probe(self, address: str) -> None:
        """Call the function; raises Failed if it does not answer as it must, however often it is asked."""
        expected = probe_of(self.name)
        if expected is None:
            print(f"{self.name}: not called from outside, Cloud Run's own startup probe is all")
            return
        path, status = expected
        # Cloud Run lets a caller in who has a token for the service, whichever of its addresses is called.
        # Cloud Build's own metadata server gives out no identity tokens, so the account asks for one of itself.
        account = f"--impersonate-service-account={os.environ['BUILDER']}"
        token = printed("gcloud", "auth", "print-identity-token", account, f"--audiences={self.url}")
        for attempt in range(PROBE_TRIES):
            if attempt:
                time.sleep(PROBE_PAUSE_S)
            answered = ask(address + path, token)
            print(f"{self.name}: {address}{path} answers {answered}")
            if answered == (status, status == 200):
                return
        raise Failed(f"{self.name}: {address}{path} does not answer {status}")

    def _status(self) -> dict[str, Any]:
        found: dict[str, Any] = gcloud("run", "services", "describe", self.name, region())["status"]
        return found

    def _update_traffic(self, *arguments: str) -> None:
        run("gcloud", "run", "services", "update-traffic", self.name, *arguments, region(), "--quiet")


def release(services: list[Service]) -> None:
    """Bring every function to its image, or leave every function as it was."""
    changed = [service for service in services if not service.is_current]
    for service in changed:
        service.start()
    moved: list[Service] = []
    try:
        for service in changed:
            moved.append(service)
            service.move()
    except Failed:
        for service in moved:
            try:
                service.move_back()
            except Failed as failure:
                print(failure)
        raise
    print("released:", " ".join(service.name for service in changed) or "nothing, all is current")


def probe_of(name: str) -> tuple[str, int] | None:
    """Choose, from the API's document, what to call and which status must come; none for what is not public."""
    document = json.loads((PROJECT / "docs" / "openapi.json").read_text())
    gets = {
        path: verbs["get"] for path, verbs in document["paths"].items() if name in verbs.get("get", {}).get("tags", [])
    }
    prefix: str = document["servers"][0]["url"]
    if "/ready" in gets:
        return prefix + "/ready", 200
    # Without a bearer token, so that an answer needs no account.
    closed = [path for path, get in gets.items() if get.get("security") and "{" not in path]
    return (prefix + closed[0], 401) if closed else None


def ask(address: str, token: str) -> tuple[int, bool | None]:
    """Get an address: the status, and what the answer says of its success, if it is one of ours."""
    request = urllib.request.Request(address, headers={"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(request, timeout=REQUEST_LIMIT_S) as response:
            status, body = response.status, response.read()
    except urllib.error.HTTPError as error:
        status, body = error.code, error.read()
    except OSError:
        return 0, None
    try:
        return status, json.loads(body).get("success")
    except (ValueError, AttributeError):
        return status, None


def region() -> str:
    """Name the region, as an argument of gcloud."""
    return f"--region={os.environ['REGION']}"


def gcloud(*arguments: str) -> Any:
    """Ask gcloud something."""
    return json.loads(printed("gcloud", *arguments, "--format=json", "--quiet"))


def printed(*command: str) -> str:
    """Run a command for what it prints."""
    return run(*command, stdout=subprocess.PIPE).strip()


def run(*command: str, stdout: int | None = None) -> str:
    """Run a command in the project's folder; raises Failed unless it succeeds."""
    done = subprocess.run(command, cwd=PROJECT, stdout=stdout, text=True, check=False)
    if done.returncode:
        raise Failed(f"{' '.join(command)}: exit {done.returncode}")
    return done.stdout or ""


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Failed as failure:
        sys.exit(f"Not deployed. {failure}")
