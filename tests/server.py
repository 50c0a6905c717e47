"""Servers for tests: the product's own commands as processes, each with its own data, ended by their pid."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import fields
from pathlib import Path

from shared.settings import PROJECT, Settings
from tests.client import Api
from tests.ports import free_port

START_LIMIT_S = 60


def environment(data_dir: Path, **variables: str) -> dict[str, str]:
    """The environment of this process without the product's variables and those of make and the server, and with these.

    The product's are there but empty, which counts as absent: so a developer's .env cannot set them.
    """
    foreign = {"MAKEFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MFLAGS", "PYTHONPATH", "THREADS", "WORKERS"}
    inherited = {name: value for name, value in os.environ.items() if name not in foreign}
    ours = dict.fromkeys(["HOST", "PORT", "RELOAD", *(field.metadata["name"] for field in fields(Settings))], "")
    del ours["THREADS"]  # functions-framework reads it too, and takes it for a number
    return {**inherited, **ours, "DATA_DIR": str(data_dir), "PYTHONUNBUFFERED": "1", **variables}


def wait_until(happened: Callable[[], object], what: str) -> None:
    """Look again and again; fails, naming what did not happen, after a time in which a busy machine would do it."""
    deadline = time.monotonic() + START_LIMIT_S
    while not happened():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


class Process:
    """A command that serves on a port, with all it prints in a file, in a process group of its own."""

    def __init__(
        self, command: list[str], port: int, environment: dict[str, str], output: Path, cwd: Path = PROJECT
    ) -> None:
        self.port = port
        self.output = output
        self.api = Api(port)
        with output.open("ab") as file:
            self.popen = subprocess.Popen(
                command,
                cwd=cwd,
                env=environment,
                stdout=file,
                stderr=file,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )

    def printed(self) -> str:
        return self.output.read_text(errors="replace")

    def signal_all(self, with_signal: int) -> None:
        """Signal the process and its descendants, as Ctrl-C in a terminal does."""
        os.killpg(self.popen.pid, with_signal)

    def is_alive(self) -> bool:
        """Whether the process or any descendant is left."""
        self.popen.poll()
        try:
            self.signal_all(0)
        except ProcessLookupError:
            return False
        return True

    def wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_LIMIT_S
        while True:
            if self.popen.poll() is not None:
                raise AssertionError(f"the server ended:\n{self.printed()}")
            try:
                self.api.get("/health")
            except OSError:
                assert time.monotonic() < deadline, f"the server does not answer:\n{self.printed()}"
                time.sleep(0.02)
            else:
                return

    def stop(self, with_signal: int = signal.SIGTERM) -> int:
        """End the process, and return its exit status."""
        if self.popen.poll() is None:
            self.popen.send_signal(with_signal)
        return self.popen.wait(timeout=START_LIMIT_S)


@contextmanager
def local_server(data_dir: Path, output: Path, module: str = "local", **variables: str) -> Iterator[Process]:
    """Run `python -m local`, or another module that serves as it does, until the block ends."""
    port = free_port()
    command = [sys.executable, "-m", module]
    with serving(Process(command, port, environment(data_dir, PORT=str(port), **variables), output)) as process:
        yield process


@contextmanager
def make_run(data_dir: Path, output: Path, *arguments: str, **variables: str) -> Iterator[Process]:
    """Run `make run` in this checkout."""
    port = free_port()
    command = ["make", "run", *arguments]
    with serving(Process(command, port, environment(data_dir, PORT=str(port), **variables), output)) as process:
        yield process


def copy_code(to: Path) -> Path:
    """Copy this checkout, without what is made in it."""
    to.mkdir()
    for name in ("functions", "local", "shared"):
        shutil.copytree(PROJECT / name, to / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("Makefile", "constraints.txt", "pyproject.toml"):
        shutil.copy(PROJECT / name, to / name)
    return to


@contextmanager
def copied_server(project: Path, output: Path, **variables: str) -> Iterator[Process]:
    """Run `python -m local` of a copy of this checkout; its .env is read."""
    variables = {"PORT": str(free_port()), "PYTHONPATH": str(project), **variables}
    given = {name: value for name, value in environment(project / ".data", **variables).items() if value}
    command = [sys.executable, "-m", "local"]
    with serving(Process(command, int(variables["PORT"]), given, output, cwd=project)) as process:
        yield process


@contextmanager
def function_alone(
    name: str, data_dir: Path, output: Path, cwd: Path = PROJECT, /, **variables: str
) -> Iterator[Process]:
    """Run one function by itself, as `functions-framework` does in production."""
    with serving(started_function(name, data_dir, output, cwd, **variables)) as process:
        yield process


def started_function(name: str, data_dir: Path, output: Path, cwd: Path = PROJECT, /, **variables: str) -> Process:
    """Start one function by itself, and do not wait for it."""
    port = free_port()
    return Process(function_command(name, port, cwd), port, environment(data_dir, **variables), output, cwd)


def function_command(name: str, port: int, cwd: Path = PROJECT) -> list[str]:
    source = Path("functions") / name / "main.py"
    framework = str(Path(sys.executable).with_name("functions-framework"))
    where = ["--source", str(source if cwd == PROJECT else PROJECT / source), "--target", name]
    return [framework, *where, "--host", "127.0.0.1", "--port", str(port)]


@contextmanager
def all_serving(processes: dict[str, Process]) -> Iterator[dict[str, Process]]:
    """Wait for servers that were started together, and end them together with the block."""
    with ExitStack() as stack:
        for process in processes.values():
            stack.enter_context(serving(process))
        yield processes
        for process in processes.values():
            process.popen.terminate()


@contextmanager
def serving(process: Process) -> Iterator[Process]:
    try:
        process.wait_until_it_answers()
        yield process
    finally:
        try:
            process.stop()
        finally:
            with suppress(ProcessLookupError):
                process.signal_all(signal.SIGKILL)
