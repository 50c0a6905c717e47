"""Ten times as much as one instance can serve: what becomes of each request."""

import asyncio
import statistics
import time
from collections import Counter
from dataclasses import dataclass

from tests.benchmarks.load import PATIENCE_S, Requests, send
from tests.benchmarks.places import Place, login_of, logins_of
from tests.benchmarks.servers import started

TIMES = 10
LASTS_S = 5
# Of reads no generator on the same cores can send ten times as many; it can have this many under way, all the time.
READERS = 1_000

LOST = 0
"""Stands for the status of a request that got no answer, or not in time."""


@dataclass(frozen=True)
class Overload:
    """What became of the requests: how many were sent a second, and how many were answered what."""

    what: str
    sent_a_second: float
    statuses: dict[int, int]
    without_retry_after: int
    accepted_p50_s: float
    accepted_p99_s: float

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
        outcomes = asyncio.run(_arrivals(running.port, logins, TIMES * capacity))
    accepted = sorted(seconds for status, seconds, _ in outcomes if status == 200) or [float("nan")]
    return Overload(
        f"POST /auth/login, {TIMES} x {capacity:.0f} a second",
        TIMES * capacity,
        dict(sorted(Counter(status for status, *_ in outcomes).items())),
        sum(status in (429, 503) and not told for status, _, told in outcomes),
        statistics.median(accepted),
        accepted[int(0.99 * (len(accepted) - 1))],
    )


def _closing(request: bytes) -> bytes:
    return request.replace(b"\r\n", b"\r\nConnection: close\r\n", 1)


Outcome = tuple[int, float, bool]
"""Status, seconds, and whether the answer says when to come back."""


async def _arrivals(port: int, requests: list[bytes], rate: float) -> list[Outcome]:
    begun = time.perf_counter()
    under_way = []
    for number in range(int(rate * LASTS_S)):
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
    with started(place.server("sessions", one), place.folder / "overload.txt") as running:
        load = send(running, Requests.of(place.folder, [one]), LASTS_S, READERS)
    statuses = {int(status): count for status, count in sorted(load.statuses.items())}
    return Overload(
        f"GET /sessions/{{id}}, {READERS:,} under way",
        (load.answered + load.lost) / load.seconds,
        {**({LOST: load.lost} if load.lost else {}), **statuses},
        load.without_retry_after,
        load.p50_s,
        load.p99_s,
    )
