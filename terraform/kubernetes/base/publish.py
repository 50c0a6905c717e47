"""Keep secrets of Secret Manager equal to files: `publish.py FILE=SECRET …`.

A version is added only when the newest one differs. What is not whole is refused, so that no function ever reads it:
files that end in `.cluster` must be FoundationDB cluster files, all others PEM.
"""

import base64
import json
import os
import re
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

METADATA = f"http://{os.environ.get('GCE_METADATA_HOST', 'metadata.google.internal')}/computeMetadata/v1"
SECRET_MANAGER = os.environ.get("SECRET_MANAGER_ENDPOINT", "https://secretmanager.googleapis.com")
REQUEST_LIMIT_S = 20

COORDINATOR = r"[A-Za-z0-9.\-\[\]:]+:\d{1,5}(:tls)?"
CLUSTER_FILE = re.compile(rf"[A-Za-z0-9_]+:[A-Za-z0-9]+@{COORDINATOR}(,{COORDINATOR})*\s*")
PEM = re.compile(r"(-----BEGIN ([A-Z ]+)-----\n[A-Za-z0-9+/=\n]+-----END \2-----\s*)+")


def main(*pairs: str) -> None:
    """Publish every file to its secret; ends with a message, before anything is sent, if one is not whole."""
    contents = {secret: read(Path(file)) for file, _, secret in (pair.partition("=") for pair in pairs)}
    headers = {
        "Authorization": f"Bearer {json.loads(metadata('instance/service-accounts/default/token'))['access_token']}"
    }
    project = metadata("project/project-id").decode()
    for secret, content in contents.items():
        resource = f"{SECRET_MANAGER}/v1/projects/{project}/secrets/{secret}"
        if newest(resource, headers) == content:
            print(f"{secret} is current")
        else:
            payload = {"payload": {"data": base64.b64encode(content).decode()}}
            print("added", json.loads(answer(f"{resource}:addVersion", headers, json.dumps(payload).encode()))["name"])


def read(file: Path) -> bytes:
    """Read a file that is whole."""
    content = file.read_bytes()
    whole = CLUSTER_FILE if file.suffix == ".cluster" else PEM
    if not whole.fullmatch(content.decode(errors="replace")):
        sys.exit(f"{file} is empty or malformed ({len(content)} bytes): nothing was published")
    return content


def newest(resource: str, headers: dict[str, str]) -> bytes | None:
    """Get the newest version of a secret, or none when it has no version yet."""
    try:
        version: dict[str, Any] = json.loads(answer(f"{resource}/versions/latest:access", headers))
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return None
        raise
    return base64.b64decode(version["payload"]["data"])


def metadata(path: str) -> bytes:
    """Ask the metadata server, which answers for the pod's Google service account."""
    return answer(f"{METADATA}/{path}", {"Metadata-Flavor": "Google"})


def answer(url: str, headers: dict[str, str], body: bytes | None = None) -> bytes:
    """Get an address, or post to it; raises HTTPError for anything but success."""
    request = urllib.request.Request(url, body, headers)
    with urllib.request.urlopen(request, timeout=REQUEST_LIMIT_S) as response:
        content: bytes = response.read()
        return content


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except OSError as error:
        # HTTPError has the address; nothing else in it is fit for a log.
        sys.exit(f"not published: {error} {getattr(error, 'url', '')}")
