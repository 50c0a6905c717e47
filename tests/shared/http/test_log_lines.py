"""Lines of the log: whatever a request holds, one line that says what it is."""

import json
import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.logs import PATH_LIMIT_CHARS, _CloudLine, _LocalLine, _loggable, answered, configure, log
from shared.settings import Settings

TRACE = "0123456789abcdef" * 2


class Kept(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


def record_of(**request: Any) -> logging.LogRecord:
    """What is logged of a request."""
    given_fields: dict[str, Any] = {
        "method": "GET",
        "path": "/api/v5/health",
        "status": 200,
        "size_bytes": 44,
        "seconds": 0.0015,
        "request_id": "mine",
        "code": None,
        "trace": "",
    }
    kept, level = Kept(), log.level
    log.addHandler(kept)
    log.setLevel("INFO")
    try:
        answered(**(given_fields | request))
    finally:
        log.removeHandler(kept)
        log.setLevel(level)
    (record,) = kept.records
    return record


def cloud(record: logging.LogRecord, project: str = "our-project") -> dict[str, Any]:
    line = _CloudLine(project).format(record)
    assert "\n" not in line
    entry: dict[str, Any] = json.loads(line)
    return entry


def test_without_a_project_there_is_no_trace() -> None:
    assert "logging.googleapis.com/trace" not in cloud(record_of(trace=TRACE), project="")


@given(path=st.text(), method=st.text(), trace=st.text())
def test_whatever_a_request_holds_is_one_entry(path: str, method: str, trace: str) -> None:
    entry = cloud(record_of(path=path, method=method, trace=trace))

    assert entry["requestId"] == "mine"


@given(st.text())
def test_whatever_a_path_holds_is_one_line(path: str) -> None:
    line = _LocalLine().format(record_of(path=path))

    assert len(line.splitlines()) == 1
    assert len(_loggable(path)) <= PATH_LIMIT_CHARS


@given(st.emails().filter(lambda email: "/" not in email), st.sampled_from(["@", "%40"]), st.text(max_size=50))
def test_no_path_shows_an_address(email: str, at: str, around: str) -> None:
    local_part, _, domain = email.partition("@")

    shown = _loggable(f"{around} {local_part}{at}{domain}")

    assert f"{local_part}{at}" not in shown


def test_only_the_first_configuration_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "handlers", [])
    monkeypatch.setattr(log, "level", log.level)
    monkeypatch.setattr(log, "propagate", log.propagate)

    configure(Settings(log_level="WARNING"))
    configure(Settings(log_level="DEBUG", production=True))

    (handler,) = log.handlers
    assert isinstance(handler.formatter, _LocalLine)
    assert log.level == logging.WARNING
