"""Whether a caller is let in: the login or the API key is looked up in the request's own transaction."""

import hmac
from collections.abc import Callable
from datetime import timedelta

from shared import clock
from shared.database.transaction import Future, ReadTransaction, Transaction
from shared.errors import Forbidden, TokenExpired, TokenRevoked
from shared.security.caller import Caller, KeyProof
from shared.store import api_keys, logins

Use = Callable[[Transaction], None]

# How exactly the time of last use is known: at most one more commit an hour.
USE_NOTED_EVERY = timedelta(hours=1)


class Admission:
    """One caller at the door of one endpoint; `scope` is what an API key needs there."""

    def __init__(self, caller: Caller, scope: str | None) -> None:
        self._caller = caller
        self._scope = scope
        self._used_at = ""
        self._value: Future[bytes | None]

    def ask(self, tr: ReadTransaction) -> None:
        """Begin to read the login or the key."""
        find = logins.find if self._caller.key is None else api_keys.find
        self._value = find(tr, self._caller.user_id, self._caller.login_id)

    def check(self) -> None:
        """Look at what was read; raises TokenRevoked, TokenExpired, Forbidden."""
        if self._caller.key is None:
            self._used_at = logins.loaded(self._value).used_at
        else:
            self._check_key(self._caller.key)

    def _check_key(self, proof: KeyProof) -> None:
        kept = api_keys.loaded(self._value)
        if kept is None or kept.tenant_id != self._caller.tenant_id or not hmac.compare_digest(kept.hash, proof.hash):
            raise TokenRevoked("This API key does not exist, or was deleted.")
        if clock.instant(kept.expires_at) <= clock.now():
            raise TokenExpired("This API key has expired; make a new one.")
        if self._scope not in kept.scopes:
            raise Forbidden(f"This API key lacks the scope {self._scope}.")
        self._used_at = kept.used_at or kept.created_at

    def use_to_note(self) -> Use | None:
        """What is to be written now that the caller was let in: once an hour, that the login or key is in use."""
        caller, now = self._caller, clock.now()
        if not self._used_at or now - clock.instant(self._used_at) < USE_NOTED_EVERY:
            return None
        note_use = logins.note_use if caller.key is None else api_keys.note_use
        return lambda tr: note_use(tr, caller.user_id, caller.login_id, now)
