"""A secret that a setting names instead of holding: read from Google Secret Manager, once, at the start.

On Cloud Run the platform puts secrets into the environment itself, which needs no client and no call at a cold start.
"""

import re

from shared.settings import BadSetting, Secret

FETCH_LIMIT_S = 10.0

_NAME = re.compile(r"projects/[^/]+/secrets/[^/]+/versions/[^/]+")


def resolved(variable: str, secret: Secret) -> Secret:
    """Return the secret itself, fetched when it is a name as `projects/…/secrets/…/versions/…`; raises BadSetting."""
    text = secret.reveal().decode(errors="replace")
    return _fetch(variable, text) if _NAME.fullmatch(text) else secret


def _fetch(variable: str, name: str) -> Secret:
    # Here and not above: it costs 300 ms that only who names a secret has to pay.
    try:
        from google.api_core.exceptions import GoogleAPIError
        from google.auth.exceptions import GoogleAuthError
        from google.cloud.secretmanager_v1 import SecretManagerServiceClient
    except ImportError as error:
        raise BadSetting(
            f"{variable}: a name in Secret Manager needs the package google-cloud-secret-manager; install it, or put "
            "the secret itself into the variable, as Cloud Run does"
        ) from error
    try:
        # By REST, because gRPC's threads would not survive the fork that follows.
        with SecretManagerServiceClient(transport="rest") as client:
            answer = client.access_secret_version(name=name, timeout=FETCH_LIMIT_S)
    except (GoogleAPIError, GoogleAuthError, OSError) as error:
        reason = " ".join(str(error).split())
        raise BadSetting(f"{variable}: {name} cannot be read from Secret Manager: {reason}") from error
    return Secret(answer.payload.data)
