"""Cross-origin requests: which pages may read our answers (Fetch standard, section 3.2)."""

ALLOWED_HEADERS = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-Request-Id"
EXPOSED_HEADERS = "ETag, X-Request-Id, Retry-After, Location, Idempotent-Replayed"
# Chromium keeps a preflight no longer than two hours.
PREFLIGHT_TTL_S = 7_200

Headers = list[tuple[str, str]]


def headers(origin: str | None, allowed: frozenset[str]) -> Headers:
    """Return the headers that let a page of `origin` read an answer, if it may."""
    vary = [("Vary", "Origin")]
    if "*" in allowed:
        return [*vary, ("Access-Control-Allow-Origin", "*"), ("Access-Control-Expose-Headers", EXPOSED_HEADERS)]
    if origin in allowed and origin is not None:
        return [*vary, ("Access-Control-Allow-Origin", origin), ("Access-Control-Expose-Headers", EXPOSED_HEADERS)]
    return vary


def preflight(methods: list[str]) -> Headers:
    """Return what a preflight asks: the methods and headers that the path takes."""
    return [
        ("Access-Control-Allow-Methods", ", ".join(methods)),
        ("Access-Control-Allow-Headers", ALLOWED_HEADERS),
        ("Access-Control-Max-Age", str(PREFLIGHT_TTL_S)),
    ]
