"""A place with data of a known size, on one of the engines, and the servers that work on it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from shared.database import EMBEDDED_FILE
from shared.database.embedded import EmbeddedDatabase
from tests.benchmarks.data import JWT_SECRET, PASSWORD, Data, Person, Step, fill
from tests.benchmarks.load import request
from tests.benchmarks.servers import Server
from tests.engines import new_prefix, open_engine, server_variables
from tests.prefixed import PrefixedDatabase, cleared

SESSIONS_PREFIX = "/v5/sessions"
KEY_PREFIX = b"coditect/"


@dataclass(frozen=True)
class Place:
    """Where data is, and how to reach it."""

    folder: Path
    data: Data
    variables: dict[str, str]

    def server(self, name: str, first_request: bytes) -> Server:
        """A server that works here."""
        return Server(name, self.variables, self.folder / "data", first_request)

    def first_session(self, method: str) -> bytes:
        """A request for one session of the first person's."""
        path = f"{SESSIONS_PREFIX}/{self.data.session_ids[0]}"
        return request(method, path, token=self.data.people[0].token)


@contextmanager
def place(engine_name: str, folder: Path, sessions: int, step: Step) -> Iterator[Place]:
    """Make a place on an engine, with so many sessions, and remove it afterwards."""
    outer = new_prefix() if engine_name == "foundationdb" else b""
    data_dir = folder / "data"
    data_dir.mkdir(parents=True)
    engine = open_engine(engine_name, data_dir / EMBEDDED_FILE)
    if isinstance(engine, EmbeddedDatabase):
        # Of this connection alone: what a benchmark writes beforehand is worth no waiting for the disk.
        engine._connection().run("PRAGMA synchronous = OFF")
    try:
        data = fill(PrefixedDatabase(engine, outer), sessions, step)
        variables = server_variables(engine_name, outer + KEY_PREFIX)
        # Each request tells the address that it comes from, as behind the gateway.
        variables |= {"JWT_SECRET": JWT_SECRET, "TRUSTED_PROXIES": "1"}
        yield Place(folder, data, variables)
    finally:
        if outer:
            cleared(engine, outer)


def login_of(person: Person, address: str = "10.0.0.1") -> bytes:
    """A request to sign a person in."""
    body = {"email": person.email, "password": PASSWORD}
    return request("POST", "/v5/auth/login", body, address=address)


def logins_of(people: list[Person]) -> list[bytes]:
    """Requests to sign each in, from addresses of their own, as a throttle of addresses has to let them."""
    return [login_of(person, f"10.0.{number % 250}.1") for number, person in enumerate(people)]
