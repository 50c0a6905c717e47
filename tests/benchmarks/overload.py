"""Ten times as much as one instance can serve: what becomes of each request."""

import asyncio
import statistics
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tests.benchmarks.load import PATIENCE_S, Requests, send
from tests.benchmarks.places import Place, login_of, logins_of
from tests.benchmarks.servers import started

TIMES = 10
LASTS_S = 5
# Of reads no generator on the same cores can send ten times as many; it can have this many under way, all the time.
READERS = 1_000
# Sent besides, one by one, so that it can be told how long those that are answered had to wait.
PROBES_A_SECOND = 50
CALM_A_SECOND, CALM_S = 10, 2

LOST = 0
"""Stands for the status of a request that got no answer, or not in time."""


@dataclass(frozen=True)
class Overload:
    """What became of the requests: how many were sent a second, and how many were answered what."""

    what: str
    sent_a_second: float
    statuses: dict[int, int]
    without_retry_after: int
    calm: "Accepted"
    accepted: "Accepted"

    @property
    def broken(self) -> int:
        """Requests lost, or answered 500 or the like."""
        errors = {status for status in self.statuses if status >= 500 and status != 503}
        return sum(self.statuses[status] for status in errors | ({LOST} & self.statuses.keys()))

    @property
    def bad(self) -> int:
        """All that must not be: those, and those turned away without a word of when to come back."""
        return self.broken + self.without_retry_after


def of_logins(place: Place, capacity: float) -> Overload:
    """Send logins at ten times the rate that was answered before, whether or not any are answered."""
    first = login_of(place.data.people[0])
    logins = [_closing(login) for login in logins_of(place.data.people)]
    with started(place.server("auth", first), place.folder / "overload.txt") as running:
        calm = asyncio.run(_arrivals(running.port, logins, CALM_A_SECOND, CALM_S))
        outcomes = asyncio.run(_arrivals(running.port, logins, TIMES * capacity, LASTS_S))
    return Overload(
        f"POST /auth/login, {TIMES} x {capacity:.0f} a second",
        TIMES * capacity,
        dict(sorted(Counter(status for status, *_ in outcomes).items())),
        _without_retry_after(outcomes),
        Accepted.of(calm),
        Accepted.of(outcomes),
    )


def _closing(request: bytes) -> bytes:
    return request.replace(b"\r\n", b"\r\nConnection: close\r\n", 1)


Outcome = tuple[int, float, bool]
"""Status, seconds, and whether the answer says when to come back."""


@dataclass(frozen=True)
class Accepted:
    """How long those that were answered 200 took."""

    p50_s: float
    p99_s: float

    @classmethod
    def of(cls, outcomes: list[Outcome]) -> "Accepted":
        seconds = sorted(seconds for status, seconds, _ in outcomes if status == 200) or [float("nan")]
        return cls(statistics.median(seconds), seconds[int(0.99 * (len(seconds) - 1))])


def _without_retry_after(outcomes: list[Outcome]) -> int:
    return sum(status in (429, 503) and not told for status, _, told in outcomes)


async def _arrivals(port: int, requests: list[bytes], rate: float, lasts_s: float) -> list[Outcome]:
    """Send so many requests a second, whatever becomes of those before."""
    begun = time.perf_counter()
    under_way = []
    for number in range(int(rate * lasts_s)):
        await asyncio.sleep(max(0.0, begun + number / rate - time.perf_counter()))
        under_way.append(asyncio.create_task(_outcome(port, requests[number % len(requests)])))
    return await asyncio.gather(*under_way)


async def _outcome(port: int, request: bytes) -> Outcome:
    begun = time.perf_counter()
    try:
        async with asyncio.timeout(PATIENCE_S):
            answer = await _answer(port, request)
    except (OSError, TimeoutError):
        answer = b""
    head = answer.partition(b"\r\n\r\n")[0]
    status = int(head.split(b" ", 2)[1]) if head else LOST
    return status, time.perf_counter() - begun, b"\r\nretry-after:" in head.lower()


async def _answer(port: int, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        return await reader.read(-1)
    finally:
        writer.close()


def of_reads(place: Place) -> Overload:
    """Keep a thousand reads under way."""
    one = place.first_session("GET")
    probe, flood = [_closing(one)], Requests.of(place.folder, [one])
    with (
        started(place.server("sessions", one), place.folder / "overload.txt") as running,
        ThreadPoolExecutor(1) as pool,
    ):
        calm = asyncio.run(_arrivals(running.port, probe, PROBES_A_SECOND, CALM_S))
        flooding = pool.submit(send, running, flood, LASTS_S, READERS)
        probes = asyncio.run(_arrivals(running.port, probe, PROBES_A_SECOND, LASTS_S))
        load = flooding.result()
    statuses = Counter(status for status, *_ in probes)
    statuses.update({LOST: load.lost, **{int(status): count for status, count in load.statuses.items()}})
    return Overload(
        f"GET /sessions/{{id}}, {READERS:,} under way",
        statuses.total() / load.seconds,
        {status: count for status, count in sorted(statuses.items()) if count},
        load.without_retry_after + _without_retry_after(probes),
        Accepted.of(calm),
        Accepted.of(probes),
    )
