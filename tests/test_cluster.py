"""A cluster that stops, continues and dies: requests get clear answers, and what was acknowledged is there."""

import itertools
import threading
import time
from collections.abc import Iterator

import pytest

from tests.client import Answer, Api, Person, register
from tests.cluster import FDBCLI, FDBSERVER, Cluster, cluster
from tests.server import START_LIMIT_S, Process, local_server

pytestmark = pytest.mark.skipif(not (FDBSERVER and FDBCLI), reason="there is no fdbserver to start, stop and kill")

WRITERS = 4


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Cluster, Process]]:
    folder = tmp_path_factory.mktemp("cluster")
    with cluster(folder / "fdb") as made:
        variables = {"FDB_CLUSTER_FILE": str(made.cluster_file)}
        with local_server(folder / "data", folder / "output.txt", **variables) as server:
            yield made, server


def wait_until(status: int, api: Api, path: str) -> Answer:
    deadline = time.monotonic() + START_LIMIT_S
    while (answer := api.get(path)).status != status:
        assert time.monotonic() < deadline, answer.body
    return answer


def test_ready_tells_when_the_cluster_is_away_and_when_it_is_back(running: tuple[Cluster, Process]) -> None:
    made, server = running
    wait_until(200, server.api, "/ready")

    made.pause()
    away = wait_until(503, server.api, "/ready")
    made.resume()
    wait_until(200, server.api, "/ready")

    assert away.code == "not_ready"
    assert away.headers["Retry-After"]
    assert server.api.get("/health").status == 200


def test_a_request_to_a_dead_cluster_ends_in_503_and_the_worker_lives(running: tuple[Cluster, Process]) -> None:
    made, server = running
    ada = register(server.api, "ada@example.com")

    made.pause()
    answers: list[Answer] = []
    # More at once than there are threads in the server: none may hang.
    askers = [
        threading.Thread(target=lambda: answers.append(server.api.get("/sessions", token=ada.token))) for _ in range(12)
    ]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    made.resume()
    after = wait_until(200, server.api, "/ready")

    assert {(answer.status, answer.code) for answer in answers} == {(503, "unavailable")}
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in answers)
    assert "(1031)" in server.printed()
    assert after.status == 200
    assert server.api.get("/sessions", token=ada.token).status == 200


def test_what_was_acknowledged_survives_whatever_happens_to_the_cluster(running: tuple[Cluster, Process]) -> None:
    made, server = running
    person = register(server.api, "writer@example.com")
    stop = threading.Event()
    acknowledged: list[tuple[str, str]] = []
    threads = [threading.Thread(target=write, args=(person, number, stop, acknowledged)) for number in range(WRITERS)]
    for thread in threads:
        thread.start()

    for round_ in range(4):
        wait_for_more(acknowledged)
        made.pause()
        time.sleep(0.3)
        made.resume()
        wait_for_more(acknowledged)
        if round_ % 2:
            made.kill()
            made.start()
    wait_for_more(acknowledged)
    stop.set()
    for thread in threads:
        thread.join()

    listed = everything(person)
    assert len(listed) == len({name for name, _ in listed}), "nothing is there twice"
    assert set(listed) == set(acknowledged), "what was acknowledged is there, and all that is there was acknowledged"


def write(person: Person, writer: int, stop: threading.Event, acknowledged: list[tuple[str, str]]) -> None:
    """Start sessions one after the other, each under its key again and again until it is acknowledged."""
    for number in itertools.count():
        if stop.is_set():
            return
        name = f"{writer}-{number}"
        while True:
            answer = person.api.post(
                "/sessions", {"name": name}, token=person.token, headers={"Idempotency-Key": f"start-{name}"}
            )
            if answer.status == 201:
                acknowledged.append((name, answer.data["id"]))
                break
            assert (answer.status, answer.code) == (503, "unavailable")


def wait_for_more(acknowledged: list[tuple[str, str]]) -> None:
    """Wait until some more writes were acknowledged, so that what comes next happens under load."""
    enough = len(acknowledged) + 5 * WRITERS
    deadline = time.monotonic() + 2 * START_LIMIT_S
    while len(acknowledged) < enough:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def everything(person: Person) -> list[tuple[str, str]]:
    found, cursor = [], ""
    while True:
        answer = person.api.get(f"/sessions?limit=200{cursor}", token=person.token)
        found += [(entry["name"], entry["id"]) for entry in answer.data]
        if answer.json["page"]["nextCursor"] is None:
            return found
        cursor = f"&cursor={answer.json['page']['nextCursor']}"
