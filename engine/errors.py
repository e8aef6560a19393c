"""Exception types for failures of the engine. `code` is for programs; the numbers are ClickHouse's error codes."""

import re

from dashboards_api.errors import DomainError

# Codes that mean a damaged part if a read raises them. Other errors mean damage only if the message names a part,
# because values of a query and imported files may also be truncated.
_DAMAGED_CODES = frozenset((40, 226, 228, 231, 246))
_DAMAGED = re.compile(r"while reading from part|in data part|broken parts|Cannot attach table|Load job .* failed")
_NO_SPACE = re.compile(r"No space left|File too large|Disk quota exceeded|errno: (27|28|122)\b|NOT_ENOUGH_SPACE")
_VERSION = re.compile(r"\s*\(version [^)]*\)")
# The statement at the end of a message, which contains internal names. The names of the error after it are kept.
_STATEMENT = re.compile(r"(?:: |\. )?(?:While processing|In scope|In query) .*?(?=(?:\. \([A-Z0-9_]+\))*$)", re.DOTALL)
_REPEATED_NAME = re.compile(r"(\. \([A-Z0-9_]+\))\1+$")
_PREFIX = re.compile(r"^(Code: \d+\. )?(DB::Exception: (Code: \d+\. DB::Exception: )?)?")


class EngineError(DomainError):
    """A statement that the engine could not run."""

    code = "engine_error"


class EngineUnavailable(EngineError):
    """The error for an engine that is off, does not respond, or may not be used. No result can be computed."""

    code = "engine_unavailable"


class StoreDamaged(EngineUnavailable):
    """The error for unreadable files of the store. Restore the files from a backup, or import the data again."""


class DiskFull(EngineUnavailable):
    """The error for a disk without space for further data of the store."""


class QueryTimeout(EngineError):
    code = "query_timeout"


class QueryCancelled(EngineError):
    code = "query_cancelled"


class MemoryExceeded(EngineError):
    code = "memory_exceeded"


class TooManyRows(EngineError):
    """The error for a result with more rows, or more bytes, than allowed."""

    code = "too_many_rows"


class QueryRefused(EngineError):
    """A read that would change data, or read something other than the tables."""

    code = "query_refused"


class UnknownFunction(EngineError):
    code = "unknown_function"


class InvalidQuery(EngineError):
    code = "invalid_query"


_TYPES: dict[int, type[EngineError]] = {
    46: UnknownFunction,
    81: EngineUnavailable,  # the database of ENGINE_URL does not exist
    158: TooManyRows,
    159: QueryTimeout,
    160: QueryTimeout,
    164: QueryRefused,
    191: TooManyRows,
    241: MemoryExceeded,
    243: DiskFull,
    307: TooManyRows,
    394: QueryCancelled,
    396: TooManyRows,
    497: QueryRefused,
    516: EngineUnavailable,  # the user or the password of ENGINE_URL is wrong
}


def build_error(code: int, message: str, *, reading: bool) -> EngineError:
    """Return the exception for an error code and a message from ClickHouse."""
    if _NO_SPACE.search(message):
        return DiskFull(f"The disk of the engine is full: {describe_message(message)}")
    if reading and (code in _DAMAGED_CODES or _DAMAGED.search(message)):
        return StoreDamaged(f"The store of the engine is damaged: {describe_message(message)}")
    return _TYPES.get(code, InvalidQuery)(_remove_statement(describe_message(message)))


def build_start_error(reason: str) -> EngineUnavailable:
    """Return the exception for an engine that exited before it responded."""
    if _NO_SPACE.search(reason):
        return DiskFull(f"The engine does not start because its disk is full: {describe_message(reason)}")
    if _DAMAGED.search(reason):
        return StoreDamaged(f"The engine does not start because its store is damaged: {describe_message(reason)}")
    return EngineUnavailable(f"The engine does not start: {describe_message(reason)}")


def describe_message(message: str) -> str:
    """Return ClickHouse's message without its code and version."""
    return _VERSION.sub("", _PREFIX.sub("", message.strip()))


def _remove_statement(message: str) -> str:
    return _REPEATED_NAME.sub(r"\1", _STATEMENT.sub("", message))
