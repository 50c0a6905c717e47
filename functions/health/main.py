"""Whether the backend is alive, and whether it can do its work."""

from typing import Literal

from shared.database.errors import DatabaseError
from shared.errors import NotReady
from shared.http import PUBLIC, Group, RequestDatabase, Shape

group = Group("health")

READY_LIMIT_S = 2.0


class Health(Shape):
    """The process is up."""

    status: Literal["healthy"] = "healthy"


class Readiness(Shape):
    """The process can reach its database."""

    status: Literal["ready"] = "ready"


@group.endpoint("GET /health", access=PUBLIC)
def show_health() -> Health:
    """Say that the process is alive."""
    return Health()


@group.endpoint("GET /ready", access=PUBLIC, raises=(NotReady,))
def show_readiness(database: RequestDatabase) -> Readiness:
    """Say whether a read reaches the database."""
    try:
        database.read(lambda tr: tr.get(b"").wait(), timeout_s=READY_LIMIT_S)
    except DatabaseError as error:
        raise NotReady from error
    return Readiness()


health = group.function()
