"""What has aged is removed, whoever calls the sweep and however it ends; what lives stays."""

import signal
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from fdb.tuple import unpack

from shared import clock
from shared.database import EMBEDDED_FILE
from shared.database.embedded import EmbeddedDatabase
from shared.database.transaction import Transaction
from shared.store import logins
from shared.store.expiries import BATCH
from shared.store.logins import IDLE_LIMIT, LIFE_LIMIT, Login
from tests.client import Api
from tests.engines import ENGINES, Home
from tests.faulty import FaultyDatabase
from tests.functions.conftest import Account, Clock, SignedIn
from tests.in_process import InProcessApi, whole_api
from tests.server import function_alone, local_server, wait_until

KEY_DAYS = 7
KEY = {"name": "CI", "scopes": ["sessions:read"], "expiresInDays": KEY_DAYS}


def kept(home: Home) -> "Counter[str]":
    """How many records of each kind there are."""
    pairs = home.engine.read(lambda tr: tr.get_range(home.prefix, home.prefix + b"\xff").wait())
    keys = [unpack(key, len(home.prefix)) for key, _ in pairs if not key.startswith(home.prefix + b"\x02audit")]
    return Counter(str(key[2]) if key[0] == "users" and len(key) > 3 else str(key[0]) for key in keys)


def swept(api: InProcessApi) -> Any:
    answer = api.sweep()
    assert answer.status == 200
    return answer.data


def test_a_login_that_nobody_renewed_is_removed(eve: Account, laptop: SignedIn, home: Home, time: Clock) -> None:
    time.forward(days=IDLE_LIMIT.days + 1)

    assert swept(eve.api) == {"lookedAt": 1, "finished": True}

    assert kept(home)["logins"] == kept(home)["expiries"] == 0
    assert eve.refresh(laptop).code == "token_revoked"
    assert swept(eve.api) == {"lookedAt": 0, "finished": True}


def test_a_login_that_was_renewed_lives_until_its_own_end(eve: Account, laptop: SignedIn, time: Clock) -> None:
    renewals = 0
    while True:
        time.forward(days=20)
        swept(eve.api)
        answer = eve.refresh(laptop)
        if answer.status != 200:
            break
        laptop = SignedIn(answer.data["token"], answer.data["refreshToken"])
        renewals += 1

    assert answer.code == "token_revoked", "it was removed, not only refused"
    assert 20 * (renewals + 1) > LIFE_LIMIT.days >= 20 * renewals


def test_an_expired_key_is_listed_for_a_month_and_then_removed(
    eve: Account, laptop: SignedIn, home: Home, time: Clock
) -> None:
    key = eve.api.request("POST", "/auth/keys", KEY, token=laptop.token).data["key"]
    time.forward(days=KEY_DAYS + 29)
    swept(eve.api)
    assert eve.api.request("GET", "/sessions", token=key).code == "token_expired"

    time.forward(days=3)
    swept(eve.api)

    assert eve.api.request("GET", "/sessions", token=key).code == "token_revoked"
    assert kept(home)["keys"] == 0


def test_a_deleted_keys_entry_is_removed_on_its_day(eve: Account, laptop: SignedIn, home: Home, time: Clock) -> None:
    made = eve.api.request("POST", "/auth/keys", KEY, token=laptop.token).data["details"]["id"]
    eve.api.request("DELETE", f"/auth/keys/{made}", token=laptop.token)

    time.forward(days=365)
    swept(eve.api)

    assert kept(home)["expiries"] == 0


def test_attempts_and_receipts_are_removed_and_accounts_stay(eve: Account, home: Home, time: Clock) -> None:
    token = eve.register().token
    eve.api.request("POST", "/sessions", {"name": "kept"}, token=token)
    eve.try_to_sign_in("a wrong guess")
    before = kept(home)
    swept(eve.api)
    assert kept(home) == before

    time.forward(days=3)
    swept(eve.api)

    assert kept(home) == before - Counter(receipts=before["receipts"], throttle=before["throttle"])


def sign_in_often(home: Home, times: int, at: datetime) -> list[UUID]:
    """Make logins of many users that began at an instant, and return the users."""
    users = [clock.uuid7() for _ in range(times)]
    moment = clock.text(at)
    login = Login(UUID(int=0), "", "192.0.2.1", moment, moment, moment)

    def add(part: list[UUID]) -> None:
        def work(tr: Transaction) -> None:
            for user_id in part:
                logins.add(tr, user_id, user_id, login)

        home.engine.write(work)

    for start in range(0, times, 500):
        add(users[start : start + 500])
    return users


