"""The figures as tables, on the terminal and in docs/benchmarks.md."""

import os
import platform
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from shared.store.pages import PAGE_DEFAULT
from tests.benchmarks import endpoints, growth, load, overload, starts
from tests.benchmarks.data import PEOPLE
from tests.benchmarks.overload import LOST, Accepted, Overload
from tests.benchmarks.rows import Row
from tests.benchmarks.sampling import Sample
from tests.benchmarks.servers import RIVALS

ABOUT = f"""# Benchmarks

Written by `make bench`, which measures all of it in one run and in turns (A B A B …): every ratio is the median of the
ratios of the rounds, with the lowest and the highest of them in brackets. Every server is a real process on 127.0.0.1,
one worker with the threads that functions-framework gives it; *hello* is a function that only returns
`{{"success": true}}`, on the server that functions-framework brings. Nothing here is about a network or a disk of
production. [Where the time goes](performance.md) has the profiles, and the floors of what is missed.

![The ratios and their targets](benchmarks.svg)

- Ours are folders as `local.assemble` puts them into an image, compiled.
- **Cold start** is from the start of the process to the first request answered 200, the files being in the disk's
  cache; **idle memory** is what the worker then has (VmRSS). {starts.ROUNDS} starts each.
- **CPU** is what the worker's process used (user and system, `/proc/<pid>/stat`) for each request answered in
  {load.MEASURED_S} s of wrk on {load.CONNECTIONS} kept connections, {endpoints.ROUNDS} rounds; **rate** is how many it
  answered a second meanwhile, wrk taking some of the same cores. Ours run on a worker of our own
  ([turns](decisions/2026-11-turns.md)): `GET /health`, which touches nothing, tells what that makes of hello. A run in
  which any request is lost or answered otherwise ends the benchmark. `GET /sessions` answers {PAGE_DEFAULT} sessions.
  Logins are those of {PEOPLE} accounts by turns.
- **Argon2id** is a bare verification with the same figures in a process that does nothing else: one at a time beside
  logins one at a time, and on every core at once beside logins {endpoints.LOGINS_AT_ONCE} at once.
- **fastapi-users** is the full example of its documentation on uvicorn with SQLite, its own password hash included.
- **Growth** compares {growth.FEW:,} sessions with {growth.MANY:,}: half of them one tenant's, who asks for sessions of
  its own picked at random and for the pages (of 20) that follow them; the other half in tenants of a hundred each.
  {growth.ROUNDS} rounds.
- **Overload**: logins arrive at {overload.TIMES} times the rate that was answered before, on connections of their own,
  for {overload.LASTS_S} s, whatever becomes of those before them. Reads cost about what sending them costs, so that
  nothing on the same cores can send ten times as many: {overload.READERS:,} are kept under way instead, and how long
  the accepted take is told by {overload.PROBES_A_SECOND} a second that come besides. A request without an answer in
  {load.PATIENCE_S} s is lost. *Calm* is with {overload.CALM_A_SECOND} logins or {overload.PROBES_A_SECOND} reads a
  second alone.
"""


def figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def shown(sample: Sample, digits: int = 2) -> str:
    return f"{sample.median:.{digits}f} ({sample.low:.{digits}f} to {sample.high:.{digits}f})"


def _target(row: Row) -> str:
    if row.target is None:
        return ""
    return f"{'at least' if row.at_least else 'at most'} {row.target:g}"


_VERDICTS = {True: "met", False: "missed", None: ""}


def cells(row: Row) -> list[str]:
    return [
        row.what,
        f"{figure(row.ours.median)} {row.unit}",
        f"{row.beside}: {figure(row.its.median)} {row.unit}",
        _target(row),
        shown(row.ratio),
        _VERDICTS[row.met],
    ]


HEADS = ["what", "ours", "beside", "target", "ratio", ""]
OVERLOAD_HEADS = [
    "overload",
    "sent",
    "answers",
    "accepted: median, 99 %",
    "when calm",
    "lost or 500",
    "without Retry-After",
    "",
]


def _took(accepted: Accepted) -> str:
    return f"{figure(1000 * accepted.p50_s)} ms, {figure(1000 * accepted.p99_s)} ms"


def overload_cells(found: Overload) -> list[str]:
    names = {LOST: "lost"}
    statuses = ", ".join(f"{count:,} x {names.get(status, status)}" for status, count in found.statuses.items())
    return [
        found.what,
        f"{figure(found.sent_a_second)} /s",
        statuses,
        _took(found.accepted),
        _took(found.calm),
        f"{found.broken:,}",
        f"{found.without_retry_after:,}",
        "met" if found.bad == 0 else "missed",
    ]


def table(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Write a Markdown table, its columns aligned so that it can be read as it is."""
    rows = [list(heads), *map(list, lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(heads))]
    rows.insert(1, ["-" * width for width in widths])
    padded = [" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    return "".join(f"| {line} |\n" for line in padded)


def machine() -> str:
    """Say where and when, and with which versions."""
    about_cores = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.partition(":")[2].strip() for line in about_cores if line.startswith("model name")]
    names = ("functions-framework", "flask", "gunicorn", "msgspec", "argon2-cffi")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    listing = [str(RIVALS / "python"), "-c", f"from importlib.metadata import version as v; print(*map(v, {_RIVAL}))"]
    found = subprocess.run(listing, capture_output=True, text=True, check=True).stdout.split()
    rival = ", ".join(f"{name} {its}" for name, its in zip(_RIVAL, found, strict=True))
    load_average = " / ".join(f"{average:.1f}" for average in os.getloadavg())
    model = models[0] if models else platform.machine()
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores of {model}, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}. {versions}; {rival}. Load average at the end: {load_average}."
    )


_RIVAL = ("fastapi-users", "fastapi", "uvicorn", "pwdlib")
