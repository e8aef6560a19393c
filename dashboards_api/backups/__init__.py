"""Backups of an embedded database (SQLite) in one file, and their way back. PostgreSQL has its own programs for that.

A backup holds the database and nothing else: not the secret key, which would make every copy of it a key to every
session. Without the key nothing is lost; sessions, set-up links and open locks of shared links end.
"""

from pathlib import Path

from django.db import connection

from dashboards_api.backups import postgresql_commands, sqlite, sqlite_to_postgresql
from dashboards_api.backups.checks import BackupError
from dashboards_api.backups.temporary_files import private_temporary_file

__all__ = ["BackupError", "back_up", "restore"]

PG_DUMP_MAGIC = b"PGDMP"


def back_up(file: Path) -> None:
    """Write a consistent copy of the database, as it is while others write, to a new file that its owner alone reads.

    Raises Refused, on PostgreSQL with the command that does it.
    """
    if connection.vendor != "sqlite":
        raise BackupError(f"The database is a PostgreSQL. Back it up with: {postgresql_commands.pg_dump(file)}")
    if file.exists():
        raise BackupError(f"{file} exists already.")
    with private_temporary_file(file.with_name(f".{file.name}.part")) as draft:
        sqlite.back_up(draft)
        draft.rename(file)


def restore(file: Path, *, force: bool = False) -> None:
    """Put a backup of SQLite in the place of the database, or into a PostgreSQL: all of it or nothing.

    Raises Refused for a file that is no good backup or is of a newer release, and, without `force`, where the database
    holds anything.
    """
    _check_file_format(file)
    engine = sqlite if connection.vendor == "sqlite" else sqlite_to_postgresql
    engine.restore(file, force=force)


def _check_file_format(file: Path) -> None:
    """Raise Refused for any other file, judged by how it begins."""
    try:
        with file.open("rb") as opened:
            start = opened.read(16)
    except OSError as error:
        raise BackupError(f"{file} cannot be read: {error.strerror}.") from error
    if start.startswith(PG_DUMP_MAGIC):
        if connection.vendor == "sqlite":
            raise BackupError(f"{file} is a dump of PostgreSQL: it does not fit into SQLite.")
        raise BackupError(f"{file} is a dump of PostgreSQL. Restore it with: {postgresql_commands.pg_restore(file)}")
    if start != sqlite.MAGIC:
        raise BackupError(f"{file} is no backup.")
