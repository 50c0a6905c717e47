"""No two servers of the tests are given the same port, whichever processes start them."""

import subprocess
import sys

PROCESSES = 2
# So many of 19,000 at random that some would be the same.
PORTS_EACH = 300

TAKE = f"""
from tests.ports import free_port
print(*(free_port() for _ in range({PORTS_EACH})), flush=True)
input()
"""


def test_no_port_is_given_twice() -> None:
    takers = [
        subprocess.Popen([sys.executable, "-c", TAKE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(PROCESSES)
    ]
    taken: list[str] = []
    for taker in takers:
        assert taker.stdout is not None
        taken += taker.stdout.readline().split()
    for taker in takers:
        taker.communicate("\n")

    assert len(taken) == PROCESSES * PORTS_EACH
    assert len(set(taken)) == len(taken)
