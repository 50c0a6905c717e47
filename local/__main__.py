"""Serve every function on http://localhost:8080, under the server that production uses: `python -m local`."""

import os
import signal
import socket
import sys
from collections.abc import Mapping

from shared.settings import PROJECT, BadSetting, settings, stop


def main() -> None:
    """Serve until Ctrl-C or SIGTERM."""
    # Until gunicorn takes Ctrl-C over, it shall end the start without a traceback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    import dotenv

    from local.server import Server

    dotenv.load_dotenv(PROJECT / ".env")
    host = os.environ.get("HOST") or "127.0.0.1"
    try:
        port = _port(os.environ)
        _check_free(host, port)
    except BadSetting as error:
        stop(error)
    _check_data()
    sys.argv = sys.argv[:1]
    reload = os.environ.get("RELOAD") == "1"
    Server(_address(host, port), reload=reload, when_ready=lambda: _welcome(host, port)).run()


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
                f"HOST, PORT: cannot listen on {_address(host, port)} ({error.strerror}); "
                "try another, as in: make run PORT=8081"
            ) from error


def _address(host: str, port: int) -> str:
    """Join host and port; brackets keep the colons of an IPv6 address apart from the port's."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _check_data() -> None:
    """Stop the start where a function would stop later: for want of its secret, or of a database that can be used."""
    from shared.database import EMBEDDED_FILE
    from shared.database.embedded import EmbeddedDatabase
    from shared.database.errors import DatabaseError
    from shared.security.signing import signing_keys

    try:
        signing_keys()
        # FoundationDB's client would not survive the fork that follows.
        if settings().fdb_cluster_file is None:
            EmbeddedDatabase(settings().data_dir / EMBEDDED_FILE).close()
    except (BadSetting, DatabaseError) as error:
        stop(error)


def _welcome(host: str, port: int) -> None:
    base = "http://" + _address("localhost" if host == "127.0.0.1" else host, port)
    print(
        f"""
Coditect backend on {base}/api/v5 (and /v5); reference on {base}/docs
Data in {settings().fdb_cluster_file or settings().data_dir}; stop with Ctrl-C. Try:

  curl -X POST {base}/api/v5/auth/register \\
    -H "Content-Type: application/json" \\
    -d '{{"email":"test@example.com","password":"password123","firstName":"Test","lastName":"User"}}'
""",
        flush=True,
    )


if __name__ == "__main__":
    main()
