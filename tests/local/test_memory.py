"""However many people sign in at once, the memory that hashing takes is that of one hash a core."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shared.security.passwords import HASHES_AT_ONCE, places_for
from tests.client import Api, register
from tests.server import Process, function_alone

PEOPLE = 500
HASH_KIB = 19_456
# Of the server's threads, many more than run hashes: were each to keep a hash's memory, the limit would be exceeded.
THREADS = 64
# What the connections and the threads themselves take, in hashes.
REST_HASHES = 8


def memory_kib(process: Process, which: str) -> int:
    """A figure of the process that serves: VmRSS is what it has now, VmHWM the most it had."""
    pid = process.popen.pid
    (worker,) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    status = dict(line.split(":", 1) for line in Path(f"/proc/{worker}/status").read_text().splitlines())
    return int(status[which].split()[0])


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the figures come from Linux's /proc")
def test_memory_stays_flat_under_500_parallel_logins(data_dir: Path, tmp_path: Path) -> None:
    variables = {"TRUSTED_PROXIES": "1", "THREADS": str(THREADS)}
    with function_alone("auth", data_dir, tmp_path / "output.txt", **variables) as function:
        person = register(function.api, "ada@example.com")
        # The last in the queue waits for all others, on whatever machine this is.
        patient = Api(function.port, timeout_s=300)
        before_kib = memory_kib(function, "VmRSS")

        def sign_in(number: int) -> int:
            body = {"email": person.email, "password": person.password}
            headers = {"X-Forwarded-For": f"10.0.{number // 250}.{number % 250}"}
            answer = patient.post("/auth/login", body, headers=headers)
            assert answer.status == 200 or int(answer.headers["Retry-After"]) > 0
            return answer.status

        with ThreadPoolExecutor(PEOPLE) as pool:
            statuses = Counter(pool.map(sign_in, range(PEOPLE)))

        assert statuses[200] >= places_for(THREADS)
        assert statuses.keys() <= {200, 503}
        grown_kib = memory_kib(function, "VmHWM") - before_kib
        assert grown_kib < (HASHES_AT_ONCE + REST_HASHES) * HASH_KIB
