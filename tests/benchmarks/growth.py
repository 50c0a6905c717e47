"""What a request costs when there is a thousand times as much data."""

from contextlib import ExitStack
from pathlib import Path

from shared.store.pages import cursor_after
from tests.benchmarks.load import Requests, cost, request
from tests.benchmarks.places import SESSIONS_PREFIX, Place, place
from tests.benchmarks.progress import Progress
from tests.benchmarks.sampling import Samples, Subject, in_turns
from tests.benchmarks.servers import started

ROUNDS = 3
FEW, MANY = 1_000, 1_000_000


def measure(engine_name: str, folder: Path, progress: Progress) -> Samples:
    """Measure the same requests with few sessions and with many, by turns; names end with the number of sessions."""
    subjects: dict[str, Subject] = {}
    with ExitStack() as stack:
        for count in (FEW, MANY):
            made = stack.enter_context(place(engine_name, folder / str(count), count, progress.step))
            subjects |= {f"{name} {count}": subject for name, subject in _subjects(made, stack).items()}
        for subject in subjects.values():
            subject()
        return in_turns(dict(sorted(subjects.items())), ROUNDS, progress)


def _subjects(place: Place, stack: ExitStack) -> dict[str, Subject]:
    """Requests for sessions picked at random, and for the pages that follow them."""
    token, ids = place.data.people[0].token, place.data.session_ids
    running = stack.enter_context(
        started(place.server("sessions", place.first_session("GET")), place.folder / "sessions.txt")
    )
    one = Requests.of(place.folder, [request("GET", f"{SESSIONS_PREFIX}/{id_}", token=token) for id_ in ids])
    pages = [f"{SESSIONS_PREFIX}?limit=20&cursor={cursor_after(id_)}" for id_ in ids]
    page = Requests.of(place.folder, [request("GET", path, token=token) for path in pages])
    new = Requests.of(place.folder, [request("POST", SESSIONS_PREFIX, {"name": "My Project"}, token=token)])
    return {
        "GET /sessions/{id}": lambda: cost(running, one),
        "GET /sessions": lambda: cost(running, page),
        "POST /sessions": lambda: cost(running, new, status=201),
    }
