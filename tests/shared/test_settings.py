"""Settings: each bad value is named with its variable, and stops the start."""

from pathlib import Path

import pytest

from shared.settings import BadSetting, Settings

PRODUCTION = {
    "K_SERVICE": "auth",
    "CORS_ALLOWED_ORIGINS": "https://app.example.com",
    "FDB_CLUSTER_FILE": "/etc/foundationdb/fdb.cluster",
}


def test_nothing_needs_to_be_set_on_a_laptop() -> None:
    settings = Settings.read({})

    assert settings.cors_allowed_origins == {"*"}
    assert settings.jwt_secret is None
    assert not settings.production


def test_an_empty_variable_counts_as_absent() -> None:
    assert Settings.read(dict.fromkeys(("JWT_SECRET", "LOG_LEVEL", "K_SERVICE", "DATA_DIR"), "")) == Settings.read({})


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("CORS_ALLOWED_ORIGINS", "app.example.com", "'app.example.com' is not an origin; write it as https://"),
        ("CORS_ALLOWED_ORIGINS", "https://a.example.com/path", "is not an origin"),
        ("CORS_ALLOWED_ORIGINS", "https://a.example.com,null", "'null' is not an origin"),
        ("LOG_LEVEL", "loud", "it must be DEBUG, INFO, WARNING or ERROR"),
        ("LOAD_BALANCER_ADDRESS", "api.example.com", "does not appear to be an IPv4 or IPv6 address"),
        ("TRUSTED_PROXIES", "many", "it must be a number from 0 to 10"),
        ("TRUSTED_PROXIES", "11", "it must be a number from 0 to 10"),
        ("TRUSTED_PROXIES", "-1", "it must be a number from 0 to 10"),
        ("BEHIND_GATEWAY", "yes", "it must be true or false"),
        ("BEHIND_GATEWAY", "True", "it must be true or false"),
        ("KEY_PREFIX", "x" * 65, "it must have at most 64 visible ASCII characters"),
        ("KEY_PREFIX", "é", "it must have at most 64 visible ASCII characters"),
    ],
)
def test_a_bad_value_names_its_variable_and_what_is_wrong(name: str, value: str, complaint: str) -> None:
    with pytest.raises(BadSetting) as refused:
        Settings.read({name: value})

    assert str(refused.value).startswith(f"{name}: ")
    assert complaint in str(refused.value)


@pytest.mark.parametrize("name", ["CORS_ALLOWED_ORIGINS", "FDB_CLUSTER_FILE"])
def test_production_requires_what_a_laptop_does_without(name: str) -> None:
    with pytest.raises(BadSetting, match=f"{name}: required in production"):
        Settings.read({**PRODUCTION, name: ""})


def test_values_are_read_as_what_they_are() -> None:
    settings = Settings.read(
        {
            **PRODUCTION,
            "JWT_SECRET": "s" * 32,
            "CORS_ALLOWED_ORIGINS": "https://a.example.com , http://localhost:5173,",
            "TRUSTED_PROXIES": "2",
            "KEY_PREFIX": "staging/",
            "BEHIND_GATEWAY": "true",
        }
    )

    assert settings.production
    assert settings.jwt_secret is not None
    assert settings.jwt_secret.reveal() == b"s" * 32
    assert settings.cors_allowed_origins == {"https://a.example.com", "http://localhost:5173"}
    assert settings.trusted_proxies == 2
    assert settings.key_prefix == b"staging/"
    assert settings.behind_gateway
    assert settings.fdb_cluster_file == Path("/etc/foundationdb/fdb.cluster")
