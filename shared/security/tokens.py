"""Bearer tokens: a caller as a JSON Web Token and back (RFC 7519, HS256)."""

import functools
import warnings
from datetime import datetime
from uuid import UUID

import jwt

from shared import clock
from shared.errors import TokenExpired, Unauthenticated
from shared.security.caller import Caller
from shared.security.signing import SigningKeys

TOKEN_TTL_S = 24 * 60 * 60
TOKEN_LIMIT_CHARS = 4_096
# Of half a kilobyte each: a megabyte at most.
VERIFIED_LIMIT = 2_048
ALGORITHM = "HS256"
CLAIMS = ["sub", "tenant_id", "email", "exp", "iat", "sid"]

# Short secrets are refused or warned of where the settings are read, once, and not at every token.
warnings.filterwarnings("ignore", category=jwt.warnings.InsecureKeyLengthWarning)


def issue(keys: SigningKeys, caller: Caller, email: str, issued_at: datetime) -> str:
    """Sign a token; the same arguments give the same token."""
    issued_at_s = int(issued_at.timestamp())
    claims = {
        "sub": str(caller.user_id),
        "tenant_id": str(caller.tenant_id),
        "email": email,
        "sid": str(caller.login_id),
        "iat": issued_at_s,
        "exp": issued_at_s + TOKEN_TTL_S,
    }
    return jwt.encode(claims, keys.current.secret.reveal(), ALGORITHM, {"kid": keys.current.id})


def verify(keys: SigningKeys, token: str) -> Caller:
    """Check a token's signature and times; raises Unauthenticated, or TokenExpired."""
    if len(token) > TOKEN_LIMIT_CHARS:
        raise Unauthenticated
    caller, expires_at_s = _verified(keys, token)
    if expires_at_s <= clock.now().timestamp():
        raise TokenExpired
    return caller


# A client sends the same token again and again, and a good signature stays good: it is checked once.
@functools.lru_cache(maxsize=VERIFIED_LIMIT)
def _verified(keys: SigningKeys, token: str) -> tuple[Caller, int]:
    """Return the caller, and the instant until which the token is good."""
    try:
        key = keys.by_id[jwt.get_unverified_header(token)["kid"]]
        claims = jwt.decode(token, key.secret.reveal(), [ALGORITHM], options={"require": CLAIMS})
        caller = Caller(UUID(claims["sub"]), UUID(claims["tenant_id"]), UUID(claims["sid"]))
        return caller, int(claims["exp"])
    except jwt.ExpiredSignatureError as error:
        raise TokenExpired from error
    except (jwt.InvalidTokenError, KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise Unauthenticated("This token is not valid; sign in again.") from error
