"""Fuzz the API with schemathesis: `python -m tests.fuzz`, from `make fuzz`.

A server of its own is started, fuzzed by a user, then by an API key, and ended; on the cluster that FDB_CLUSTER_FILE
names, if it does. What it printed and what was sent stays in `.fuzz/`. The same seed tries the same again, as far as
the answers are the same.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.database import EMBEDDED_FILE
from shared.settings import PROJECT
from tests.engines import ENGINES, new_prefix, open_engine, server_variables
from tests.fuzz import callers
from tests.prefixed import cleared
from tests.server import Process, local_server

FOLDER = PROJECT / ".fuzz"
SCHEMATHESIS = PROJECT / ".venv" / "fuzz" / "bin" / "schemathesis"
CONFIGURATION = Path(__file__).with_name("schemathesis.toml")

# The user may do everything, the key a part: so the time is divided.
SHARES = {"ada": 0.75, "key": 0.25}


def main() -> int:
    """Fuzz for as long as asked, and return whether anything was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--minutes", type=float, default=2)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    with server() as process:
        key = callers.prepare(process.api, FOLDER / "callers.json")
        print(f"To repeat this: make fuzz MINUTES={arguments.minutes:g} SEED={arguments.seed}")
        found = [
            _fuzz(process, caller, key, seconds=max(1, round(60 * arguments.minutes * share)), seed=arguments.seed)
            for caller, share in SHARES.items()
        ]
    if any(found):
        print("Something was found; what was sent and what the server printed is in .fuzz/")
    return max(found)


@contextmanager
def server() -> Iterator[Process]:
    """Run the local runner until the block ends, with data of its own, and remove what is on a cluster."""
    engine, prefix = ENGINES[-1], new_prefix()
    variables = server_variables(engine, prefix)
    try:
        with local_server(FOLDER / "data", FOLDER / "server.txt", TRUSTED_PROXIES="1", **variables) as process:
            yield process
    finally:
        cleared(open_engine(engine, FOLDER / "data" / EMBEDDED_FILE), prefix)


def _fuzz(process: Process, caller: str, key: str, *, seconds: int, seed: int) -> int:
    """Fuzz as one of the callers, and return the exit status of schemathesis."""
    print(f"\nAs {caller}, for {seconds} s:", flush=True)
    base = f"http://127.0.0.1:{process.port}"
    options = {
        "url": f"{base}/api/v5",
        "seed": seed,
        "max-time": seconds,
        "auth-wfc-user": caller,
        "report": "ndjson",
        "report-ndjson-path": FOLDER / f"{caller}.ndjson",
        "generation-database": "none",
    }
    document = str(PROJECT / "docs" / "openapi.json")
    command = [str(SCHEMATHESIS), "--config-file", str(CONFIGURATION), "run", document]
    command += [f"--{name}={value}" for name, value in options.items()]
    environment = {
        **os.environ,
        "PYTHONPATH": str(PROJECT),
        "FUZZ_CALLERS": str(FOLDER / "callers.json"),
        "FUZZ_CALLER": caller,
        "FUZZ_PORT": str(process.port),
        "FUZZ_STRANGERS": json.dumps(callers.strangers_to(caller, process.api, key)),
    }
    return subprocess.run(command, cwd=PROJECT, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
