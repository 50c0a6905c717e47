"""A plain model of the API: what must be so after each request, kept in dictionaries."""

import itertools
import random
from dataclasses import dataclass, field
from typing import Any

from fdb.tuple import unpack

from shared.database.engine import Engine
from shared.store.throttle import ACCOUNT_AT_ADDRESS, WINDOW
from tests.client import Answer
from tests.in_process import InProcessApi

_numbers = itertools.count(1)


@dataclass
class ModelSession:
    id: str
    name: str
    workspace_path: str
    etag: str


@dataclass
class Account:
    """A person, and all that they should find: their sessions, oldest first."""

    email: str
    user_id: str
    tenant_id: str
    tokens: list[str]
    ended_tokens: list[str] = field(default_factory=list)
    sessions: dict[str, ModelSession] = field(default_factory=dict)


class Caller:
    """Sends requests for one account and checks every answer against the model; one thread uses it at a time."""

    def __init__(self, api: InProcessApi, rng: random.Random, email: str) -> None:
        self.api = api
        self.rng = rng
        self.requests = 0
        self.wrong_guesses = 0
        self.address = f"10.0.{next(_numbers) // 250}.{next(_numbers) % 250}"
        self.account = self._register(email)

    def send(self, method: str, path: str, body: object = None, **options: Any) -> Answer:
        self.requests += 1
        headers = {"X-Forwarded-For": self.address, **options.pop("headers", {})}
        return self.api.request(method, path, body, headers=headers, **options)

    def write(self, method: str, path: str, body: object = None, **options: Any) -> Answer:
        """Send a write, now and then under a key and again, which must change nothing and answer the same."""
        if self.rng.random() < 0.5:
            return self.send(method, path, body, **options)
        headers = {**options.pop("headers", {}), "Idempotency-Key": f"key-{next(_numbers)}"}
        first = self.send(method, path, body, headers=headers, **options)
        assert not first.replayed
        again = self.send(method, path, body, headers=headers, **options)
        assert (again.status, _told(again)) == (first.status, _told(first))
        assert again.replayed == (first.status < 400)
        return first

    def _register(self, email: str) -> Account:
        body = {"email": email, "password": "password123", "firstName": "A", "lastName": "B"}
        answer = self.write("POST", "/auth/register", body)
        assert answer.status == 201, answer.json
        user = answer.data["user"]
        taken = self.send("POST", "/auth/register", {**body, "email": email.upper()})
        assert (taken.status, taken.code) == (409, "email_taken")
        return Account(email, user["id"], user["tenantId"], [answer.data["token"]])

    def log_in(self) -> None:
        if self.wrong_guesses >= ACCOUNT_AT_ADDRESS.attempts:
            self.move()
        answer = self.write("POST", "/auth/login", {"email": self.account.email, "password": "password123"})
        assert answer.status == 200
        assert answer.data["user"]["id"] == self.account.user_id
        self.account.tokens.append(answer.data["token"])

    def log_in_wrongly(self) -> None:
        answer = self.send("POST", "/auth/login", {"email": self.account.email, "password": "password124"})
        self.wrong_guesses += 1
        if self.wrong_guesses <= ACCOUNT_AT_ADDRESS.attempts:
            assert (answer.status, answer.code) == (401, "invalid_credentials")
            return
        assert (answer.status, answer.code) == (429, "too_many_requests")
        assert int(answer.headers["Retry-After"]) <= WINDOW.total_seconds()

    def move(self) -> None:
        """Go to another address, where nobody has guessed at the account."""
        self.address = f"10.1.{next(_numbers) // 250}.{next(_numbers) % 250}"
        self.wrong_guesses = 0

    def sweep(self) -> None:
        """Remove what has aged: nothing here has."""
        assert self.api.sweep().data == {"lookedAt": 0, "finished": True}

    def log_out(self) -> None:
        if len(self.account.tokens) < 2:
            self.log_in()
        token = self.account.tokens.pop(self.rng.randrange(len(self.account.tokens)))
        assert self.send("POST", "/auth/logout", token=token).status == 200
        self.account.ended_tokens.append(token)

    def knock_with_an_ended_token(self) -> None:
        for token in self.account.ended_tokens[-2:]:
            body = {"name": "late"}
            for answer in (
                self.send("POST", "/sessions", body, token=token),
                self.send("GET", "/sessions", token=token),
            ):
                assert (answer.status, answer.code) == (401, "token_revoked")

    def create(self) -> None:
        name, path = f"session {next(_numbers)}", self.rng.choice(["", "/workspace"])
        answer = self.write("POST", "/sessions", {"name": name, "workspacePath": path}, token=self._token())
        assert answer.status == 201
        data = answer.data
        assert (data["name"], data["workspacePath"], data["tenantId"]) == (name, path, self.account.tenant_id)
        assert data["id"] not in self.account.sessions
        self.account.sessions[data["id"]] = ModelSession(data["id"], name, path, answer.headers["ETag"])

    def show(self) -> None:
        if session := self._some_session():
            answer = self.send("GET", f"/sessions/{session.id}", token=self._token())
            assert answer.status == 200
            assert (answer.data["name"], answer.headers["ETag"]) == (session.name, session.etag)

    def rename(self) -> None:
        if session := self._some_session():
            name = f"renamed {next(_numbers)}"
            headers = {"If-Match": session.etag} if self.rng.random() < 0.5 else {}
            answer = self.write(
                "PATCH", f"/sessions/{session.id}", {"name": name}, token=self._token(), headers=headers
            )
            assert answer.status == 200, answer.json
            assert answer.headers["ETag"] != session.etag
            session.name, session.etag = name, answer.headers["ETag"]

    def rename_a_stale_state(self) -> None:
        if session := self._some_session():
            options: Any = {"token": self._token(), "headers": {"If-Match": '"stale"'}}
            answer = self.write("PATCH", f"/sessions/{session.id}", {"name": "never"}, **options)
            assert (answer.status, answer.code) == (412, "precondition_failed")

    def delete(self) -> None:
        if session := self._some_session():
            answer = self.write("DELETE", f"/sessions/{session.id}", token=self._token())
            assert answer.status == 200, answer.json
            del self.account.sessions[session.id]
            gone = self.send("GET", f"/sessions/{session.id}", token=self._token())
            assert (gone.status, gone.code) == (404, "not_found")

    def list_all(self) -> None:
        limit, cursor, found = self.rng.choice([1, 3, 200]), "", []
        while True:
            answer = self.send("GET", f"/sessions?limit={limit}{cursor}", token=self._token())
            found += [(entry["id"], entry["name"]) for entry in answer.data]
            next_cursor = answer.json["page"]["nextCursor"]
            if next_cursor is None:
                break
            cursor = f"&cursor={next_cursor}"
        assert found == [(session.id, session.name) for session in reversed(self.account.sessions.values())]

    def pry(self, other: "Caller") -> None:
        """Look for another tenant's session: it must be as if it did not exist."""
        if session := other._some_session():
            for method, body in (("GET", None), ("PATCH", {"name": "mine"}), ("DELETE", None)):
                answer = self.send(method, f"/sessions/{session.id}", body, token=self._token())
                assert (answer.status, answer.code) == (404, "not_found")

    def _token(self) -> str:
        return self.rng.choice(self.account.tokens)

    def _some_session(self) -> ModelSession | None:
        return self.rng.choice(list(self.account.sessions.values())) if self.account.sessions else None


