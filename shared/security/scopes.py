"""What an API key may be allowed. An endpoint without a scope answers to people only."""

from typing import Literal, get_args

Scope = Literal["sessions:read", "sessions:write", "audit:read"]

SCOPES: tuple[str, ...] = get_args(Scope)
