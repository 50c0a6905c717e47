"""Log lines: for Cloud Logging one JSON object each, on a laptop one readable line.

Nothing here is given bodies, queries, tokens or e-mail addresses to write. Fields of the JSON follow Cloud Logging's
structured payload: https://cloud.google.com/logging/docs/structured-logging
"""

import logging
import os
import re
import time
import traceback
from typing import Any

import msgspec

from shared.settings import Settings

log = logging.getLogger("coditect")

_MAIL_ADDRESS = re.compile(r"[^\s/@]+(@|%40)[^\s/]+")
PATH_LIMIT_CHARS = 200


def configure(settings: Settings) -> None:
    """Send this process's log lines to standard error, in the shape for where it runs; later calls change nothing."""
    if log.handlers:
        return
    handler = _Lines()
    handler.setFormatter(_CloudLine(settings.google_cloud_project) if settings.production else _LocalLine())
    log.addHandler(handler)
    log.setLevel(settings.log_level)
    log.propagate = False


def answered(
    *,
    method: str,
    path: str,
    status: int,
    size_bytes: int,
    seconds: float,
    request_id: str,
    code: str | None,
    trace: str,
) -> None:
    """Write the line of a request that was answered; `code` is the error's, `trace` the platform's trace header."""
    level = logging.ERROR if status >= 500 else logging.INFO
    if not log.isEnabledFor(level):
        return
    request = {
        "requestMethod": method,
        "requestUrl": _loggable(path),
        "status": status,
        "responseSize": str(size_bytes),
        "latency": f"{seconds:.6f}s",
    }
    fields = {"httpRequest": request, "requestId": request_id, "code": code, "traceHeader": trace}
    # Not by log.log, which searches the stack for the line that it was called from: that is always this one.
    log.handle(log.makeRecord(log.name, level, __file__, 0, "", (), None, extra=fields))


def _loggable(path: str) -> str:
    """Cut a path to what a line may hold: bounded, without addresses, unable to forge another line."""
    shown = path[:PATH_LIMIT_CHARS]
    if "@" in shown or "%" in shown:
        shown = _MAIL_ADDRESS.sub("…", shown)
    if not shown.isprintable():
        shown = "".join(char if char.isprintable() else "?" for char in shown)
    return shown


class _Lines(logging.Handler):
    """Writes each line to standard error by one call of the system, which needs no lock to keep lines whole.

    With logging's own handler a thread holds a lock while it writes, and the others queue there at every request.
    """

    def createLock(self) -> None:  # noqa: N802 (logging's name)
        """Use none."""
        self.lock = None

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record's line."""
        try:
            line = (self.format(record) + "\n").encode(errors="backslashreplace")
            while line:
                line = line[os.write(2, line) :]
        except Exception:  # noqa: BLE001 (logging's own way: a line that cannot be written fails no request)
            self.handleError(record)


class _CloudLine(logging.Formatter):
    def __init__(self, project: str) -> None:
        super().__init__()
        self.project = project

    def format(self, record: logging.LogRecord) -> str:
        request = getattr(record, "httpRequest", None)
        entry: dict[str, Any] = {"severity": record.levelname, "message": record.getMessage()}
        if request is not None:
            entry["message"] = f"{request['requestMethod']} {request['requestUrl']} {request['status']}"
            entry["httpRequest"] = request
        for name in ("requestId", "code"):
            if value := getattr(record, name, None):
                entry[name] = value
        trace = getattr(record, "traceHeader", "").partition("/")[0]
        if self.project and re.fullmatch(r"[0-9a-f]{32}", trace):
            entry["logging.googleapis.com/trace"] = f"projects/{self.project}/traces/{trace}"
        if record.exc_info:
            # Error Reporting groups what has a stack trace in this field.
            entry["stack_trace"] = "".join(traceback.format_exception(*record.exc_info))
        return msgspec.json.encode(entry).decode()


class _LocalLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        clock = time.strftime("%H:%M:%S", time.localtime(record.created))
        request = getattr(record, "httpRequest", None)
        request_id = getattr(record, "requestId", None)
        if request is None:
            line = f"{clock} {record.levelname} {record.getMessage()}"
        else:
            milliseconds = float(request["latency"][:-1]) * 1000
            code = getattr(record, "code", None)
            line = (
                f"{clock} {request['status']} {request['requestMethod']} {request['requestUrl']} {milliseconds:.1f} ms"
            )
            line += f" {code}" if code else ""
        line += f" [{request_id}]" if request_id else ""
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line
