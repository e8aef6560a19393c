"""Backups of the embedded engine's data, in a second file next to the backup of the database.

ClickHouse's BACKUP statement writes a consistent snapshot while other statements run.
"""

import fcntl
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import UUID, uuid4

from django.conf import settings

from dashboards_api.backups import BackupError
from engine.client import get_folder
from engine.embedded_client import EmbeddedClient
from engine.errors import EngineError
from engine.files import FOLDER, INCOMING, LOCK_NAME, create_folder, has_store
from engine.interface import EngineClient
from engine.parameters import quote_text
from engine.store import read_store_id
from engine.supervision import stop_supervisor
from events.models import Store
from events.services.staging import get_incoming_folder
from events.services.store import open_store

SUFFIX = ".events"
RESTORING = f"{FOLDER}.restoring"
REPLACED = f"{FOLDER}.replaced"


def get_events_file(file: Path) -> Path:
    """Return the path of the events file that belongs to a backup file of the database."""
    return file.with_name(f"{file.name}{SUFFIX}")


def has_embedded_data() -> bool:
    """Return whether events were imported into an embedded engine."""
    is_embedded = settings.ENGINE and not settings.ENGINE_URL
    return bool(is_embedded and Store.objects.filter(is_confirmed=True).exists())


def back_up_events(file: Path) -> None:
    """Write the data of the embedded engine to a new file. The caller must hold the import lock.

    Raises BackupError and EngineError.
    """
    if file.exists():
        raise BackupError(f"{file} already exists.")
    client, placed = open_store(), get_incoming_folder() / f"{uuid4().hex}.tar"
    draft = file.with_name(f".{file.name}.part")
    try:
        client.execute(f"BACKUP DATABASE {read_database(client)} TO File({quote_text(str(placed))})")
        shutil.move(placed, draft)
        draft.chmod(0o600)
        draft.rename(file)
    finally:
        placed.unlink(missing_ok=True)
        draft.unlink(missing_ok=True)


def read_database(client: EngineClient) -> str:
    return str(client.read("SELECT currentDatabase()").rows[0][0])


@contextmanager
def restored_events(file: Path, expected: UUID | None, *, force: bool) -> Iterator[None]:
    """Restore events into a temporary folder, and replace the engine's folder with that folder after the block.

    The caller restores the database in the block. `expected` is the store id that the database has, or will have.
    If the function raises BackupError or EngineError, nothing has changed.
    """
    folder, fresh = get_folder(), settings.DATA_DIR.absolute() / RESTORING
    if has_store(folder) and not force:
        raise BackupError("The engine contains data. Use --force to replace all data.")
    check_is_stopped(folder)
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        restore_into(fresh, file, expected)
        yield
        replace_folder(folder, fresh)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def restore_into(folder: Path, file: Path, expected: UUID | None) -> None:
    """Restore a file into an engine in a new folder. Raises BackupError unless its store has the expected id."""
    create_folder(folder)
    (folder / INCOMING).mkdir(mode=0o700)
    client, placed = EmbeddedClient(folder), folder / INCOMING / f"{uuid4().hex}.tar"
    try:
        shutil.copyfile(file, placed)
        client.execute(f"RESTORE DATABASE {read_database(client)} FROM File({quote_text(str(placed))})")
        found = read_store_id(client)
    except EngineError as error:
        raise BackupError(f"{file} cannot be restored: {' '.join(error.detail.split())}") from error
    finally:
        placed.unlink(missing_ok=True)
        stop_supervisor(folder)
    if found is None or found != expected:
        raise BackupError(f"{file} belongs to another database. Its store has the id {found}, not {expected}.")


def read_expected_id(database: Path) -> UUID | None:
    """Return the store id in a backup of SQLite, or None if nothing had been imported or the file is unreadable."""
    try:
        with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as opened:
            row = opened.execute("SELECT store_id FROM events_store WHERE is_confirmed").fetchone()
    except sqlite3.DatabaseError:  # damaged or incomplete; the restore of the database reports the problem
        return None
    return UUID(row[0]) if row else None


def check_is_stopped(folder: Path) -> None:
    """Raise BackupError while a process runs the engine of a folder."""
    try:
        descriptor = os.open(folder / LOCK_NAME, os.O_RDWR)
    except FileNotFoundError:
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise BackupError("The engine is in use. Stop the service first.") from error
    finally:
        os.close(descriptor)


def replace_folder(folder: Path, fresh: Path) -> None:
    replaced = folder.with_name(REPLACED)
    shutil.rmtree(replaced, ignore_errors=True)
    if folder.exists():
        folder.rename(replaced)
    fresh.rename(folder)
    shutil.rmtree(replaced, ignore_errors=True)
