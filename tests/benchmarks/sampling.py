"""Figures taken in turns: A B A B …, so that what the machine does meanwhile happens to all of them alike."""

import statistics
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from tests.benchmarks.progress import Progress

Figures = dict[str, float]
Subject = Callable[[], Figures]


@dataclass(frozen=True)
class Sample:
    """The same figure, measured once in each round."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def low(self) -> float:
        return min(self.values)

    @property
    def high(self) -> float:
        return max(self.values)

    def over(self, other: "Sample") -> "Sample":
        """The ratio to another figure, round by round: both halves of each were measured within seconds."""
        return Sample(tuple(mine / its for mine, its in zip(self.values, other.values, strict=True)))


Samples = dict[str, dict[str, Sample]]


def in_turns(subjects: Mapping[str, Subject], rounds: int, progress: Progress) -> Samples:
    """Measure every subject once a round; returns its figures by the subject's name."""
    taken: dict[str, list[Figures]] = {name: [] for name in subjects}
    for number in range(rounds):
        for name, measure in turned(subjects.items(), number):
            progress.step(name)
            taken[name].append(measure())
    return {
        name: {figure: Sample(tuple(each[figure] for each in figures)) for figure in figures[0]}
        for name, figures in taken.items()
    }


def turned(subjects: Iterable[tuple[str, Subject]], number: int) -> list[tuple[str, Subject]]:
    """Every other round backwards, so that nobody always comes after the same neighbour."""
    ordered = list(subjects)
    return ordered if number % 2 == 0 else ordered[::-1]
