"""A FoundationDB cluster of one process that a test may stop, continue and kill."""

import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.ports import free_port
from tests.server import START_LIMIT_S

FDBSERVER, FDBCLI = shutil.which("fdbserver"), shutil.which("fdbcli")


class Cluster:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._address = f"127.0.0.1:{free_port()}"
        self.cluster_file = folder / "fdb.cluster"
        self.cluster_file.write_text(f"test:test@{self._address}\n")
        (folder / "data").mkdir()
        (folder / "logs").mkdir()
        self.start()

    def start(self) -> None:
        command = [str(FDBSERVER), "-C", str(self.cluster_file), "-p", self._address, "-l", self._address]
        command += ["-d", str(self._folder / "data"), "-L", str(self._folder / "logs"), "--memory", "4GiB"]
        with (self._folder / "output.txt").open("ab") as output:
            self._process = subprocess.Popen(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL)

    def command(self, text: str) -> str:
        command = [str(FDBCLI), "-C", str(self.cluster_file), "--timeout", "10", "--exec", text]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout

    def wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_LIMIT_S
        while "available" not in self.command("status minimal").replace("unavailable", ""):
            assert time.monotonic() < deadline, (self._folder / "output.txt").read_text()

    def pause(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """Make a cluster with an empty database, and end it with the block."""
    folder.mkdir()
    made = Cluster(folder)
    try:
        made.command("configure new single ssd")
        made.wait_until_it_answers()
        yield made
    finally:
        made.kill()
