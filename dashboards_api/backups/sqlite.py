"""Backups of SQLite with its online backup API, which does not block writers."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.db import connection

from dashboards_api.backups.checks import USERS_TABLE, BackupError, build_database_not_empty_error, check_migrations
from dashboards_api.backups.temporary_files import private_temporary_file
from dashboards_api.data_dir import create_data_dir
from dashboards_api.db.schema_state import SELECT_APPLIED, Migrations

MAGIC = b"SQLite format 3\0"
SECONDS_TO_WAIT = 2
BLOCK_SIZE = 1024 * 1024
DAMAGED_CODES = ("SQLITE_CORRUPT", "SQLITE_NOTADB")


def back_up(draft: Path) -> None:
    """Copy the database into an empty file. The copy is consistent, even if other processes write at the same time."""
    with closing(_open(_get_path(), "ro")) as source, closing(sqlite3.connect(draft)) as target:
        source.backup(target)
        target.execute("PRAGMA journal_mode=DELETE")  # one file, without -wal and -shm
    check_backup(draft)
    _fsync(draft)


def restore(file: Path, *, force: bool) -> None:
    """Replace the database with a checked copy of the backup. Raises BackupError while a process uses the database."""
    target = _get_path()
    connection.close()
    if target.parent == settings.DATA_DIR.absolute():
        create_data_dir(settings.DATA_DIR)
    with private_temporary_file(target.with_name(f".{target.name}.restoring")) as draft:
        _copy(file, draft)
        check_backup(draft)
        _fsync(draft)
        with _exclusive_access(target, force=force):
            draft.replace(target)
        _fsync(target.parent)


def _copy(file: Path, draft: Path) -> None:
    """Copy the content of a file but not its mode, so that the new file stays readable by its owner only."""
    with file.open("rb") as source, draft.open("r+b") as target:
        shutil.copyfileobj(source, target, BLOCK_SIZE)


def check_backup(file: Path) -> Migrations:
    """Return the migrations of a backup. Raises BackupError for a damaged file or an unsupported release."""
    try:
        with closing(_open(file, "ro")) as opened:
            found = opened.execute("PRAGMA integrity_check(1)").fetchone()
            is_whole = found == ("ok",) and not opened.execute("PRAGMA foreign_key_check").fetchone()
            migrations = frozenset((app, name) for app, name in opened.execute(SELECT_APPLIED)) if is_whole else None
    except sqlite3.DatabaseError as error:
        raise BackupError(f"The backup is damaged: {error}.") from error
    if migrations is None:
        raise BackupError("The backup is damaged.")
    check_migrations(migrations)
    return migrations


@contextmanager
def _exclusive_access(target: Path, *, force: bool) -> Iterator[None]:
    """Lock the old database exclusively while it is replaced, and merge its journal into it.

    SQLite would apply a remaining journal to the new database. A damaged database is renamed together with its journal.
    """
    if not target.exists():
        yield
        return
    with closing(_open(target, "rw")) as old:
        is_damaged = False
        try:
            old.execute("PRAGMA journal_mode=DELETE")
            old.execute("BEGIN EXCLUSIVE")
            if not force and _holds_data(old):
                raise build_database_not_empty_error()
        except sqlite3.DatabaseError as error:
            if not getattr(error, "sqlite_errorname", "").startswith(DAMAGED_CODES):
                raise BackupError("The database is in use. Stop the service first.") from error
            if not force:
                raise BackupError(f"The database is damaged ({error}). To set it aside, use --force.") from error
            is_damaged = True
        if is_damaged:
            _set_aside(target)
        yield


def _set_aside(target: Path) -> None:
    """Rename a damaged database, because an operator may want to recover data from it."""
    name = f"{target.name}.damaged-{datetime.now(UTC):%Y%m%d%H%M%S}"
    for suffix in ("", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            target.with_name(target.name + suffix).replace(target.with_name(name + suffix))


def _holds_data(opened: sqlite3.Connection) -> bool:
    exists = opened.execute("SELECT 1 FROM sqlite_master WHERE name = ?", [USERS_TABLE]).fetchone()
    return bool(exists and opened.execute(f"SELECT 1 FROM {USERS_TABLE} LIMIT 1").fetchone())  # noqa: S608  a constant


def _get_path() -> Path:
    return Path(connection.settings_dict["NAME"]).absolute()


def _open(file: Path, mode: str) -> sqlite3.Connection:
    try:
        return sqlite3.connect(f"{file.absolute().as_uri()}?mode={mode}", uri=True, timeout=SECONDS_TO_WAIT)
    except sqlite3.OperationalError as error:
        raise BackupError(f"{file} cannot be opened: {error}.") from error


def _fsync(path: Path) -> None:
    """Flush a file or folder to disk, so that its content is not lost in a power failure."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
