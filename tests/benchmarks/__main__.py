"""Measure everything beside its reference, print the table, and keep it under docs: `make bench`."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path

from shared.settings import PROJECT, Settings
from shared.store.pages import PAGE_DEFAULT
from tests.benchmarks import endpoints, growth, overload, report, rows, starts
from tests.benchmarks.data import SESSIONS_A_TRANSACTION
from tests.benchmarks.overload import Overload
from tests.benchmarks.places import place
from tests.benchmarks.plot import svg
from tests.benchmarks.progress import Progress
from tests.benchmarks.rows import Row
from tests.engines import ENGINES

DOCS = PROJECT / "docs"
# A page and a half, so that a page of the list is a whole one.
SESSIONS = 4 * PAGE_DEFAULT
STEPS = {"starts": 25, "endpoints": 36, "overload": 2, "growth": 18 + growth.MANY // SESSIONS_A_TRANSACTION}


def on_embedded(folder: Path, progress: Progress) -> tuple[list[Row], list[Overload]]:
    """Measure everything."""
    with place("embedded", folder / "endpoints", SESSIONS, lambda _: None) as small:
        progress.stage("starts")
        found = rows.of_starts(starts.measure(small, progress), "")
        progress.stage("endpoints")
        samples = endpoints.measure(small, progress)
        found += rows.of_endpoints(samples, "")
        progress.stage("overload")
        progress.step("logins")
        overloads = [overload.of_logins(small, rows.login_capacity(samples))]
        progress.step("reads")
        overloads.append(overload.of_reads(small))
    keep(found, overloads)
    progress.stage("growth")
    found += rows.of_growth(growth.measure("embedded", folder / "growth", progress), "")
    return found, overloads


def on_foundationdb(folder: Path, progress: Progress) -> list[Row]:
    """Measure again what depends on the database."""
    with place("foundationdb", folder / "cluster", SESSIONS, lambda _: None) as small:
        progress.stage("starts on FoundationDB")
        found = rows.of_starts(starts.measure(small, progress, with_rival=False), " on FoundationDB")
        progress.stage("endpoints on FoundationDB")
        found += rows.of_endpoints(endpoints.measure(small, progress, with_rival=False), " on FoundationDB")
    progress.stage("growth on FoundationDB")
    grown = growth.measure("foundationdb", folder / "cluster-growth", progress)
    return found + rows.of_growth(grown, " on FoundationDB")


@contextmanager
def own_settings() -> Iterator[None]:
    """Do without the developer's settings: the data is written in this process, as the servers will read it."""
    for field in fields(Settings):
        os.environ.pop(field.metadata["name"], None)
    with tempfile.TemporaryDirectory(prefix="coditect-bench-") as folder:
        os.environ["DATA_DIR"] = folder
        yield


def main() -> None:
    """Measure, print and keep."""
    stages = dict(STEPS)
    if "foundationdb" in ENGINES:
        stages |= {f"{stage} on FoundationDB": STEPS[stage] for stage in ("starts", "endpoints", "growth")}
    progress = Progress(stages)
    with own_settings():
        folder = Path(os.environ["DATA_DIR"])
        found, overloads = on_embedded(folder, progress)
        tables = keep(found, overloads)
        if "foundationdb" in ENGINES:
            tables = keep(found + on_foundationdb(folder, progress), overloads)
    progress.end()
    sys.stdout.write(tables)
    if "foundationdb" not in ENGINES:
        sys.stdout.write("\nFoundationDB was not measured: FDB_CLUSTER_FILE names no cluster.\n")


def keep(found: list[Row], overloads: list[Overload]) -> str:
    """Write the documents; returns the tables. Also before each long stage, which may fail on its own."""
    tables = report.table(report.HEADS, [report.cells(row) for row in found])
    tables += "\n" + report.table(report.OVERLOAD_HEADS, [report.overload_cells(each) for each in overloads])
    (DOCS / "benchmarks.md").write_text(f"{report.ABOUT}\n{report.machine()}\n\n{tables}")
    (DOCS / "benchmarks.svg").write_text(svg([row for row in found if row.target is not None]))
    return tables


if __name__ == "__main__":
    main()
