"""What a request costs each server, and how many it answers in a second, all servers running side by side."""

import sqlite3
import threading
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path

import argon2
import msgspec

from shared.security import passwords
from tests.benchmarks.data import PASSWORD
from tests.benchmarks.load import MEASURED_S, Requests, cost, request
from tests.benchmarks.places import SESSIONS_PREFIX, Place, login_of, logins_of
from tests.benchmarks.progress import Progress
from tests.benchmarks.sampling import Figures, Samples, Subject, in_turns
from tests.benchmarks.servers import Running, Server, started

ROUNDS = 3
# It hashes with 64 MiB on four lanes: a second or so on a busy machine.
RIVAL_LOGIN_S = 5
RIVAL_EMAIL = "ada@example.com"
# Fewer than are turned away.
LOGINS_AT_ONCE = 2 * passwords.HASHES_AT_ONCE
ALONE, TOGETHER = "one at a time", f"{LOGINS_AT_ONCE} at once"
"""How many requests are under way: a hash keeps a whole core busy, and two of them share more than they like."""


def measure(place: Place, progress: Progress, *, with_rival: bool = True) -> Samples:
    """Measure each endpoint once a round."""
    with ExitStack() as stack:
        subjects = ours(place, stack)
        if with_rival:
            subjects |= rival(place, stack)
        for subject in subjects.values():
            subject()
        return in_turns(subjects, ROUNDS, progress)


def ours(place: Place, stack: ExitStack) -> dict[str, Subject]:
    """Start our functions, and hello."""
    first, token = place.data.people[0], place.data.people[0].token
    hello, health, ready = request("GET", "/"), request("GET", "/v5/health"), request("GET", "/v5/ready")
    one, page = place.first_session("GET"), request("GET", SESSIONS_PREFIX, token=token)
    new = request("POST", SESSIONS_PREFIX, {"name": "My Project", "workspacePath": "/workspace/test"}, token=token)
    running = {
        server.name: stack.enter_context(started(server, place.folder / f"{server.name}.txt"))
        for server in (
            place.server("hello", hello),
            place.server("health", ready),
            place.server("sessions", one),
            place.server("auth", login_of(first)),
        )
    }

    def subject(name: str, requests: list[bytes], **options: int) -> Subject:
        prepared = Requests.of(place.folder, requests)
        return lambda: cost(running[name], prepared, **options)

    logins = logins_of(place.data.people)
    return {
        "hello": subject("hello", [hello]),
        "GET /health": subject("health", [health]),
        "GET /ready": subject("health", [ready]),
        "GET /sessions/{id}": subject("sessions", [one]),
        "GET /sessions": subject("sessions", [page]),
        "POST /sessions": subject("sessions", [new], status=201),
        f"Argon2id, {ALONE}": lambda: _bare(1),
        f"POST /auth/login, {ALONE}": subject("auth", logins, connections=1),
        f"Argon2id, {TOGETHER}": lambda: _bare(passwords.HASHES_AT_ONCE),
        f"POST /auth/login, {TOGETHER}": subject("auth", logins, connections=LOGINS_AT_ONCE),
    }


def rival(place: Place, stack: ExitStack) -> dict[str, Subject]:
    """Start fastapi-users, and sign somebody up there."""
    server = Server("fastapi-users", place.variables, place.folder / "rival", request("GET", "/ready"))
    running = stack.enter_context(started(server, place.folder / "rival.txt"))
    form = f"username={RIVAL_EMAIL}&password={PASSWORD}"
    token = _signed_up(running, form)
    _check_kept(place.folder / "rival" / "rival.db")
    me = Requests.of(place.folder, [request("GET", "/users/me", token=token)])
    login = Requests.of(place.folder, [request("POST", "/auth/jwt/login", form=form)])
    return {
        "fastapi-users GET /users/me": lambda: cost(running, me),
        f"fastapi-users login, {ALONE}": lambda: cost(running, login, connections=1, seconds=RIVAL_LOGIN_S),
    }


def _signed_up(running: Running, form: str) -> str:
    body = f'{{"email": "{RIVAL_EMAIL}", "password": "{PASSWORD}"}}'.encode()
    address = f"http://127.0.0.1:{running.port}/auth"
    sent = urllib.request.Request(f"{address}/register", body, {"Content-Type": "application/json"})
    urllib.request.urlopen(sent).close()
    with urllib.request.urlopen(f"{address}/jwt/login", form.encode()) as answer:
        token: str = msgspec.json.decode(answer.read())["access_token"]
    return token


def _check_kept(file: Path) -> None:
    """Fail unless the account is in the file, as it would not be in a database that is only in memory."""
    with sqlite3.connect(file) as connection:
        assert connection.execute("SELECT count(*) FROM user").fetchone() == (1,)


def _bare(threads: int) -> Figures:
    """Verify one password again and again, on so many cores."""
    kept = passwords.make_hash(PASSWORD)
    hasher = argon2.PasswordHasher.from_parameters(argon2.extract_parameters(kept))
    counts = [0] * threads
    stop_at = time.perf_counter() + MEASURED_S

    def verify(number: int) -> None:
        while time.perf_counter() < stop_at:
            hasher.verify(kept, PASSWORD)
            counts[number] += 1

    started_s, cpu_s = time.perf_counter(), time.process_time()
    running = [threading.Thread(target=verify, args=(number,)) for number in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    took_s, used_s = time.perf_counter() - started_s, time.process_time() - cpu_s
    return {"cpu_ms": 1000 * used_s / sum(counts), "rate": sum(counts) / took_s}
