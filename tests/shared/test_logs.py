"""Log lines: one JSON object each in production, one readable line each on a laptop, and nothing private in either."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from shared import logs
from shared.settings import Settings
from tests.client import Api, register
from tests.server import local_server

TRACE = "105445aa7843bc8bf206b12000100000"
PRODUCTION = {
    "K_SERVICE": "sessions",
    "CORS_ALLOWED_ORIGINS": "https://app.example.com",
    "FDB_CLUSTER_FILE": "/etc/foundationdb/fdb.cluster",
    "GOOGLE_CLOUD_PROJECT": "coditect",
}


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Any:
    """Log as settings say, and give what was written."""

    def write(variables: dict[str, str], *answers: dict[str, Any], error: Exception | None = None) -> list[str]:
        log = logging.Logger("test")
        monkeypatch.setattr(logs, "log", log)
        logs.configure(Settings.read(variables))
        for answer in answers:
            logs.answered(**{**ANSWER, **answer})
        if error is not None:
            log.error("It failed.", exc_info=error, extra={"requestId": "r", "code": "internal"})
        return capfd.readouterr().err.splitlines()

    return write


ANSWER: dict[str, Any] = {
    "method": "GET",
    "path": "/v5/sessions",
    "status": 200,
    "size_bytes": 12,
    "seconds": 0.0123,
    "request_id": "abc",
    "code": None,
    "trace": f"{TRACE}/1;o=1",
}


def test_production_writes_cloud_loggings_fields(written: Any) -> None:
    (line,) = written(PRODUCTION, {"status": 404, "code": "not_found"})

    assert json.loads(line) == {
        "severity": "INFO",
        "message": "GET /v5/sessions 404",
        "httpRequest": {
            "requestMethod": "GET",
            "requestUrl": "/v5/sessions",
            "status": 404,
            "responseSize": "12",
            "latency": "0.012300s",
        },
        "requestId": "abc",
        "code": "not_found",
        "logging.googleapis.com/trace": f"projects/coditect/traces/{TRACE}",
    }


def test_a_failure_of_ours_is_an_error_with_its_stack_trace_on_one_line(written: Any) -> None:
    request, cause = written(PRODUCTION, {"status": 500, "code": "internal"}, error=ValueError("why"))

    assert json.loads(request)["severity"] == "ERROR"
    assert "ValueError: why" in json.loads(cause)["stack_trace"]
    assert json.loads(cause)["requestId"] == "r"


def test_a_laptop_writes_a_readable_line(written: Any) -> None:
    (line,) = written({}, {"status": 422, "code": "invalid_request"})

    assert line.endswith(" 422 GET /v5/sessions 12.3 ms invalid_request [abc]")


@pytest.mark.parametrize("variables", [{}, PRODUCTION], ids=["laptop", "production"])
def test_a_path_cannot_forge_a_line_nor_show_an_address(written: Any, variables: dict[str, str]) -> None:
    lines = written(variables, {"path": "/v5/x\n12:00:00 200 GET /forged"}, {"path": "/users/ada@example.com/x"})

    assert len(lines) == 2
    assert "ada" not in lines[1]


def test_nothing_private_is_logged_by_a_whole_server(tmp_path: Path) -> None:
    with local_server(tmp_path / "data", tmp_path / "output.txt", LOG_LEVEL="DEBUG") as server:
        ada = register(server.api, "zebra@example.com", "very secret indeed")
        server.api.post("/auth/login", {"email": ada.email, "password": "wrong secret"})
        half = b'{"email":"zebra@example.com"'
        server.api.post("/auth/login", raw=half, headers={"Content-Type": "application/json"})
        server.api.get("/sessions?cursor=zebra@example.com", token=ada.token)
        server.api.get(f"/sessions/{ada.email}", token=ada.token)
        Api(server.port, prefix="").get("/zebra%40example.com")
        server.api.post("/auth/logout", token=ada.token)
        log = server.printed()
        secret = (tmp_path / "data" / "jwt_secret").read_text()

    assert log.count("\n") > 6
    for private in ("zebra", "secret indeed", "wrong secret", ada.token, ada.token.split(".")[2], secret):
        assert private not in log
