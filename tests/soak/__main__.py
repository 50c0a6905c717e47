"""Run mixed traffic on the local runner, and watch its memory, file handles and database: `make soak`.

Writes docs/soak.md. Exits with 1 when an answer is not the expected one, or when memory, handles or what is
kept do not level off.
"""

import argparse
import os
import platform
import sys
import tempfile
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from shared.settings import PROJECT
from tests.server import Process, local_server
from tests.soak.report import document
from tests.soak.sampling import DatabaseFile, Processes, Sample, ServerEnded
from tests.soak.tally import Tally
from tests.soak.verdict import but_the_audit, findings, left_behind
from tests.soak.visitor import Visitor

VISITORS = 4
SAMPLED_EVERY_S = 10
DOCUMENT = PROJECT / "docs" / "soak.md"


def main() -> int:
    """Send the traffic, watch, judge and write; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=20)
    lasts_s = 60 * parser.parse_args().minutes
    with tempfile.TemporaryDirectory(prefix="coditect-soak-") as folder:
        data_dir = Path(folder) / "data"
        with local_server(data_dir, Path(folder) / "output.txt", "tests.soak.hurried", LOG_LEVEL="WARNING") as server:
            tally = Tally()
            visitors = [Visitor(number, server.port, tally) for number in range(VISITORS)]
            for visitor in visitors:
                visitor.open_account()
            database = DatabaseFile(data_dir)
            before = database.kinds()
            samples = watched(server, database, visitors, tally, lasts_s)
            after = database.kinds()
    judged = findings(samples, lasts_s)
    left = left_behind(before, after)
    when = f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {platform.system()} {platform.release()}"
    DOCUMENT.write_text(document(when, samples, judged, before, after, tally, left))
    sys.stdout.write(DOCUMENT.read_text())
    good = all(found.kept is not False for found in judged) and not left and not tally.unexpected
    return 0 if good else 1


def watched(
    server: Process, database: DatabaseFile, visitors: list[Visitor], tally: Tally, lasts_s: float
) -> list[Sample]:
    """Let the visitors go round, and look every few seconds; ends early when the server does."""
    processes = Processes.of(server.popen.pid)
    stop = threading.Event()
    threads = [threading.Thread(target=visitor.go_round_until, args=(stop,)) for visitor in visitors]
    for thread in threads:
        thread.start()
    begun = time.monotonic()
    samples: list[Sample] = []
    try:
        with suppress(ServerEnded):
            while (at_s := time.monotonic() - begun) < lasts_s:
                worker, master = processes.states()
                samples.append(
                    Sample(at_s, tally.requests, tally.unexpected, worker, master, database.state(), database.kinds())
                )
                tell(samples[-1])
                time.sleep(min(SAMPLED_EVERY_S, lasts_s / 20))
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    return samples


def tell(sample: Sample) -> None:
    """Print how it goes, once a minute."""
    if int(sample.at_s) % 60 < SAMPLED_EVERY_S:
        sys.stderr.write(
            f"{sample.at_s / 60:3.0f} min: {sample.requests:,} requests, {sample.unexpected} unexpected, "
            f"{sample.worker.rss_kib / 1024:.1f} MB, {sample.worker.handles} handles, "
            f"{sample.database.file_bytes / 2**20:.1f} MB kept, "
            f"{but_the_audit(sample) / 2**20:.1f} MB of it not the audit\n"
        )


if __name__ == "__main__":
    sys.exit(main())
