"""Ports for the servers of tests, of which several processes run side by side."""

import errno
import secrets
import socket

# Below those that systems give to whoever connects, and above those that browsers refuse.
PORTS = range(11_000, 30_000)

_kept: list[socket.socket] = []


def free_port() -> int:
    """Pick a port that nobody listens on, and that is given to no other test while this process runs.

    The kernel's own choice is given again as soon as it is let go, and two servers started at once got the same. A
    socket of UDP with the same number keeps it from other processes, and is in no server's way.
    """
    while True:
        port = PORTS[secrets.randbelow(len(PORTS))]
        mark = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            mark.bind(("127.0.0.1", port))
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError as error:
            mark.close()
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
        else:
            _kept.append(mark)
            return port
