"""gunicorn's threaded worker, changed so that no client can keep a thread by being slow, and none waits without end.

A thread is given a request once all of it is here; until then the connection costs a file handle and what it has sent.
When more requests wait for a thread than soon get one, the next is told to come back. docs/capacity.md has the numbers.
Threads work in turns, gunicorn's own that looks after the connections too (shared/turns.py).
"""

import contextlib
import errno
import io
import re
import resource
import secrets
import socket
import time
from concurrent.futures import Future
from functools import partial
from http import HTTPStatus
from selectors import EVENT_READ
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker

from shared.errors import BadRequest, HeadersTooLarge, Internal, Problem, RequestTimeout, Unavailable
from shared.http import answers, cors
from shared.http.body import JSON_LIMIT_BYTES
from shared.http.client_socket import ClientSocket
from shared.logs import log
from shared.settings import settings
from shared.turns import SHARE_S, TURN_LIMIT_S, Turns

QUEUED_A_THREAD = 4
"""How many requests may wait for each thread: at half a millisecond each, the last of 64 waits some 32 ms."""
ARRIVAL_LIMIT_S = 10
"""How long a request may take to arrive, and a new connection to begin one."""
SERVING_LIMIT_S = 15
"""How long a request that a thread has may go on to arrive, as when its length is not known beforehand."""
HEAD_LIMIT_BYTES = 128 * 1024
CONNECTIONS_LIMIT = 10_000
HANDLES_OF_OUR_OWN = 200

