"""How long each server takes from its process's start to its first answer, and what memory it idles with then."""

import shutil
from dataclasses import replace
from pathlib import Path

from tests.benchmarks.load import request
from tests.benchmarks.places import Place, login_of
from tests.benchmarks.progress import Progress
from tests.benchmarks.sampling import Figures, Samples, Subject, in_turns
from tests.benchmarks.servers import Server, started

ROUNDS = 5


def measure(place: Place, progress: Progress, *, with_rival: bool = True) -> Samples:
    """Start each server once a round, and send ours the requests that they are there for."""
    servers = {
        "hello": place.server("hello", request("GET", "/")),
        "health: GET /ready": place.server("health", request("GET", "/v5/ready")),
        "sessions: GET /sessions/{id}": place.server("sessions", place.first_session("GET")),
        "auth: POST /auth/login": place.server("auth", login_of(place.data.people[0])),
    }
    if with_rival:
        servers["fastapi-users: GET /ready"] = place.server("fastapi-users", request("GET", "/ready"))
    return in_turns({name: _start(server, place.folder) for name, server in servers.items()}, ROUNDS, progress)


def _start(server: Server, folder: Path) -> Subject:
    def start() -> Figures:
        # Its own copy, since what one start leaves behind must not make the next one's work another.
        copy = folder / "start"
        shutil.rmtree(copy, ignore_errors=True)
        if server.data_dir.exists():
            shutil.copytree(server.data_dir, copy)
        with started(replace(server, data_dir=copy), folder / "output.txt") as running:
            return {
                "start_ms": 1000 * running.start_s,
                "memory_mb": running.memory_mb(),
                "own_memory_mb": running.own_memory_mb(),
            }

    return start
