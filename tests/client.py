"""A client of the API for tests: plain HTTP over a real socket, one connection a request."""

import http.client
import json
import socket
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def data(self) -> Any:
        envelope = self.json
        assert envelope["success"] is True, envelope
        return envelope["data"]

    @property
    def error(self) -> Any:
        """The error of the documented envelope, checked to be of its shape."""
        envelope = self.json
        assert set(envelope) == {"success", "error"}, envelope
        assert envelope["success"] is False
        error = envelope["error"]
        assert {"code", "message", "requestId"} <= set(error) <= {"code", "message", "requestId", "details"}
        assert error["requestId"] == self.headers["X-Request-Id"]
        assert self.headers["Content-Type"] == "application/json"
        return error

    @property
    def replayed(self) -> bool:
        """Whether it is the answer of an earlier request with the same Idempotency-Key."""
        return self.headers.get("Idempotent-Replayed") == "true"

    @property
    def code(self) -> str:
        """The code of the error."""
        code: str = self.error["code"]
        return code


class Api:
    """Requests to one server; paths are below /api/v5."""

    def __init__(self, port: int, prefix: str = "/api/v5", timeout_s: float = 30) -> None:
        self.port = port
        self.prefix = prefix
        self.timeout_s = timeout_s

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str | None = None,
        headers: dict[str, str] | None = None,
        raw: bytes | None = None,
    ) -> Answer:
        """Send `body` as JSON, or `raw` as it is (name its Content-Type in `headers`)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout_s)
        sent = dict(headers or {})
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        if body is not None:
            raw = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        try:
            connection.request(method, self.prefix + path, raw, sent)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def get(self, path: str, **options: Any) -> Answer:
        return self.request("GET", path, **options)

    def post(self, path: str, body: object = None, **options: Any) -> Answer:
        return self.request("POST", path, body, **options)

    def patch(self, path: str, body: object = None, **options: Any) -> Answer:
        return self.request("PATCH", path, body, **options)

    def delete(self, path: str, **options: Any) -> Answer:
        return self.request("DELETE", path, **options)

    def send(self, sent: bytes) -> Answer:
        """Send these bytes and nothing more, whether they are a request or not."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=self.timeout_s) as connection:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            response = http.client.HTTPResponse(connection)
            response.begin()
            return Answer(response.status, response.headers, response.read())


@dataclass(frozen=True)
class Person:
    """Somebody with an account, signed in."""

    email: str
    password: str
    token: str
    user: dict[str, Any]
    api: Api

    def start_session(self, name: str = "My Project", **fields: Any) -> Any:
        answer = self.api.post("/sessions", {"name": name, **fields}, token=self.token)
        assert answer.status == 201, answer.body
        return answer.data


def register(api: Api, email: str, password: str = "password123") -> Person:
    """Open an account."""
    answer = api.post("/auth/register", {"email": email, "password": password, "firstName": "Test", "lastName": "User"})
    assert answer.status == 201, answer.body
    return Person(email, password, answer.data["token"], answer.data["user"], api)
