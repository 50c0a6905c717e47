"""A line that tells how far the benchmark is, redrawn on a terminal, and one line a stage elsewhere."""

import sys
import time


class Progress:
    """Counts steps; each stage says beforehand how many it has."""

    def __init__(self, stages: dict[str, int]) -> None:
        self._stages = stages
        self._done = 0
        self._stage = ""
        self._started = time.monotonic()

    def stage(self, name: str) -> None:
        """Begin a stage."""
        earlier = list(self._stages)[: list(self._stages).index(name)]
        self._done = sum(self._stages[stage] for stage in earlier)
        self._stage = name
        if not sys.stderr.isatty():
            self._print(f"{self._so_far()} {name}\n")

    def step(self, what: str) -> None:
        """Begin a step of the stage."""
        if sys.stderr.isatty():
            self._print(f"\r\x1b[K{self._so_far()} {self._stage}: {what}")
        self._done += 1

    def end(self) -> None:
        """Leave the line."""
        self._print(f"{chr(13) + chr(27) + '[K' if sys.stderr.isatty() else ''}{self._so_far()} done\n")

    def _so_far(self) -> str:
        minutes, seconds = divmod(int(time.monotonic() - self._started), 60)
        return f"[{100 * self._done // sum(self._stages.values()):3d} %] {minutes}:{seconds:02d}"

    def _print(self, text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()
