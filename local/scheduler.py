"""Has the maintenance function called every hour, as Cloud Scheduler does in production."""

import threading
import time
from typing import TYPE_CHECKING

from werkzeug.test import Client

from local.functions import Function

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

SWEEP_EVERY_S = 60 * 60


def start(functions: list[Function]) -> None:
    """Call it now and every hour, in a thread that ends with the process: a sweep may stop at any point."""
    (maintenance,) = (function.app for function in functions if function.group.name == "maintenance")
    threading.Thread(target=_call_for_ever, args=(maintenance,), name="scheduler", daemon=True).start()


def _call_for_ever(maintenance: "WSGIApplication") -> None:
    while True:
        Client(maintenance).post("/api/v5/maintenance/sweep")
        time.sleep(SWEEP_EVERY_S)
