"""The local runner by a clock on which two hours pass in a second: `python -m tests.soak.hurried`.

What is kept for a day ages in 12 seconds, and what is kept for a month in 6 minutes. Only the time that the product
writes and compares runs so fast; what it waits for is waited for in seconds as ever.
"""

import time
from datetime import UTC, datetime, tzinfo
from types import SimpleNamespace
from typing import Self
from unittest import mock

from jwt import api_jwt

from local import __main__ as runner
from local import scheduler
from shared import clock

PACE = 7200
_BEGUN_NS = time.time_ns()


def _time_ns() -> int:
    return _BEGUN_NS + PACE * (time.time_ns() - _BEGUN_NS)


class _Hurried(datetime):
    """What PyJWT asks for the time."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        return cls.fromtimestamp(_time_ns() // 1_000_000 / 1000, tz)


def _now() -> datetime:
    return datetime.fromtimestamp(_time_ns() // 1_000_000 / 1000, UTC)


if __name__ == "__main__":
    with (
        mock.patch.multiple(clock, now=_now, time=SimpleNamespace(time_ns=_time_ns)),
        mock.patch.object(api_jwt, "datetime", _Hurried),
        mock.patch.object(scheduler, "SWEEP_EVERY_S", scheduler.SWEEP_EVERY_S / PACE),
    ):
        runner.main()
