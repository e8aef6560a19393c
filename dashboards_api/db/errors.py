"""Tells whether a database refuses writes: a full disk, a file that is read-only, a server that stands by."""

from django.db import DatabaseError

from dashboards_api.errors import exception_chain

# read_only_sql_transaction and disk_full
_SQLSTATES = frozenset({"25006", "53100"})
_SQLITE = ("SQLITE_READONLY", "SQLITE_FULL", "SQLITE_IOERR", "SQLITE_CANTOPEN")


def is_read_only_error(error: BaseException) -> bool:
    """Whether a database error says so. One that would pass under less load, such as a lock, does not."""
    return isinstance(error, DatabaseError) and any(
        getattr(each, "sqlstate", None) in _SQLSTATES or getattr(each, "sqlite_errorname", "").startswith(_SQLITE)
        for each in exception_chain(error)
    )
