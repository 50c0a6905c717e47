"""Load: wrk, one thread of it, with the requests that it sends prepared in a file."""

import json
import secrets
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from tests.benchmarks.sampling import Figures
from tests.benchmarks.servers import HERE, Running

CONNECTIONS = 8
PATIENCE_S = 10
MEASURED_S = 2


class Load(msgspec.Struct):
    """What came back; `lost` are requests without any answer in PATIENCE_S."""

    seconds: float
    answered: int
    lost: int
    without_retry_after: int
    p50_s: float
    p99_s: float
    statuses: dict[str, int]

    @property
    def failed(self) -> int:
        """Answers that tell of a mistake of the server's."""
        return sum(count for status, count in self.statuses.items() if status.startswith("5") and status != "503")


@dataclass(frozen=True)
class Requests:
    """Requests in a file, in wrk's turn."""

    path: Path

    @classmethod
    def of(cls, folder: Path, requests: Sequence[bytes]) -> "Requests":
        path = folder / f"{secrets.token_hex(8)}.requests"
        path.write_bytes(b"".join(b"%d\n%b" % (len(request), request) for request in requests))
        return cls(path)


def request(
    method: str, path: str, body: object = None, *, token: str = "", form: str = "", address: str = ""
) -> bytes:
    """Write a request as a client would."""
    content = json.dumps(body).encode() if body is not None else form.encode()
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"Authorization: Bearer {token}"] if token else []
    lines += [f"X-Forwarded-For: {address}"] if address else []
    if content:
        kind = "application/json" if body is not None else "application/x-www-form-urlencoded"
        lines += [f"Content-Type: {kind}", f"Content-Length: {len(content)}"]
    return "\r\n".join([*lines, "", ""]).encode() + content


def send(running: Running, requests: Requests, seconds: int, connections: int = CONNECTIONS) -> Load:
    """Send as fast as answers come, on so many connections at once."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", f"{PATIENCE_S}s"]
    command += ["-s", str(HERE / "load.lua"), f"http://127.0.0.1:{running.port}", "--", str(requests.path)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    (result,) = [line for line in printed.splitlines() if line.startswith("RESULT ")]
    return msgspec.json.decode(result.removeprefix("RESULT "), type=Load)


def cost(
    running: Running,
    requests: Requests,
    *,
    status: int = 200,
    connections: int = CONNECTIONS,
    seconds: int = MEASURED_S,
) -> Figures:
    """Measure what a request costs the server, and how many a second it answers; all must be answered with `status`."""
    before_s = running.cpu_s()
    load = send(running, requests, seconds, connections)
    cpu_s = running.cpu_s() - before_s
    wrong: Any = {**load.statuses, "lost": load.lost}
    if wrong.pop(str(status), 0) != load.answered or any(wrong.values()) or load.answered == 0:
        raise RuntimeError(f"not all were answered {status}: {load}")
    return {"cpu_ms": 1000 * cpu_s / load.answered, "rate": load.answered / load.seconds}
