"""The version of the layout: of the keys and what their values mean.

    ("layout",)    the version, in digits

Records gain fields without a new version; a new one stands for a change that older code would get wrong. Code that
meets a newer one answers nothing, so that a probe of /ready fails and no traffic reaches it.
"""

from shared.database.transaction import Future, ReadTransaction, Transaction
from shared.errors import Unavailable
from shared.store.record import key

LAYOUT = 1

_is_known = False


class LayoutTooNew(Unavailable):
    """The database was written by a newer version of this service, which has to answer instead of this one."""


def find(tr: ReadTransaction) -> Future[bytes | None] | None:
    """Begin to read the version; None when this process has seen that it is ours."""
    return None if _is_known else tr.get(key("layout"))


def check(version: Future[bytes | None] | None) -> None:
    """Look at what was read; raises LayoutTooNew."""
    global _is_known
    if version is not None and (found := version.wait()) is not None:
        if int(found) > LAYOUT:
            raise LayoutTooNew
        _is_known = True


def keep(tr: Transaction, version: Future[bytes | None] | None) -> None:
    """Write the version where there is none yet: with the first write of all."""
    if version is not None and version.wait() is None:
        tr.set(key("layout"), b"%d" % LAYOUT)
