"""The bearer token of a request (RFC 6750), into the caller it speaks for."""

import re

from werkzeug.wrappers import Request

from shared.errors import Unauthenticated
from shared.security.api_keys import PREFIX, presented
from shared.security.caller import Caller
from shared.security.signing import SigningKeys
from shared.security.tokens import verify

_BEARER = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr] +([A-Za-z0-9._~+/-]+=*)")


def caller(request: Request, keys: SigningKeys, *, behind_gateway: bool) -> Caller | None:
    """Return who is calling, None without an Authorization header; raises Unauthenticated, TokenExpired.

    API Gateway puts a token of its own in Authorization, and the caller's in X-Forwarded-Authorization.
    """
    header = request.environ.get("HTTP_X_FORWARDED_AUTHORIZATION" if behind_gateway else "HTTP_AUTHORIZATION")
    if header is None:
        return None
    match = _BEARER.fullmatch(header)
    if match is None:
        # Several headers arrive joined by commas, and match no token either.
        raise Unauthenticated("Send one Authorization header, of the form 'Bearer TOKEN'.")
    token = match[1]
    return presented(token) if token.startswith(PREFIX) else verify(keys, token)
