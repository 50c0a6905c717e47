"""One client of the API, with an account of its own: rounds of mixed requests, each of which tidies up after itself.

What a round makes it removes: sessions, API keys and its login. So the live data stays as it is, and what grows is what
the product keeps of every write: the audit for ever, receipts and the calendar of what ends by itself for their time.
"""

import http.client
import json
import random
import re
import threading
import time
from typing import Any

from tests.soak.tally import Tally

PASSWORD = "correct horse battery"
ANSWER_LIMIT_S = 30
# The server closes a connection that idles for two seconds.
IDLE_LIMIT_S = 1.0
NEW_CONNECTION_CHANCE = 0.02
SESSIONS_A_ROUND = 3
# A hundred wrong passwords of one address in a quarter of an hour would be answered 429: four visitors make sixty.
RARE_EVERY_S = 60.0
PAUSE_AFTER_FAILURE_S = 1.0

UNKNOWN_ID = "01900000-0000-7000-8000-000000000000"
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Unexpected(Exception):
    """An answer was not the expected one: the rest of the round makes no sense."""


class Visitor:
    """A client on one kept connection, which it replaces now and then."""

    def __init__(self, number: int, port: int, tally: Tally) -> None:
        self._email = f"visitor-{number}@example.com"
        self._port = port
        self._tally = tally
        self._random = random.Random(number)
        self._connection: http.client.HTTPConnection | None = None
        self._last_used = 0.0
        self._rare_at = time.monotonic() + RARE_EVERY_S * self._random.random()
        self._made = 0

    def open_account(self) -> None:
        """Register, and sign out again, so that nothing but the account is left; raises Unexpected."""
        signed_in = self._ask("POST", "/auth/register", 201, self._account())
        self._ask("POST", "/auth/logout", 200, token=signed_in["token"])

    def go_round_until(self, stop: threading.Event) -> None:
        """Go round again and again; the last round is finished, so that it leaves nothing behind."""
        while not stop.is_set():
            try:
                self._go_round()
            except Unexpected as problem:
                self._tally.complain(str(problem))
                stop.wait(PAUSE_AFTER_FAILURE_S)
        self._disconnect()

    def _go_round(self) -> None:
        signed_in = self._ask("POST", "/auth/login", 200, {"email": self._email, "password": PASSWORD})
        token = signed_in["token"]
        refreshed = self._ask("POST", "/auth/refresh", 200, {"refreshToken": signed_in["refreshToken"]})
        self._ask("GET", "/auth/logins", 200, token=token)
        self._work_with_sessions(refreshed["token"])
        self._work_with_a_key(token)
        self._make_mistakes(token)
        if time.monotonic() > self._rare_at:
            self._rare_at = time.monotonic() + RARE_EVERY_S
            self._make_costly_mistakes()
        self._ask("GET", "/audit", 200, token=token)
        self._ask("GET", "/health", 200)
        self._ask("GET", "/ready", 200)
        self._ask("POST", "/auth/logout", 200, token=token)
        self._ask("GET", "/sessions", 401, token=token)
        self._ask("POST", "/auth/refresh", 401, {"refreshToken": refreshed["refreshToken"]})

    def _work_with_sessions(self, token: str) -> None:
        for _ in range(SESSIONS_A_ROUND):
            self._made += 1
            new = {"name": f"Session {self._made}", "workspacePath": f"/workspace/{self._made}"}
            retry = {"Idempotency-Key": f"{self._email}-{self._made}"}
            session = self._ask("POST", "/sessions", 201, new, token=token, headers=retry)
            again = self._ask("POST", "/sessions", 201, new, token=token, headers=retry)
            self._expect(again == session, "POST /sessions with the same Idempotency-Key gave another session")
            path = f"/sessions/{session['id']}"
            self._expect(self._ask("GET", path, 200, token=token) == session, f"GET {path} gave another session")
            self._ask("PATCH", path, 200, {"name": "Renamed"}, token=token)
            self._ask("PATCH", path, 412, {"name": "Again"}, token=token, headers={"If-Match": '"stale"'})
        listed = self._ask("GET", "/sessions?limit=50", 200, token=token)
        self._expect(len(listed) == SESSIONS_A_ROUND, f"GET /sessions listed {len(listed)} sessions")
        for session in listed:
            self._ask("DELETE", f"/sessions/{session['id']}", 200, token=token)
            self._ask("GET", f"/sessions/{session['id']}", 404, token=token)
        self._expect(not self._ask("GET", "/sessions", 200, token=token), "GET /sessions listed deleted sessions")

    def _work_with_a_key(self, token: str) -> None:
        wanted = {"name": "Soak", "scopes": ["sessions:read"], "expiresInDays": 1}
        made = self._ask("POST", "/auth/keys", 201, wanted, token=token)
        self._ask("GET", "/auth/keys", 200, token=token)
        self._ask("GET", "/sessions", 200, token=made["key"])
        self._ask("POST", "/sessions", 403, {"name": "Forbidden"}, token=made["key"])
        self._ask("DELETE", f"/auth/keys/{made['details']['id']}", 200, token=token)
        self._ask("GET", "/sessions", 401, token=made["key"])

    def _make_mistakes(self, token: str) -> None:
        self._ask("GET", "/sessions", 401)
        self._ask("GET", "/sessions", 401, token="no token")
        self._ask("GET", f"/sessions/{UNKNOWN_ID}", 404, token=token)
        self._ask("DELETE", f"/auth/keys/{UNKNOWN_ID}", 404, token=token)
        self._ask("GET", "/nowhere", 404, token=token)
        self._ask("POST", "/maintenance/sweep", 404)
        self._ask("POST", "/sessions", 422, {"name": ""}, token=token)
        self._ask("GET", "/sessions?limit=0", 422, token=token)
        self._ask("POST", "/auth/login", 422, {"email": "no address", "password": PASSWORD})

    def _make_costly_mistakes(self) -> None:
        """Those that cost a hash of a password, and count as guesses."""
        self._made += 1
        self._ask("POST", "/auth/login", 401, {"email": f"{self._made}-{self._email}", "password": PASSWORD})
        self._ask("POST", "/auth/register", 409, self._account())

    def _account(self) -> dict[str, str]:
        return {"email": self._email, "password": PASSWORD, "firstName": "Test", "lastName": "Visitor"}

    def _expect(self, is_so: bool, complaint: str) -> None:
        if not is_so:
            raise Unexpected(f"{self._email}: {complaint}")

    def _ask(
        self,
        method: str,
        path: str,
        expected: int,
        body: object = None,
        *,
        token: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> Any:
        """Send a request, and return the data of its answer; raises Unexpected when its status is another."""
        sent = dict(headers or {})
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        content = None
        if body is not None:
            content = json.dumps(body)
            sent["Content-Type"] = "application/json"
        try:
            status, answer = self._exchange(method, f"/api/v5{path}", content, sent)
        except (OSError, http.client.HTTPException) as error:
            self._disconnect()
            raise Unexpected(f"{self._email}: {method} {path}: no answer, {error!r}") from error
        self._tally.count(f"{method} {_UUID.sub('{id}', path.partition('?')[0])}", status)
        self._expect(status == expected, f"{method} {path}: {status} instead of {expected}, {answer[:300]!r}")
        return json.loads(answer).get("data")

    def _exchange(self, method: str, path: str, content: str | None, headers: dict[str, str]) -> tuple[int, bytes]:
        has_idled = time.monotonic() - self._last_used > IDLE_LIMIT_S
        if has_idled or self._random.random() < NEW_CONNECTION_CHANCE:
            self._disconnect()
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=ANSWER_LIMIT_S)
        self._connection.request(method, path, content, headers)
        response = self._connection.getresponse()
        answer = response.read()
        self._last_used = time.monotonic()
        return response.status, answer

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
