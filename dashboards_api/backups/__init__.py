"""Backups of an embedded database (SQLite) in one file, and their way back. PostgreSQL has its own programs for that.

A backup holds the database and nothing else: not the secret key, which would make every copy of it a key to every
session. Without the key nothing is lost; sessions, set-up links and open locks of shared links end.
"""

from pathlib import Path

from django.db import connection

from dashboards_api.backups import moving, postgresql_commands, sqlite
from dashboards_api.backups.contents import Refused
from dashboards_api.backups.drafts import private_draft

__all__ = ["Refused", "back_up", "restore"]

MAGIC_OF_PG_DUMP = b"PGDMP"


def back_up(file: Path) -> None:
    """Write a consistent copy of the database, as it is while others write, to a new file that its owner alone reads.

    Raises Refused, on PostgreSQL with the command that does it.
    """
    if connection.vendor != "sqlite":
        raise Refused(f"The database is a PostgreSQL. Back it up with: {postgresql_commands.pg_dump(file)}")
    if file.exists():
        raise Refused(f"{file} exists already.")
    with private_draft(file.with_name(f".{file.name}.part")) as draft:
        sqlite.back_up(draft)
        draft.rename(file)


def restore(file: Path, *, force: bool = False) -> None:
    """Put a backup of SQLite in the place of the database, or into a PostgreSQL: all of it or nothing.

    Raises Refused for a file that is no good backup or is of a newer release, and, without `force`, where the database
    holds anything.
    """
    _check_is_of_sqlite(file)
    engine = sqlite if connection.vendor == "sqlite" else moving
    engine.restore(file, force=force)


def _check_is_of_sqlite(file: Path) -> None:
    """Raise Refused for any other file, judged by how it begins."""
    try:
        with file.open("rb") as opened:
            start = opened.read(16)
    except OSError as error:
        raise Refused(f"{file} cannot be read: {error.strerror}.") from error
    if start.startswith(MAGIC_OF_PG_DUMP):
        if connection.vendor == "sqlite":
            raise Refused(f"{file} is a dump of PostgreSQL: it does not fit into SQLite.")
        raise Refused(f"{file} is a dump of PostgreSQL. Restore it with: {postgresql_commands.pg_restore(file)}")
    if start != sqlite.MAGIC:
        raise Refused(f"{file} is no backup.")
