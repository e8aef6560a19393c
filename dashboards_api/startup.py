"""Checks before a process uses a database, and the line that is printed if a check fails."""

import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, NotSupportedError, connection

from dashboards_api.data_dir import create_data_dir
from dashboards_api.db.database_url import get_sqlite_path
from dashboards_api.db.errors import is_read_only_error
from dashboards_api.environment_reader import StartError
from dashboards_api.errors import iter_exception_chain

EXIT_CODE = 2
MAX_REASON = 300
SECONDS_BETWEEN_ATTEMPTS = 1
# Errors of PostgreSQL that another attempt cannot resolve. Messages in other languages are not recognized, so
# attempts continue until the timeout.
FINAL_ERRORS = ("password authentication failed", "does not exist", "no pg_hba.conf entry", "no password supplied")


INSUFFICIENT_PRIVILEGE = "42501"
DAMAGED_CODES = ("SQLITE_CORRUPT", "SQLITE_NOTADB")

# A short password may occur in a string by chance. A longer password does not.
CHANCE_MAX_LENGTH = 7
_PASSWORD_OF_URL = re.compile(r"(://[^\s/:@]*:)\S*@")
_PASSWORD_SETTING = re.compile(r"(password\s*=\s*)('(?:\\.|[^'\\])*'|\S+)", re.IGNORECASE)


@contextmanager
def report_start_errors() -> Iterator[None]:
    """Exit with code 2 and a line on standard error if the process cannot start. `--traceback` prints the traceback."""
    try:
        yield
    except (ImproperlyConfigured, DatabaseError) as error:
        if "--traceback" in sys.argv or (isinstance(error, DatabaseError) and not is_database_unusable(error)):
            raise
        sys.stderr.write(f"Error: {join_lines(describe_error(error))}\n")
        sys.exit(EXIT_CODE)


def is_database_unusable(error: DatabaseError) -> bool:
    """Return whether an error is caused by the database itself rather than by a statement."""
    return (
        connection.connection is None
        or isinstance(error, NotSupportedError)
        or is_read_only_error(error)
        or any(
            getattr(each, "sqlstate", None) == INSUFFICIENT_PRIVILEGE
            or getattr(each, "sqlite_errorname", "").startswith(DAMAGED_CODES)
            for each in iter_exception_chain(error)
        )
    )


def describe_error(error: Exception) -> str:
    """Return the description of an error for the operator. The description of a database error names the database."""
    if not isinstance(error, DatabaseError):
        return str(error)
    if connection.vendor == "sqlite":
        name = connection.settings_dict["NAME"]
        return f"The SQLite database {name} (DATABASE_URL, or DATA_DIR) cannot be used: {as_sentence(str(error))}"
    return f"The PostgreSQL database (DATABASE_URL) cannot be used: {as_sentence(redact_password(str(error)))}"


def as_sentence(text: str) -> str:
    return text if text.rstrip().endswith((".", "?", "!")) else f"{text.rstrip()}."


def redact_password(text: str) -> str:
    """Return the text of an error without the password.

    If the password is identical to the name of the database, its user or its host, the password is removed only from
    URLs and connection strings, because other occurrences are that name.
    """
    text = _PASSWORD_SETTING.sub(r"\1***", _PASSWORD_OF_URL.sub(r"\1***@", text))
    database = connection.settings_dict
    password = database["PASSWORD"] or database.get("OPTIONS", {}).get("password", "")
    if not password or password in (database["NAME"], database["USER"], database["HOST"]):
        return text
    if len(password) > CHANCE_MAX_LENGTH:
        return text.replace(password, "***")
    return re.sub(rf"""(["'`]){re.escape(password)}\1""", r"\1***\1", text)


def join_lines(text: str) -> str:
    joined = " ".join(text.split())
    return joined if len(joined) <= MAX_REASON else f"{joined[:MAX_REASON]}…"


def wait_for_database(seconds: float) -> None:
    """Connect to the database, and wait for a PostgreSQL server that is still starting. Raises StartError."""
    deadline = time.monotonic() + seconds
    while (error := _find_connection_error()) is not None:
        if not _is_retryable(error) or time.monotonic() >= deadline:
            raise StartError(describe_error(error)) from error
        if seconds:
            sys.stderr.write(
                f"Waiting for the database, at most {seconds} seconds: {join_lines(describe_error(error))}\n"
            )
            seconds = 0  # report it once
        time.sleep(SECONDS_BETWEEN_ATTEMPTS)


def _find_connection_error() -> DatabaseError | None:
    try:
        connection.ensure_connection()
    except DatabaseError as error:
        return error
    return None


def _is_retryable(error: DatabaseError) -> bool:
    return connection.vendor == "postgresql" and not any(text in str(error) for text in FINAL_ERRORS)


def check_database() -> None:
    """Connect to the database. Raises StartError if the database is unavailable or its encoding is not UTF-8."""
    wait_for_database(0)
    if connection.vendor == "postgresql":
        encoding = (
            connection.connection.info.parameter_status("server_encoding") or "UTF8"
        )  # a pooler may not report it
        if encoding != "UTF8":
            raise StartError(
                f"The PostgreSQL database (DATABASE_URL) must be encoded in UTF8, not {encoding}. Create one with"
                f" `createdb --encoding=UTF8 --template=template0 {connection.settings_dict['NAME']}`."
            )


def prepare_data_dir() -> None:
    """Create DATA_DIR if SQLite's file belongs in it. Raises StartError."""
    file = get_sqlite_path(connection.settings_dict)
    if file and file.parent == settings.DATA_DIR.absolute():
        create_data_dir(settings.DATA_DIR)


def check_database_is_shared() -> None:
    """Raise StartError for an in-memory database, which other processes cannot access."""
    if connection.vendor == "sqlite" and get_sqlite_path(connection.settings_dict) is None:
        raise StartError("DATABASE_URL must name a file, because the processes cannot share a database in memory.")
