"""A server that is killed (SIGKILL, all of it) in the middle of writes: what it acknowledged is there, exactly once."""

import http.client
import random
import signal
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from fdb.tuple import pack, unpack

from shared.database import EMBEDDED_FILE
from shared.database.transaction import ReadTransaction
from tests.client import Api, Person, register
from tests.engines import ENGINES, Home, open_engine, server_variables
from tests.prefixed import cleared
from tests.server import Process, local_server, wait_until

KILLS = 10
SEED = 9
PEOPLE = ("ada@example.com", "bob@example.com", "eve@example.com", "joe@example.com")


class Writer:
    """Somebody who starts one session after the other; a request that was not answered is repeated later."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.started: dict[str, str] = {}
        """Ids by names, as acknowledged."""

    def start_next(self, api: Api) -> None:
        """Start a session; with its key, so that a repetition of an earlier try is no other one."""
        name = f"session-{len(self.started)}"
        answer = api.post("/sessions", {"name": name}, token=self.person.token, headers={"Idempotency-Key": name})
        assert answer.status == 201, answer.body
        self.started[name] = answer.data["id"]

    def write_until_killed(self, api: Api) -> None:
        while True:
            try:
                self.start_next(api)
            except (OSError, http.client.HTTPException):
                return

    def listed(self, api: Api) -> list[tuple[str, str]]:
        """All entries of the list, oldest first."""
        entries: list[tuple[str, str]] = []
        cursor = ""
        while True:
            answer = api.get(f"/sessions?limit=200{cursor}", token=self.person.token)
            entries += [(session["name"], session["id"]) for session in answer.data]
            if (following := answer.json["page"]["nextCursor"]) is None:
                return entries[::-1]
            cursor = f"&cursor={following}"


def kill_while_they_write(server: Process, writers: list[Writer], sessions: int, threads: ThreadPoolExecutor) -> None:
    """Kill the whole server once it has acknowledged so many more sessions."""

    def started() -> int:
        return sum(len(writer.started) for writer in writers)

    enough = started() + sessions
    writing = [threads.submit(writer.write_until_killed, server.api) for writer in writers]
    wait_until(lambda: started() >= enough, "nobody gets to write")
    server.signal_all(signal.SIGKILL)
    for writer in writing:
        writer.result()


@pytest.fixture(scope="module", params=ENGINES)
def home(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """Where the data of the killed servers is."""
    folder = tmp_path_factory.mktemp("killed")
    home = Home(request.param, folder)
    yield home
    cleared(open_engine(home.name, folder / EMBEDDED_FILE), home.prefix)


@pytest.fixture(scope="module")
def writers(home: Home) -> list[Writer]:
    """Those who wrote while the server was killed again and again."""
    return []


@pytest.fixture(scope="module")
def survivor(home: Home, writers: list[Writer]) -> Iterator[Process]:
    """A server on data whose servers were killed in the middle of writes."""
    output = home.folder / "output.txt"
    variables = server_variables(home.name, home.prefix)
    with local_server(home.folder, output, **variables) as server:
        writers += [Writer(register(server.api, email)) for email in PEOPLE]
    moments = random.Random(SEED)
    for _ in range(KILLS):
        with ThreadPoolExecutor() as threads, local_server(home.folder, output, **variables) as server:
            kill_while_they_write(server, writers, moments.randint(1, 40), threads)
    with local_server(home.folder, output, **variables) as server:
        yield server


def test_what_was_acknowledged_is_there_exactly_once(survivor: Process, writers: list[Writer]) -> None:
    for writer in writers:
        listed = writer.listed(survivor.api)

        # The last one may be there without its writer having heard of it.
        unheard = Counter(listed) - Counter(writer.started.items())
        assert unheard.total() <= 1
        assert Counter(listed) - unheard == Counter(writer.started.items())


def test_every_entry_of_the_list_has_its_record(home: Home, survivor: Process, writers: list[Writer]) -> None:
    def span(*parts: object) -> tuple[bytes, bytes]:
        begin = pack(parts, home.prefix)
        return begin + b"\x00", begin + b"\xff"

    def listed_and_kept(tr: ReadTransaction) -> tuple[set[UUID], set[UUID]]:
        tenants = [UUID(writer.person.user["tenantId"]) for writer in writers]
        entries = [entry for tenant in tenants for entry in tr.get_range(*span("tenants", tenant, "sessions")).wait()]
        listed = {UUID(bytes=session_id) for _, session_id in entries}
        kept = {unpack(key, len(home.prefix))[-1] for key, _ in tr.get_range(*span("sessions")).wait()}
        return listed, kept

    listed, kept = open_engine(home.name, home.folder / EMBEDDED_FILE).read(listed_and_kept)

    assert listed == kept
    assert kept >= {UUID(session_id) for writer in writers for session_id in writer.started.values()}


def test_a_request_that_was_not_answered_can_be_repeated(survivor: Process, writers: list[Writer]) -> None:
    for writer in writers:
        writer.start_next(survivor.api)

        assert sorted(writer.listed(survivor.api)) == sorted(writer.started.items())
