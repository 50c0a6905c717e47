"""What has to be done again and again: removing what has aged. Called by a scheduler, never by a client."""

import time
from collections.abc import Callable
from datetime import datetime

from shared import clock
from shared.database.transaction import Transaction
from shared.http import INTERNAL, Group, RequestDatabase, Shape
from shared.store import api_keys, logins, receipts, throttle

group = Group("maintenance")

# The scheduler waits three minutes for an answer; what is left after this is for its next call.
SWEEP_LIMIT_S = 120.0


class Swept(Shape):
    """What a sweep did: how many logins and API keys it looked at, and whether all that were due."""

    looked_at: int
    finished: bool


@group.endpoint("POST /maintenance/sweep", access=INTERNAL)
def sweep(database: RequestDatabase) -> Swept:
    """Remove expired logins, API keys, receipts and attempts, in transactions so small that it can stop after any."""
    stop_at = time.monotonic() + SWEEP_LIMIT_S
    now = clock.now()

    def sweep_ranges(tr: Transaction) -> None:
        receipts.sweep(tr, now)
        throttle.sweep(tr, now)

    database.write_again(sweep_ranges)
    looked_at = 0
    for sweep_batch in (logins.sweep, api_keys.sweep):
        while batch := _batch(database, sweep_batch, now):
            looked_at += batch
            if time.monotonic() > stop_at:
                return Swept(looked_at, finished=False)
    return Swept(looked_at, finished=True)


def _batch(database: RequestDatabase, sweep: Callable[[Transaction, datetime], int], now: datetime) -> int:
    return database.write_again(lambda tr: sweep(tr, now))


maintenance = group.function()