def test_sweeps_at_the_same_time_remove_everything_that_is_due(here: InProcessApi, home: Home) -> None:
    sign_in_often(home, 5 * BATCH, clock.now() - IDLE_LIMIT - timedelta(days=2))
    sign_in_often(home, 3, clock.now())

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: swept(here), range(4)))

    assert kept(home)["logins"] == kept(home)["expiries"] == 3
    assert all(answer["finished"] for answer in answers)
    assert sum(answer["lookedAt"] for answer in answers) == 5 * BATCH, "nothing is looked at twice"


@pytest.mark.parametrize("engine", ENGINES)
def test_a_sweep_on_a_failing_database_removes_what_is_due_and_nothing_else(engine: str, tmp_path: Path) -> None:
    with Home(engine, tmp_path).opened() as home:
        faulty = FaultyDatabase(home.engine, seed=5)
        with whole_api(faulty, tmp_path, KEY_PREFIX=home.prefix.decode()) as api:
            sign_in_often(home, 10 * BATCH, clock.now() - IDLE_LIMIT - timedelta(days=2))
            sign_in_often(home, 3, clock.now())

            assert swept(api)["finished"]

            assert faulty.injected
            assert kept(home)["logins"] == kept(home)["expiries"] == 3


def test_a_sweep_that_takes_too_long_is_finished_by_the_next(
    here: InProcessApi, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in_often(home, 2 * BATCH + 1, clock.now() - IDLE_LIMIT - timedelta(days=2))
    with monkeypatch.context() as patch:
        patch.setitem(here.handlers["sweep"].__globals__, "SWEEP_LIMIT_S", 0.0)
        assert swept(here) == {"lookedAt": BATCH, "finished": False}

    assert swept(here) == {"lookedAt": BATCH + 1, "finished": True}


def test_a_sweep_that_is_killed_leaves_nothing_half_done(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    home = Home("embedded", data, prefix=b"coditect/")
    home.engine = EmbeddedDatabase(data / EMBEDDED_FILE)
    expired = sign_in_often(home, 150 * BATCH, clock.now() - IDLE_LIMIT - timedelta(days=2))
    alive = sign_in_often(home, 3, clock.now())
    interrupted = 0

    for place in range(1, 100 * BATCH, 33 * BATCH):
        with function_alone("maintenance", data, tmp_path / "output.txt") as process, ThreadPoolExecutor() as pool:
            answer = pool.submit(_swept_or_cut, process.api)
            while not answer.done() and has_login(home, expired[place]):
                pass
            process.signal_all(signal.SIGKILL)
            interrupted += answer.result() is None
        counts = kept(home)
        assert counts["logins"] == counts["expiries"], "a record and its entry go together"
    assert interrupted

    with function_alone("maintenance", data, tmp_path / "output.txt") as process:
        assert process.api.post("/maintenance/sweep").data["finished"]
    assert kept(home)["logins"] == len(alive)
    home.engine.close()


def has_login(home: Home, user_id: UUID) -> bool:
    return home.engine.read(lambda tr: logins.find(tr, user_id, user_id).wait()) is not None


def _swept_or_cut(api: Api) -> Any:
    try:
        return api.post("/maintenance/sweep").data
    except OSError:
        return None


@pytest.mark.direct
def test_the_gateway_knows_no_way_to_it(api: Api) -> None:
    answers = [api.post(path) for path in ("/maintenance/sweep", "/maintenance/nothing")]

    assert [answer.code for answer in answers] == ["not_found", "not_found"]
    assert answers[0].error["message"] == answers[1].error["message"]


def test_the_local_runner_sweeps_by_itself(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    home = Home("embedded", data, prefix=b"coditect/")
    home.engine = EmbeddedDatabase(data / EMBEDDED_FILE)
    sign_in_often(home, 2, clock.now() - IDLE_LIMIT - timedelta(days=2))

    with local_server(data, tmp_path / "output.txt"):
        wait_until(lambda: kept(home)["logins"] == 0, "expired logins are removed")
    home.engine.close()
