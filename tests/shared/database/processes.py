"""Other processes on the same database: each does one of the works of `children`, told and heard line by line."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from shared.settings import PROJECT
from tests.shared.database.places import PATIENCE_S


class Child:
    """A process at work."""

    def __init__(self, command: Sequence[str]) -> None:
        self.popen = subprocess.Popen(
            command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        assert self.popen.stdin is not None
        assert self.popen.stdout is not None
        self._stdin, self._stdout = self.popen.stdin, self.popen.stdout

    def tell(self, line: str) -> None:
        self._stdin.write(line + "\n")
        self._stdin.flush()

    def hear(self) -> str:
        """The next line; empty at the end."""
        return self._stdout.readline().rstrip("\n")

    def hear_all(self) -> list[str]:
        """All lines until its end."""
        return self._stdout.read().splitlines()

    def ended(self) -> int:
        """Wait for its end, and return its exit status."""
        return self.popen.wait(PATIENCE_S)

    def kill(self) -> None:
        self.popen.kill()
        self.popen.wait(PATIENCE_S)


def command(work: str, *arguments: object) -> list[str]:
    return [sys.executable, "-m", "tests.shared.database.children", work, *map(str, arguments)]


@contextmanager
def child(work: str, *arguments: object, within: Sequence[str] = ()) -> Iterator[Child]:
    """A process that is gone after the block; `within` is a command that runs it."""
    made = Child([*within, *command(work, *arguments)])
    with made.popen:
        try:
            yield made
        finally:
            made.kill()
