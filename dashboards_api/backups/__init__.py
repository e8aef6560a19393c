"""Backup of an embedded database (SQLite) to one file, and its restoration. PostgreSQL has its own backup programs.

A backup contains the database only, not the secret key, with which anyone could forge sessions. Restoring without the
key loses no data, but sessions, set-up links and unlocked share links become invalid.
"""

from pathlib import Path

from django.db import connection

from dashboards_api.backups import postgresql_commands, sqlite, sqlite_to_postgresql
from dashboards_api.backups.checks import BackupError
from dashboards_api.backups.temporary_files import private_temporary_file

__all__ = ["BackupError", "back_up", "restore"]

PG_DUMP_MAGIC = b"PGDMP"


def back_up(file: Path) -> None:
    """Write a consistent copy of the database to a new file, readable by its owner only. Writers are not blocked.

    Raises BackupError. On PostgreSQL, the error names the command to use instead.
    """
    if connection.vendor != "sqlite":
        raise BackupError(f"The database is PostgreSQL. Back it up with: {postgresql_commands.pg_dump(file)}")
    if file.exists():
        raise BackupError(f"{file} already exists.")
    with private_temporary_file(file.with_name(f".{file.name}.part")) as draft:
        sqlite.back_up(draft)
        draft.rename(file)


def restore(file: Path, *, force: bool = False) -> None:
    """Replace a SQLite database with a backup, or fill a PostgreSQL database with the backup. The change is atomic.

    Raises BackupError for an invalid backup, for a backup of a newer release, and, without `force`, if the database
    contains data.
    """
    _check_file_format(file)
    engine = sqlite if connection.vendor == "sqlite" else sqlite_to_postgresql
    engine.restore(file, force=force)


def _check_file_format(file: Path) -> None:
    """Raise BackupError unless the file begins with the magic number of SQLite."""
    try:
        with file.open("rb") as opened:
            start = opened.read(16)
    except OSError as error:
        raise BackupError(f"{file} cannot be read: {error.strerror}.") from error
    if start.startswith(PG_DUMP_MAGIC):
        if connection.vendor == "sqlite":
            raise BackupError(f"{file} is a dump of PostgreSQL, which cannot be restored into SQLite.")
        raise BackupError(f"{file} is a dump of PostgreSQL. Restore it with: {postgresql_commands.pg_restore(file)}")
    if start != sqlite.MAGIC:
        raise BackupError(f"{file} is not a backup.")
