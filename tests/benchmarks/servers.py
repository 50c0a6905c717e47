"""What is measured, as real processes on 127.0.0.1: our functions, hello, and fastapi-users."""

import functools
import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from local.assemble import assemble
from shared.settings import PROJECT
from tests.ports import free_port
from tests.server import START_LIMIT_S, Process, environment

HERE = Path(__file__).parent
# Ours with what production installs and nothing more: PyJWT alone takes twice as long where it finds cryptography.
OURS = PROJECT / ".venv" / "bench" / "ours" / "bin"
RIVALS = PROJECT / ".venv" / "bench" / "rivals" / "bin"
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
POLL_S = 0.001


@dataclass(frozen=True)
class Server:
    """How to start a server, and a request that it answers with 200 once it works."""

    name: str
    variables: dict[str, str]
    data_dir: Path
    first_request: bytes

    def command(self, port: int) -> list[str]:
        if self.name == "fastapi-users":
            app = ["-m", "uvicorn", "rival:app", "--app-dir", str(HERE), "--log-level", "warning"]
            return [str(RIVALS / "python"), *app, "--host", "127.0.0.1", "--port", str(port)]
        source = HERE / "hello.py" if self.name == "hello" else image(self.name) / "main.py"
        where = ["--source", str(source), "--target", self.name, "--host", "127.0.0.1", "--port", str(port)]
        return [str(OURS / "functions-framework"), *where]


@functools.cache
def image(name: str) -> Path:
    """Put together what the image of a function holds, compiled; below DATA_DIR, which is the benchmark's own."""
    folder = Path(os.environ["DATA_DIR"]) / "images" / name
    assemble(name, folder)
    return folder


class Running:
    """A started server, and what the kernel tells about it."""

    def __init__(self, process: Process, start_s: float) -> None:
        self._process = process
        self.port = process.port
        self.start_s = start_s

    @property
    def pids(self) -> list[int]:
        """Of all its processes; the one that answers is the last."""
        main = self._process.popen.pid
        children = Path(f"/proc/{main}/task/{main}/children").read_text().split()
        return [main, *map(int, children)]

    def cpu_s(self) -> float:
        """The time of a processor that the answering process has used."""
        after_name = Path(f"/proc/{self.pids[-1]}/stat").read_text().rpartition(")")[2].split()
        return (int(after_name[11]) + int(after_name[12])) / TICKS_A_SECOND

    def memory_mb(self) -> float:
        """What the answering process has in memory (VmRSS)."""
        return _kib(Path(f"/proc/{self.pids[-1]}/status"), "VmRSS") / 1024

    def own_memory_mb(self) -> float:
        """What all its processes have in memory, pages that they share counted once (PSS)."""
        return sum(_kib(Path(f"/proc/{pid}/smaps_rollup"), "Pss") for pid in self.pids) / 1024


def _kib(path: Path, name: str) -> int:
    lines = (line.split(":", 1) for line in path.read_text().splitlines() if ":" in line)
    return int(dict(lines)[name].split()[0])


@contextmanager
def started(server: Server, output: Path) -> Iterator[Running]:
    """Run a server until the block ends; its start is timed to the first 200."""
    port = free_port()
    begun = time.perf_counter()
    process = Process(server.command(port), port, environment(server.data_dir, **server.variables), output)
    try:
        while not answers_200(port, server.first_request):
            if process.popen.poll() is not None or time.perf_counter() - begun > START_LIMIT_S:
                raise RuntimeError(f"{server.name} does not serve:\n{process.printed()}")
            time.sleep(POLL_S)
        yield Running(process, time.perf_counter() - begun)
    finally:
        process.stop()
        with suppress(ProcessLookupError):
            process.signal_all(signal.SIGKILL)


def answers_200(port: int, request: bytes) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=START_LIMIT_S) as connection:
            connection.sendall(request)
            return connection.recv(64).split(b" ")[1:2] == [b"200"]
    except OSError:
        return False