ACCEPTED_AT_ONCE = 64
_PIECE_BYTES = 64 * 1024
_HEAD_ENDS = re.compile(rb"\r?\n\r?\n")
_LENGTH = re.compile(rb"\ncontent-length:[ \t]*([0-9]{1,7})[ \t]*\r?(?=\n)", re.IGNORECASE)
_UNKNOWN_LENGTH = re.compile(rb"\n(?:transfer-encoding|expect):", re.IGNORECASE)
_ORIGIN = re.compile(rb"\norigin:[ \t]*([^\r\n]*)", re.IGNORECASE)


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """Overrides what gives a connection to a thread; the rest is gunicorn's."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._serving: dict[TConn, float] = {}
        self._queued_limit = QUEUED_A_THREAD * self.cfg.threads

    def get_thread_pool(self) -> Turns:
        """Return what runs the requests."""
        return Turns(self.cfg.threads)

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        """Wait for something to do, and do it in a turn; what is left after a share of the time is found again."""
        events = self.poller.select(min(timeout, TURN_LIMIT_S) if self.tpool.queued else timeout)
        with self.tpool.dispatching():
            until = time.monotonic() + SHARE_S
            for key, _ in events:
                key.data(key.fileobj)
                if time.monotonic() > until:
                    break

    def accept(self, listener: socket.socket) -> None:
        """Accept all connections that wait: gunicorn's own accepts one, and then looks at all others again."""
        for _ in range(ACCEPTED_AT_ONCE):
            before = self.nr_conns
            super().accept(listener)
            if self.nr_conns <= before:
                break

    def enqueue_req(self, conn: TConn) -> None:
        """Take up a connection that is new, or has something to read."""
        if not conn.initialized:
            conn.sock = ClientSocket(conn.sock)
        conn.init()
        if self._is_complete(conn):
            self._begin(conn)
        else:
            conn.timeout = time.monotonic() + ARRIVAL_LIMIT_S
            self.pending_conns.append(conn)
            self.poller.register(conn.sock, EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def on_pending_socket_readable(self, conn: TConn, client: socket.socket) -> None:
        """Read on where a request has not arrived whole; its time is not made longer by that."""
        if self._is_complete(conn):
            self.poller.unregister(client)
            self.pending_conns.remove(conn)
            self._begin(conn)

    def _is_complete(self, conn: TConn) -> bool:
        """Read what is here without waiting; tells whether a thread would have to wait for the rest."""
        buffer: io.BytesIO = conn.parser.unreader.buf
        buffer.seek(0, io.SEEK_END)
        try:
            while piece := conn.sock.recv_now(_PIECE_BYTES):
                buffer.write(piece)
                if buffer.tell() >= _needed_bytes(buffer):
                    return True
        except BlockingIOError:
            return bool(buffer.tell()) and buffer.tell() >= _needed_bytes(buffer)
        except OSError:
            pass
        # The client has gone, or says no more: a thread ends it without waiting.
        return True

    def _begin(self, conn: TConn) -> None:
        if self.tpool.queued >= self._queued_limit:
            self._turn_away(conn, Unavailable("There are too many requests at this moment; try again shortly."))
            return
        self._serving[conn] = time.monotonic() + SERVING_LIMIT_S
        super().enqueue_req(conn)

    def finish_request(self, conn: TConn, fs: "Future[Any]") -> None:
        """Go on with a connection that a thread is done with."""
        self._serving.pop(conn, None)
        super().finish_request(conn, fs)

    def murder_pending(self) -> None:
        """End the connections whose request did not arrive in time, and free the threads that wait for more of one."""
        now = time.monotonic()
        while self.pending_conns and self.pending_conns[0].timeout <= now:
            conn = self.pending_conns.popleft()
            self.poller.unregister(conn.sock)
            if conn.parser.unreader.buf.getvalue():
                self._turn_away(conn, RequestTimeout())
            else:
                self._end(conn)
        for conn, limit in list(self._serving.items()):
            if limit > now:
                break
            self._serving[conn] = float("inf")
            _stop_reading(conn.sock)

    def _turn_away(self, conn: TConn, problem: Problem) -> None:
        origin = _ORIGIN.search(conn.parser.unreader.buf.getvalue())
        with contextlib.suppress(OSError):  # it reads nothing, or has gone
            answer = error_response(problem, origin[1].decode("latin-1") if origin else None)
            conn.sock.send(answer, socket.MSG_DONTWAIT)
        self._end(conn)

    def _end(self, conn: TConn) -> None:
        self.nr_conns -= 1
        conn.close()


def _needed_bytes(buffer: io.BytesIO) -> int:
    """How much of a request has to be here before a thread takes it; more than there is, while that is not known."""
    head = buffer.getvalue()[:HEAD_LIMIT_BYTES]
    end = _HEAD_ENDS.search(head)
    if end is None:
        return HEAD_LIMIT_BYTES
    lengths = _LENGTH.findall(head, 0, end.end())
    if len(lengths) != 1 or _UNKNOWN_LENGTH.search(head, 0, end.end()):
        return end.end()
    length_bytes = int(lengths[0])
    # One that is too long is refused by its head.
    return end.end() + (length_bytes if length_bytes <= JSON_LIMIT_BYTES else 0)


def _stop_reading(sock: socket.socket) -> None:
    """Let a thread that waits for more find the end instead; it can still answer."""
    try:
        sock.shutdown(socket.SHUT_RD)
    except OSError as error:
        if error.errno not in (errno.ENOTCONN, errno.EBADF):
            raise


def connections_limit() -> int:
    """How many connections a worker can keep open: as many as it may have file handles, within reason."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS_LIMIT + HANDLES_OF_OUR_OWN
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return min(CONNECTIONS_LIMIT, wanted if soft == resource.RLIM_INFINITY else soft - HANDLES_OF_OUR_OWN)


def error_response(problem: Problem, origin: str | None = None) -> bytes:
    """Write the answer to a request that no function has seen; the connection ends with it."""
    request_id = secrets.token_hex(16)
    log.warning("%s", problem, extra={"requestId": request_id, "code": problem.code})
    content = answers.failure(problem, request_id)
    headers = cors.headers(origin, settings().cors_allowed_origins)
    headers += [("Connection", "close"), ("Content-Type", "application/json"), ("X-Content-Type-Options", "nosniff")]
    headers += [("Cache-Control", "no-store"), ("X-Request-Id", request_id), ("Content-Length", str(len(content)))]
    if problem.retry_after_s is not None:
        headers.append(("Retry-After", str(problem.retry_after_s)))
    lines = [f"HTTP/1.1 {problem.status} {HTTPStatus(problem.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join([*lines, "", ""]).encode() + content


def write_error(sock: socket.socket, status_int: int, _reason: str, _message: str) -> None:
    """Stand in for gunicorn's HTML page about a request that it could not parse, or a worker that it could not run."""
    sock.sendall(error_response(_PROBLEMS.get(status_int, BadRequest())))


_PROBLEMS: dict[int, Problem] = {431: HeadersTooLarge(), 500: Internal()}
