"""Servers for tests: the product's own commands as processes, each with its own data, ended by their pid."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.settings import PROJECT, Settings
from tests.client import Api

START_LIMIT_S = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def environment(data_dir: Path, **variables: str) -> dict[str, str]:
    """The environment of this process without the product's variables, and with these."""
    ours = {"HOST", "PORT", "RELOAD", "THREADS"} | {
        field.metadata["name"] for field in Settings.__dataclass_fields__.values()
    }
    inherited = {name: value for name, value in os.environ.items() if name not in ours}
    return {**inherited, "DATA_DIR": str(data_dir), "PYTHONUNBUFFERED": "1", **variables}


class Process:
    """A command that serves on a port, with all it prints in a file."""

    def __init__(self, command: list[str], port: int, environment: dict[str, str], output: Path) -> None:
        self.port = port
        self.output = output
        self.api = Api(port)
        with output.open("ab") as file:
            self.popen = subprocess.Popen(
                command, cwd=PROJECT, env=environment, stdout=file, stderr=file, stdin=subprocess.DEVNULL
            )

    def printed(self) -> str:
        return self.output.read_text(errors="replace")

    def wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_LIMIT_S
        while True:
            if self.popen.poll() is not None:
                raise AssertionError(f"the server ended:\n{self.printed()}")
            try:
                self.api.get("/health")
                return
            except OSError:
                assert time.monotonic() < deadline, f"the server does not answer:\n{self.printed()}"
                time.sleep(0.02)

    def stop(self, with_signal: int = signal.SIGTERM) -> int:
        """End the process, and return its exit status."""
        if self.popen.poll() is None:
            self.popen.send_signal(with_signal)
        return self.popen.wait(timeout=START_LIMIT_S)


@contextmanager
def local_server(data_dir: Path, output: Path, **variables: str) -> Iterator[Process]:
    """Run `python -m local` until the block ends."""
    port = free_port()
    command = [sys.executable, "-m", "local"]
    with _serving(Process(command, port, environment(data_dir, PORT=str(port), **variables), output)) as process:
        yield process


@contextmanager
def function_alone(name: str, data_dir: Path, output: Path, **variables: str) -> Iterator[Process]:
    """Run one function by itself, as `functions-framework` does in production."""
    port = free_port()
    command = [str(Path(sys.executable).with_name("functions-framework"))]
    command += ["--source", f"functions/{name}/main.py", "--target", name, "--host", "127.0.0.1", "--port", str(port)]
    with _serving(Process(command, port, environment(data_dir, **variables), output)) as process:
        yield process


@contextmanager
def _serving(process: Process) -> Iterator[Process]:
    try:
        process.wait_until_it_answers()
        yield process
    finally:
        process.stop()
