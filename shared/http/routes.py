"""From a path to the endpoints declared on it, under each of the prefixes that clients use."""

import re
from uuid import UUID

from shared.http.endpoint import BadDeclaration, Endpoint

PREFIXES = ("/api/v5", "/v5")
_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

Methods = dict[str, Endpoint]


class Routes:
    """The paths of some endpoints."""

    def __init__(self) -> None:
        self._fixed: dict[str, Methods] = {}
        self._patterns: dict[int, list[tuple[list[str], Methods]]] = {}

    def add(self, endpoint: Endpoint) -> None:
        """Add an endpoint; raises BadDeclaration when its method and path are taken."""
        methods = self._methods(endpoint.path)
        if endpoint.method in methods:
            raise BadDeclaration(f"{endpoint.method} {endpoint.path} is declared twice")
        methods[endpoint.method] = endpoint

    def _methods(self, path: str) -> Methods:
        if "{" not in path:
            return self._fixed.setdefault(path, {})
        segments = path.split("/")
        patterns = self._patterns.setdefault(len(segments), [])
        for known, methods in patterns:
            if known == segments:
                return methods
        patterns.append((segments, {}))
        return patterns[-1][1]

    def find(self, path: str) -> tuple[Methods, list[UUID]] | None:
        """Return the methods of a full path and the ids in it; None where there is nothing."""
        for prefix in PREFIXES:
            if path.startswith(prefix):
                return self._find(path[len(prefix) :])
        return None

    def _find(self, path: str) -> tuple[Methods, list[UUID]] | None:
        if (methods := self._fixed.get(path)) is not None:
            return methods, []
        segments = path.split("/")
        for known, methods in self._patterns.get(len(segments), []):
            if (ids := _ids(known, segments)) is not None:
                return methods, ids
        return None


def _ids(known: list[str], segments: list[str]) -> list[UUID] | None:
    """Return the ids that stand where `known` has parameters; None when the segments are others."""
    ids = []
    for name, segment in zip(known, segments, strict=True):
        if name.startswith("{"):
            if not _ID.fullmatch(segment):
                return None
            ids.append(UUID(segment))
        elif name != segment:
            return None
    return ids
