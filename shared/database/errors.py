"""What a database answers instead of doing: FoundationDB's error codes, whichever engine says them.

https://apple.github.io/foundationdb/api-error-codes.html
"""

OPERATION_FAILED = 1000
TRANSACTION_TOO_OLD = 1007
CONFLICT = 1020
COMMIT_UNKNOWN = 1021
CANCELLED = 1025
TIMED_OUT = 1031
UNREADABLE = 1036
CLUSTER_VERSION_CHANGED = 1039
OPERATION_CANCELLED = 1101
IO_ERROR = 1510
CLIENT_INVALID_OPERATION = 2000
KEY_OUTSIDE_LEGAL_RANGE = 2004
INVERTED_RANGE = 2005
USED_DURING_COMMIT = 2017
TRANSACTION_TOO_LARGE = 2101
KEY_TOO_LARGE = 2102
VALUE_TOO_LARGE = 2103

_MEANING = {
    TRANSACTION_TOO_OLD: "the transaction is older than 5 s",
    CONFLICT: "another transaction changed what this one read",
    COMMIT_UNKNOWN: "whether the commit happened is unknown",
    CANCELLED: "the transaction was cancelled",
    OPERATION_CANCELLED: "the operation was cancelled",
    CLUSTER_VERSION_CHANGED: "the cluster changed its version while it was asked",
    TIMED_OUT: "the database did not answer in time",
    UNREADABLE: "a versionstamped key or value cannot be read before its commit",
    CLIENT_INVALID_OPERATION: "invalid operation",
    KEY_OUTSIDE_LEGAL_RANGE: "the key is in the system's range",
    INVERTED_RANGE: "the range ends before it begins",
    USED_DURING_COMMIT: "the transaction has been committed already",
    TRANSACTION_TOO_LARGE: "the transaction is larger than its limit",
    KEY_TOO_LARGE: "the key is larger than 10,000 bytes",
    VALUE_TOO_LARGE: "the value is larger than 100,000 bytes",
}


class DatabaseError(Exception):
    """An operation or a commit that the database refused; `code` is FoundationDB's."""

    def __init__(self, code: int, message: str = "") -> None:
        super().__init__(f"{message or _MEANING.get(code, 'the database failed')} ({code})")
        self.code = code

    @property
    def retryable(self) -> bool:
        """Whether the same work, begun anew, may succeed."""
        return self.code in (TRANSACTION_TOO_OLD, CONFLICT, COMMIT_UNKNOWN, CLUSTER_VERSION_CHANGED)


class UnusableDatabase(DatabaseError):
    """There is no way to use the database at all; the message says why and what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(IO_ERROR, message)
