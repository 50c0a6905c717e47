"""The lines of the table: each a figure of ours, the one beside it, their ratio, and the target for that."""

from dataclasses import dataclass

from tests.benchmarks import endpoints, growth
from tests.benchmarks.endpoints import ALONE, TOGETHER
from tests.benchmarks.sampling import Sample, Samples


@dataclass(frozen=True)
class Row:
    """`target` is the most that the ratio may be, or with `at_least` the least; None where there is none."""

    what: str
    ours: Sample
    beside: str
    its: Sample
    unit: str
    target: float | None = None
    at_least: bool = False

    @property
    def ratio(self) -> Sample:
        return self.ours.over(self.its)

    @property
    def met(self) -> bool | None:
        if self.target is None:
            return None
        return self.ratio.median >= self.target if self.at_least else self.ratio.median <= self.target


def of_starts(samples: Samples, engine: str) -> list[Row]:
    rows = []
    for figure, unit, what, target in (
        ("start_ms", "ms", "cold start", 1.3),
        ("memory_mb", "MB", "idle memory", 1.5),
        ("own_memory_mb", "MB", "idle memory with its master, shared pages once", None),
    ):
        hello = samples["hello"][figure]
        for name, figures in samples.items():
            if name != "hello":
                # What the target is about is the start to the first GET /ready; a login begins with a hash.
                is_held = name.startswith("health") or (figure == "memory_mb" and not name.startswith("fastapi-users"))
                rows.append(
                    Row(f"{what}, {name}{engine}", figures[figure], "hello", hello, unit, target if is_held else None)
                )
    return rows


def of_endpoints(samples: Samples, engine: str) -> list[Row]:
    rows = [
        _cpu(samples, "GET /health", "hello", engine),
        _cpu(samples, "GET /ready", "hello", engine),
        _cpu(samples, "GET /sessions/{id}", "hello", engine, 1.4),
        _cpu(samples, "GET /sessions/{id}", "GET /health", engine),
        _cpu(samples, "GET /sessions", "hello", engine),
        _cpu(samples, "POST /sessions", "hello", engine),
        _cpu(samples, f"POST /auth/login, {ALONE}", f"Argon2id, {ALONE}", engine, 1.15),
        _cpu(samples, f"POST /auth/login, {TOGETHER}", f"Argon2id, {TOGETHER}", engine),
        _rate(samples, "GET /ready", "hello", engine),
        _rate(samples, "GET /sessions/{id}", "hello", engine),
        _rate(samples, "GET /sessions", "hello", engine),
        _rate(samples, "POST /sessions", "hello", engine),
        _rate(samples, f"POST /auth/login, {TOGETHER}", f"Argon2id, {TOGETHER}", engine),
    ]
    if f"fastapi-users login, {ALONE}" in samples:
        rows.append(_rate(samples, "GET /sessions/{id}", "fastapi-users GET /users/me", engine, 2.2))
        rows.append(_rate(samples, f"POST /auth/login, {ALONE}", f"fastapi-users login, {ALONE}", engine))
    return rows


def _cpu(samples: Samples, name: str, beside: str, engine: str, target: float | None = None) -> Row:
    ours, its = samples[name]["cpu_ms"], samples[beside]["cpu_ms"]
    return Row(f"CPU of {name}{engine}", ours, beside, its, "ms", target)


def _rate(samples: Samples, name: str, beside: str, engine: str, target: float | None = None) -> Row:
    ours, its = samples[name]["rate"], samples[beside]["rate"]
    return Row(f"rate of {name}{engine}", ours, beside, its, "/s", target, at_least=True)


def of_growth(samples: Samples, engine: str) -> list[Row]:
    few, many = growth.FEW, growth.MANY
    names = sorted({name.rpartition(" ")[0] for name in samples})
    return [
        Row(
            f"CPU of {name} among {many:,} sessions{engine}",
            samples[f"{name} {many}"]["cpu_ms"],
            f"among {few:,}",
            samples[f"{name} {few}"]["cpu_ms"],
            "ms",
            1.1,
        )
        for name in names
    ]


def login_capacity(samples: Samples) -> float:
    """How many logins a second one instance was seen to answer."""
    return samples[f"POST /auth/login, {endpoints.TOGETHER}"]["rate"].median
