"""Whether the server keeps its size: the last quarter of the samples beside the second, when it has warmed up."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from tests.soak.sampling import Kinds, Sample

MEMORY_GROWTH_LIMIT = 0.05
HANDLES_NOISE = 4
# The clients of one quarter may be a little faster than those of another.
RECORDS_GROWTH_LIMIT = 0.1
# Each round leaves of these what it found. All others are kept for a time after what they tell of is gone.
LIVE = ("sessions", "tenants", "users")

Figure = Callable[[Sample], float]


@dataclass(frozen=True)
class Finding:
    """One measure in the second quarter, the last half and the last quarter; `kept` is None when it is not judged."""

    what: str
    unit: str
    second_quarter: float
    last_half: float
    last_quarter: float
    a_thousand_requests: float
    target: str
    kept: bool | None


def but_the_audit(sample: Sample) -> int:
    """Sum the bytes of all records but the audit's, which are kept for ever."""
    return sum(kind.size_bytes for name, kind in sample.kinds.items() if name != "audit")


def quarters(samples: Sequence[Sample], lasts_s: float) -> list[list[Sample]]:
    """Sort the samples into the quarters of the run."""
    found: list[list[Sample]] = [[], [], [], []]
    for sample in samples:
        found[min(3, int(4 * sample.at_s / lasts_s))].append(sample)
    return found


def findings(samples: Sequence[Sample], lasts_s: float) -> list[Finding]:
    """Compare memory by medians, and all else by its highest."""
    _, before, third, last = quarters(samples, lasts_s)

    def compare(what: str, unit: str, of: Callable[[list[float]], float], figure: Figure) -> Finding:
        first, half, end = (of([figure(sample) for sample in part]) for part in (before, third + last, last))
        requests = _middle(third + last) - _middle(before)
        grown = 1000 * (half - first) / requests if requests else 0.0
        return Finding(what, unit, first, half, end, grown, "", None)

    def memory(what: str, figure: Figure) -> Finding:
        return compare(what, "MB", median, lambda sample: figure(sample) / 1024)

    def handles(what: str, figure: Figure) -> Finding:
        return compare(what, "", max, figure)

    return [
        _judged_memory(memory("worker, VmRSS", lambda sample: sample.worker.rss_kib)),
        _judged_memory(memory("master, VmRSS", lambda sample: sample.master.rss_kib)),
        memory("worker, PSS", lambda sample: sample.worker.pss_kib),
        memory("master, PSS", lambda sample: sample.master.pss_kib),
        _judged_handles(handles("worker, handles", lambda sample: sample.worker.handles)),
        _judged_handles(handles("master, handles", lambda sample: sample.master.handles)),
        _judged_records(compare("records but the audit", "MB", max, lambda sample: but_the_audit(sample) / 2**20)),
        compare("worker, threads", "", max, lambda sample: sample.worker.threads),
        compare("write-ahead log", "MB", max, lambda sample: sample.database.wal_bytes / 2**20),
    ]


def _middle(samples: Sequence[Sample]) -> float:
    return median(sample.requests for sample in samples)


def _judged_memory(found: Finding) -> Finding:
    kept = found.last_quarter <= found.second_quarter * (1 + MEMORY_GROWTH_LIMIT)
    return _with(found, f"at most {MEMORY_GROWTH_LIMIT:.0%} more", kept)


def _judged_handles(found: Finding) -> Finding:
    kept = found.last_quarter <= found.second_quarter + HANDLES_NOISE
    return _with(found, f"at most {HANDLES_NOISE} more", kept)


def _judged_records(found: Finding) -> Finding:
    kept = found.last_quarter <= found.second_quarter * (1 + RECORDS_GROWTH_LIMIT)
    return _with(found, f"at most {RECORDS_GROWTH_LIMIT:.0%} more", kept)


def _with(found: Finding, target: str, kept: bool) -> Finding:
    return Finding(**{**vars(found), "target": target, "kept": kept})


def left_behind(before: Kinds, after: Kinds) -> list[str]:
    """Name the kinds of live data of which there is not as much as before."""
    counts = [(kind, *(kinds[kind].count if kind in kinds else 0 for kinds in (before, after))) for kind in LIVE]
    return [f"{kind}: {first} before, {last} after" for kind, first, last in counts if first != last]
