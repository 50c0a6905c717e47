"""Right answers on a database that fails: nothing lost, nothing doubled, nothing of another tenant, no leftovers."""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.engines import ENGINES, Home
from tests.faulty import FAULTS, FaultyDatabase
from tests.in_process import InProcessApi, whole_api
from tests.model import ACTIONS, Account, Caller, check_nothing_else_is_kept

CALLERS = 4
ACTIONS_EACH = 120


@contextmanager
def failing_api(engine: str, folder: Path, seed: int) -> Iterator[tuple[Home, FaultyDatabase, InProcessApi]]:
    """The whole API on a database that fails."""
    with Home(engine, folder).opened() as home:
        faulty = FaultyDatabase(home.engine, seed)
        with whole_api(faulty, folder, KEY_PREFIX=home.prefix.decode()) as api:
            yield home, faulty, api


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_several_callers_at_once_get_right_answers(engine: str, seed: int, tmp_path: Path) -> None:
    with failing_api(engine, tmp_path, seed) as (home, faulty, api):

        def live(number: int) -> Caller:
            rng = random.Random(f"{seed} {number}")
            caller = Caller(api, rng, f"caller{number}@example.com")
            for _ in range(ACTIONS_EACH):
                rng.choice(ACTIONS)(caller)
            caller.list_all()
            return caller

        with ThreadPoolExecutor(CALLERS) as pool:
            callers = list(pool.map(live, range(CALLERS)))
        for caller, other in zip(callers, callers[1:] + callers[:1], strict=True):
            caller.pry(other)

        check_nothing_else_is_kept(home.engine, [caller.account for caller in callers], home.prefix)
        assert len(faulty.injected) == len(FAULTS), "every kind of fault was met"


@pytest.mark.parametrize("engine", ENGINES)
def test_the_same_request_from_many_threads_happens_once(engine: str, tmp_path: Path) -> None:
    with failing_api(engine, tmp_path, seed=7) as (_, _, api):
        token = Caller(api, random.Random(7), "ada@example.com").account.tokens[0]

        def create(number: int) -> str:
            headers = {"Idempotency-Key": f"start-{number // 4}"}
            answer = api.request("POST", "/sessions", {"name": f"{number // 4}"}, token=token, headers=headers)
            assert answer.status == 201
            return str(answer.data["id"])

        with ThreadPoolExecutor(8) as pool:
            made = list(pool.map(create, range(80)))
        listed = api.request("GET", "/sessions?limit=200", token=token).data

    assert sorted(entry["name"] for entry in listed) == sorted(str(number) for number in range(20))
    assert {entry["id"] for entry in listed} == set(made)


@pytest.mark.parametrize("engine", ENGINES)
def test_of_changes_to_the_same_state_one_happens(engine: str, tmp_path: Path) -> None:
    with failing_api(engine, tmp_path, seed=11) as (_, _, api):
        token = Caller(api, random.Random(11), "ada@example.com").account.tokens[0]
        path = "/sessions/" + api.request("POST", "/sessions", {"name": "0"}, token=token).data["id"]

        def count_up(_: int) -> int:
            changed = 0
            for _ in range(15):
                now = api.request("GET", path, token=token)
                headers = {"If-Match": now.headers["ETag"]}
                name = str(int(now.data["name"]) + 1)
                answer = api.request("PATCH", path, {"name": name}, token=token, headers=headers)
                assert answer.status in (200, 412)
                changed += answer.status == 200
            return changed

        with ThreadPoolExecutor(4) as pool:
            changes = sum(pool.map(count_up, range(4)))

        assert api.request("GET", path, token=token).data["name"] == str(changes)


class Machine(RuleBasedStateMachine):
    """Two people take turns, in any order that hypothesis thinks of."""

    api: InProcessApi
    people = 0

    @initialize(seed=st.integers(0, 2**32))
    def register(self, seed: int) -> None:
        self.callers = []
        for _ in range(2):
            Machine.people += 1
            self.callers.append(Caller(self.api, random.Random(seed), f"person{Machine.people}@example.com"))

    @rule(who=st.integers(0, 1), action=st.sampled_from(ACTIONS))
    def act(self, who: int, action: object) -> None:
        action(self.callers[who])  # type: ignore[operator]

    @rule(who=st.integers(0, 1))
    def pry(self, who: int) -> None:
        self.callers[who].pry(self.callers[1 - who])

    def teardown(self) -> None:
        for caller in getattr(self, "callers", []):
            caller.list_all()
            Machine.accounts.append(caller.account)

    accounts: list[Account] = []  # noqa: RUF012 (of all examples together: they share one database)


@pytest.mark.parametrize("engine", ENGINES)
def test_any_order_of_requests_is_answered_as_the_model_says(engine: str, tmp_path: Path) -> None:
    with failing_api(engine, tmp_path, seed=13) as (home, _, api):
        Machine.api, Machine.accounts = api, []
        Machine.TestCase.settings = settings(
            max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        )
        Machine.TestCase().runTest()
        check_nothing_else_is_kept(home.engine, Machine.accounts, home.prefix)
