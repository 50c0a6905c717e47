"""FoundationDB's limits, which both engines enforce with the same errors.

https://apple.github.io/foundationdb/known-limitations.html
"""

KEY_LIMIT_BYTES = 10_000
VALUE_LIMIT_BYTES = 100_000
TRANSACTION_LIMIT_BYTES = 10_000_000
TRANSACTION_LIFETIME_S = 5.0
"""How long a transaction may read and write after its first read: older versions are forgotten."""

REQUEST_DEADLINE_S = 10.0
"""How long one `read` or `write` may take with all its retries: less than clients wait, so that they get an answer."""
