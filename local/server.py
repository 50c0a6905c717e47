"""The server that production uses, gunicorn with threads, around all functions at once."""

import signal
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gunicorn.app.base import BaseApplication

from shared.http.worker import Worker, connections_limit
from shared.settings import PROJECT, settings

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

FOLDERS = ("functions", "local", "shared")
STOP_LIMIT_S = 10  # as Cloud Run gives


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn on `address`, calling `when_ready` once it serves; with `reload` it serves changed code anew."""

    def __init__(self, address: str, *, reload: bool, when_ready: Callable[[], None]) -> None:
        self._options: dict[str, Any] = {
            "bind": address,
            "threads": settings().threads,
            "worker_class": Worker,
            "worker_connections": connections_limit(),
            "loglevel": "error",
            "timeout": 0,
            "graceful_timeout": STOP_LIMIT_S,
            "limit_request_line": 0,
            "control_socket_disable": True,
            "reload": reload,
            "reload_extra_files": [str(file) for folder in FOLDERS for file in (PROJECT / folder).rglob("*.py")],
            "post_worker_init": self._begin,
        }
        self._when_ready = when_ready
        super().__init__()

    def load_config(self) -> None:
        """Tell gunicorn its options."""
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def _begin(self, worker: Any) -> None:
        # Ctrl-C ends as SIGTERM does: gunicorn's own quick end may interrupt the worker while it takes up a connection,
        # and then waits for it for ever.
        for each in (signal.SIGINT, signal.SIGQUIT):
            signal.signal(each, worker.handle_exit)
        if worker.age == 1:
            self._when_ready()

    def load(self) -> "WSGIApplication":
        """Load the functions, in the process that will serve them."""
        if not self.cfg.reload:
            return _gateway()
        _forget_code()
        try:
            return _gateway()
        except Exception as error:
            # The one error that gunicorn outlives: it answers with the traceback until a file changes.
            raise SyntaxError(f"{type(error).__name__}: {error}") from error


def _gateway() -> "WSGIApplication":
    from local.functions import load_all
    from local.gateway import Gateway
    from local.scheduler import start

    functions = load_all()
    start(functions)
    return Gateway(functions)


def _forget_code() -> None:
    """Have our modules read again: the process that forks the servers keeps those it began with."""
    for name in list(sys.modules):
        if name.partition(".")[0] in ("local", "shared"):
            del sys.modules[name]
