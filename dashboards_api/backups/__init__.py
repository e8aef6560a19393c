"""Backups of the whole database in one file, and their way back. One module for each engine.

A backup holds the database and nothing else: not the secret key, which would make every copy of it a key to every
session. Without the key nothing is lost; sessions, set-up links and open locks of shared links end.
"""

from pathlib import Path

from django.db import connection

from dashboards_api.backups import moving, postgresql, sqlite
from dashboards_api.backups.contents import Refused

__all__ = ["Refused", "back_up", "restore"]


def back_up(file: Path) -> None:
    """Write a consistent copy of the database, as it is while others write, to a new file that its owner alone reads.

    Raises Refused.
    """
    if file.exists():
        raise Refused(f"{file} exists already.")
    engine = sqlite if connection.vendor == "sqlite" else postgresql
    draft = file.with_name(f".{file.name}.part")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    try:
        engine.back_up(draft)
        draft.rename(file)
    finally:
        draft.unlink(missing_ok=True)


def restore(file: Path, *, force: bool = False) -> None:
    """Put a backup in the place of the database: all of it or nothing. One of SQLite fits into PostgreSQL, too.

    Raises Refused for a file that is no good backup or is of a newer release, and, without `force`, where the database
    holds anything.
    """
    kind = _kind_of(file)
    if kind == connection.vendor:
        engine = sqlite if kind == "sqlite" else postgresql
        engine.restore(file, force=force)
    elif kind == "sqlite":
        moving.restore(file, force=force)
    else:
        raise Refused(f"{file} is a backup of PostgreSQL: it does not fit into SQLite.")


def _kind_of(file: Path) -> str:
    """The engine that a file is a backup of, by how it begins."""
    try:
        with file.open("rb") as opened:
            start = opened.read(16)
    except OSError as error:
        raise Refused(f"{file} cannot be read: {error.strerror}.") from error
    if start == sqlite.MAGIC:
        return "sqlite"
    if start.startswith(postgresql.MAGIC):
        return "postgresql"
    raise Refused(f"{file} is no backup.")