AUDIT = b"\x02audit\x00"

ACTIONS = [
    Caller.log_in, Caller.log_in_wrongly, Caller.log_out, Caller.knock_with_an_ended_token,
    Caller.create, Caller.create, Caller.create, Caller.show, Caller.show, Caller.rename, Caller.rename,
    Caller.rename_a_stale_state, Caller.delete, Caller.list_all, Caller.sweep,
]  # fmt: skip


def check_nothing_else_is_kept(engine: Engine, accounts: list[Account], prefix: bytes) -> None:
    """Compare the whole database with the model: no record without its index, no index without its record."""
    pairs = engine.read(lambda tr: tr.get_range(prefix, prefix + b"\xff").wait())
    found = {_plain(unpack(key, len(prefix))) for key, _ in pairs if not key.startswith(prefix + AUDIT)}
    logins = {key for key in found if key[0] == "users" and key[2:3] == ("logins",)}
    expected = set()
    for account in accounts:
        expected |= {
            ("users", account.user_id),
            ("users", "by_email", account.email),
            ("users", account.user_id, "tenants", account.tenant_id),
            ("tenants", account.tenant_id),
        }
        for session_id in account.sessions:
            expected |= {("sessions", session_id), ("tenants", account.tenant_id, "sessions", session_id)}
    assert {key for key in found if key[0] not in ("receipts", "layout", "expiries", "throttle")} - logins == expected
    entries = {("users", key[3], "logins", key[4]) for key in found if key[:2] == ("expiries", "logins")}
    assert logins <= entries, "every login is in the calendar"
    assert len(logins) == sum(len(account.tokens) for account in accounts)


def _plain(key: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(part if isinstance(part, (str, bytes)) else str(part) for part in key)


def _told(answer: Answer) -> Any:
    """What an answer says, but for the request's own id."""
    if answer.status < 400:
        return answer.json
    return {**answer.json["error"], "requestId": None}
