"""Temporary files beside their target, created with mode 0600."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dashboards_api.backups.checks import BackupError

# Files that SQLite creates beside a database.
SUFFIXES = ("", "-journal", "-wal", "-shm")


@contextmanager
def private_temporary_file(path: Path) -> Iterator[Path]:
    """Create an empty file, and remove it at the end of the block unless it was renamed.

    A file that a killed process has left behind is replaced. Raises BackupError if another process is writing the file.
    """
    if not path.parent.is_dir():
        raise BackupError(f"The folder {path.parent} does not exist.")
    _remove_leftover(path)
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    except FileExistsError as error:
        raise _build_in_use_error(path) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield path
    finally:
        _remove(path)
        os.close(descriptor)


def _remove_leftover(path: Path) -> None:
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _remove(path)
    except BlockingIOError as error:
        raise _build_in_use_error(path) from error
    finally:
        os.close(descriptor)


def _remove(path: Path) -> None:
    for suffix in SUFFIXES:
        with suppress(FileNotFoundError):
            path.with_name(path.name + suffix).unlink()


def _build_in_use_error(path: Path) -> BackupError:
    return BackupError(f"Another process is writing {path} at this moment.")
