"""Serve every function on http://localhost:8080, under the server that production uses: `python -m local`."""

import os
import socket
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import dotenv
from gunicorn.app.base import BaseApplication

from local.functions import FOLDER, load_all
from shared.settings import PROJECT, BadSetting, settings, stop

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

THREADS = 4 * (os.cpu_count() or 1)  # as functions-framework sets it


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn with threads, around all functions."""

    def __init__(self, host: str, port: int, *, reload: bool) -> None:
        self._options: dict[str, Any] = {
            "bind": f"{host}:{port}",
            "threads": THREADS,
            "loglevel": "warning",
            "timeout": 0,
            "limit_request_line": 0,
            "control_socket_disable": True,
            "reload": reload,
            "reload_extra_files": [str(main) for main in FOLDER.glob("*/main.py")],
            "post_worker_init": lambda worker: _welcome(host, port) if worker.age == 1 else None,
        }
        super().__init__()

    def load_config(self) -> None:
        """Tell gunicorn its options."""
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> "WSGIApplication":
        """Load the functions, in the process that will serve them."""
        from local.gateway import Gateway

        return Gateway(load_all())


def _welcome(host: str, port: int) -> None:
    base = f"http://{'localhost' if host == '127.0.0.1' else host}:{port}"
    print(
        f"""
Coditect backend on {base}/api/v5 (and /v5); reference on {base}/docs
Data in {settings().data_dir}; stop with Ctrl-C. Try:

  curl -X POST {base}/api/v5/auth/register \\
    -H "Content-Type: application/json" \\
    -d '{{"email":"test@example.com","password":"password123","firstName":"Test","lastName":"User"}}'
""",
        flush=True,
    )


def _port(environment: Mapping[str, str]) -> int:
    text = environment.get("PORT") or "8080"
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise BadSetting(f"PORT: {text!r} is not a port, a number from 1 to 65535")
    return int(text)


def _check_free(host: str, port: int) -> None:
    """Say at once that the port is taken, where gunicorn would try again and again."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise BadSetting(
                f"HOST, PORT: cannot listen on {host}:{port} ({error.strerror}); try another, as in: make run PORT=8081"
            ) from error


def main() -> None:
    """Serve until Ctrl-C or SIGTERM."""
    dotenv.load_dotenv(PROJECT / ".env")
    host = os.environ.get("HOST") or "127.0.0.1"
    try:
        port = _port(os.environ)
        _check_free(host, port)
    except BadSetting as error:
        stop(error)
    settings()
    _check_database()
    sys.argv = sys.argv[:1]
    Server(host, port, reload=os.environ.get("RELOAD") == "1").run()


def _check_database() -> None:
    """Open the database once, so that a file that cannot be used stops the start and not the first request."""
    from shared.database.embedded import EmbeddedDatabase
    from shared.database.errors import DatabaseError

    try:
        EmbeddedDatabase(settings().data_dir / "coditect.db").close()
    except DatabaseError as error:
        stop(error)


if __name__ == "__main__":
    main()
