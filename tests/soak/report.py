"""What was seen, as a document."""

from collections.abc import Sequence

from tests.benchmarks.report import table
from tests.soak.sampling import Kind, Kinds, Sample
from tests.soak.tally import Tally
from tests.soak.verdict import Finding, but_the_audit

LINES = 11

ABOUT = """# Soak

Written by `make soak`: four clients with an account each go round and round on one local runner, with its embedded
database and the maintenance function in it. On its clock two hours pass in a second and the maintenance function sweeps
every hour, so that what is kept for a day or a month comes and goes within minutes. A round signs in, renews the token,
makes, reads, changes and removes sessions and an API key, reads the audit, makes a dozen mistakes, and signs out, so
that as much is alive after it as before. Every answer must be the expected one.
"""

LEVELS = """## Whether it levels off

Medians of memory, the highest of all else. By the end of the second quarter all that ages has begun to go.
"""

KEPT = """## What is kept

Accounts and sessions are as many as before. Of writes there are left, each for its time: receipts for 24 to 48 hours,
the calendar of logins and API keys that may have to be ended for 30 days, attempts at a password for an hour. From then
on as much of them goes as comes, and the file takes up again what they leave. Only the audit, which is kept for ever,
grows with every write.
"""


def document(
    when: str,
    samples: Sequence[Sample],
    judged: Sequence[Finding],
    before: Kinds,
    after: Kinds,
    tally: Tally,
    left: Sequence[str],
) -> str:
    """Write it all down."""
    minutes = samples[-1].at_s / 60
    parts = [
        ABOUT,
        f"{when}: {tally.requests:,} requests in {minutes:.0f} minutes, {tally.unexpected} unexpected answers.\n",
        table(
            [
                "minute",
                "requests",
                "worker, MB",
                "threads",
                "handles",
                "database, MB",
                "audit in it",
                "other records in it",
                "log beside it, MB",
                "free pages",
            ],
            [_line(sample) for sample in _spread(samples)],
        ),
        LEVELS,
        table(
            ["what", "second quarter", "last half", "last quarter", "each 1,000 requests", "target", ""],
            [_finding(found) for found in judged],
        ),
        KEPT,
        table(["kind", "records before", "records after", "bytes after"], _kinds(before, after)),
    ]
    parts += [f"Left behind: {what}\n" for what in left]
    parts += [f"Unexpected: {what}\n" for what in tally.first_unexpected]
    return "\n".join(parts)


def _spread(samples: Sequence[Sample]) -> list[Sample]:
    step = max(1.0, (len(samples) - 1) / (LINES - 1))
    return [samples[min(len(samples) - 1, round(number * step))] for number in range(min(LINES, len(samples)))]


def _line(sample: Sample) -> list[str]:
    worker, database = sample.worker, sample.database
    return [
        f"{sample.at_s / 60:.1f}",
        f"{sample.requests:,}",
        f"{worker.rss_kib / 1024:.1f}",
        str(worker.threads),
        str(worker.handles),
        f"{database.file_bytes / 2**20:.2f}",
        f"{_audit_bytes(sample) / 2**20:.2f}",
        f"{but_the_audit(sample) / 2**20:.2f}",
        f"{database.wal_bytes / 2**20:.2f}",
        f"{database.free_pages:,}",
    ]


def _audit_bytes(sample: Sample) -> int:
    return sum(kind.size_bytes for name, kind in sample.kinds.items() if name == "audit")


def _finding(found: Finding) -> list[str]:
    figures = [
        f"{value:.1f} {found.unit}".strip() for value in (found.second_quarter, found.last_half, found.last_quarter)
    ]
    verdict = {True: "met", False: "missed", None: ""}[found.kept]
    return [found.what, *figures, f"{found.a_thousand_requests:+.3f}", found.target, verdict]


def _kinds(before: Kinds, after: Kinds) -> list[list[str]]:
    none = Kind(0, 0)
    return [
        [kind, f"{before.get(kind, none).count:,}", f"{found.count:,}", f"{found.size_bytes:,}"]
        for kind, found in sorted(after.items())
    ]
