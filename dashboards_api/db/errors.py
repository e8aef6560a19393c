"""Classification of database errors: read-only database, unavailable database, or statement timeout."""

from django.db import DatabaseError, InterfaceError, OperationalError

from dashboards_api.errors import iter_exception_chain

_QUERY_CANCELED = "57014"
# read_only_sql_transaction and disk_full
_READ_ONLY = frozenset({"25006", "53100"})
_SQLITE_READ_ONLY = ("SQLITE_READONLY", "SQLITE_FULL", "SQLITE_IOERR", "SQLITE_CANTOPEN")


def is_read_only_error(error: BaseException) -> bool:
    """Return whether the database refused a write, because of a full disk, a read-only file or a standby server.

    Errors that are caused by load, such as lock timeouts, do not count.
    """
    return isinstance(error, DatabaseError) and any(
        getattr(each, "sqlstate", None) in _READ_ONLY
        or getattr(each, "sqlite_errorname", "").startswith(_SQLITE_READ_ONLY)
        for each in iter_exception_chain(error)
    )


def is_database_unavailable(error: BaseException) -> bool:
    """Return whether an error means that the database is temporarily unavailable."""
    return isinstance(error, OperationalError | InterfaceError) or is_read_only_error(error)


def is_statement_timeout(error: BaseException) -> bool:
    """Return whether PostgreSQL canceled a statement because of `statement_timeout`."""
    return any(getattr(each, "sqlstate", None) == _QUERY_CANCELED for each in iter_exception_chain(error))
