"""A socket whose thread gives its turn away while it waits for the client, and does not wait for ever."""

import errno
import socket

from shared.turns import waiting

READING_LIMIT_S = 15
"""How long a client may take to read of an answer what the system does not keep for it."""


class ClientSocket(socket.socket):
    """The socket of a connection that was accepted."""

    __slots__ = ()

    def __init__(self, accepted: socket.socket) -> None:
        super().__init__(accepted.family, accepted.type, accepted.proto, accepted.detach())

    def recv_now(self, size_bytes: int) -> bytes:
        """Read what is here; raises BlockingIOError when there is nothing."""
        return super().recv(size_bytes, socket.MSG_DONTWAIT)

    def recv(self, size_bytes: int, flags: int = 0) -> bytes:
        """Read, waiting for something to be here."""
        try:
            return super().recv(size_bytes, flags | socket.MSG_DONTWAIT)
        except BlockingIOError:
            with waiting():
                return super().recv(size_bytes, flags)

    def sendall(self, content: bytes, flags: int = 0) -> None:  # type: ignore[override]  # gunicorn sends no other
        """Write all, waiting a while for the client to read where that is more than the system takes."""
        try:
            sent_bytes = super().send(content, flags | socket.MSG_DONTWAIT)
        except BlockingIOError:
            sent_bytes = 0
        if sent_bytes < len(content):
            with waiting():
                self._send_slowly(memoryview(content)[sent_bytes:])

    def _send_slowly(self, content: memoryview) -> None:
        self.settimeout(READING_LIMIT_S)
        try:
            super().sendall(content)
        except TimeoutError as error:
            raise BrokenPipeError(errno.EPIPE, "the client did not read its answer in time") from error
        self.settimeout(None)
