"""The secrets that are signed with."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from shared.logs import log
from shared.security.signing import SigningKeys, fingerprint, keys_from
from shared.settings import PROJECT, BadSetting, Secret, Settings

LONG = "x" * 32
PRODUCTION = {
    "K_SERVICE": "auth",
    "CORS_ALLOWED_ORIGINS": "https://app.example.com",
    "FDB_CLUSTER_FILE": "/etc/foundationdb/fdb.cluster",
}


def test_a_development_secret_is_made_once_and_kept_private(tmp_path: Path) -> None:
    settings = Settings.read({"DATA_DIR": str(tmp_path / "data")})

    first, second = keys_from(settings), keys_from(settings)

    assert first.current.id == second.current.id
    kept = tmp_path / "data" / "jwt_secret"
    assert len(kept.read_bytes()) >= 32
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert [path.name for path in kept.parent.iterdir()] == ["jwt_secret"]


def test_processes_that_start_together_share_one_secret(tmp_path: Path) -> None:
    script = (
        "from shared.security.signing import *; from shared.settings import Settings;"
        f"print(keys_from(Settings.read({{'DATA_DIR': {str(tmp_path / 'data')!r}}})).current.id)"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", script], cwd=PROJECT, stdout=subprocess.PIPE, text=True)
        for _ in range(6)
    ]

    printed = {process.communicate()[0] for process in started}

    assert len(printed) == 1
    assert all(process.returncode == 0 for process in started)


def test_production_without_a_secret_says_what_to_do() -> None:
    with pytest.raises(BadSetting, match=r"JWT_SECRET: required in production; put a secret .*openssl rand"):
        keys_from(Settings.read(PRODUCTION))


@pytest.mark.parametrize("name", ["JWT_SECRET", "JWT_SECRET_PREVIOUS"])
def test_production_refuses_a_short_secret_without_showing_it(name: str) -> None:
    with pytest.raises(BadSetting, match=f"{name}: shorter than 32 bytes") as refused:
        keys_from(Settings.read({**PRODUCTION, "JWT_SECRET": LONG, name: "hunter2"}))

    assert "hunter2" not in str(refused.value)


def test_development_warns_of_a_short_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    warnings: list[str] = []
    monkeypatch.setattr(log, "warning", lambda text, *given: warnings.append(text % given))

    keys_from(Settings.read({"JWT_SECRET": "dev-secret"}))

    assert warnings == ["JWT_SECRET is shorter than 32 bytes: production refuses it."]


def test_a_name_without_the_package_to_read_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "google.cloud.secretmanager_v1", None)

    with pytest.raises(BadSetting, match=r"JWT_SECRET: .* needs the package google-cloud-secret-manager; install it"):
        keys_from(Settings.read({"JWT_SECRET": "projects/p/secrets/s/versions/1"}))


def test_the_previous_secret_verifies_and_signs_nothing() -> None:
    keys = SigningKeys.of(Secret(b"new" * 20), Secret(b"old" * 20))

    assert len(keys.by_id) == 2
    assert keys.by_id[keys.current.id].secret.reveal() == b"new" * 20


def test_the_id_of_a_secret_tells_nothing_of_it_and_stays_the_same() -> None:
    ids = {SigningKeys.of(Secret(LONG.encode()), None).current.id for _ in range(3)}

    assert len(ids) == 1
    assert len(ids.pop()) == 16


def test_secrets_show_nowhere() -> None:
    settings = Settings.read({"JWT_SECRET": LONG, "JWT_SECRET_PREVIOUS": LONG})
    keys = keys_from(settings)

    for shown in (repr(settings), str(settings), repr(keys), str(settings.jwt_secret), f"{settings.jwt_secret}"):
        assert LONG not in shown


def test_a_fingerprint_tells_parts_apart_wherever_they_are_cut() -> None:
    key = SigningKeys.of(Secret(LONG.encode()), None).current

    prints = {fingerprint(key, parts) for parts in ([b"ab", b"c"], [b"a", b"bc"], [b"abc"], [b"abc", b""])}

    assert len(prints) == 4
