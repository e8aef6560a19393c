"""Files that are written beside their place before they get its name: for their owner alone, from the first byte on."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dashboards_api.backups.contents import Refused

# What SQLite puts beside a file.
SUFFIXES = ("", "-journal", "-wal", "-shm")


@contextmanager
def private_draft(path: Path) -> Iterator[Path]:
    """Create an empty file, and remove it at the end where it is still there under this name.

    One that a killed process left behind is replaced. Raises Refused where another process is writing it.
    """
    if not path.parent.is_dir():
        raise Refused(f"The folder {path.parent} does not exist.")
    _remove_stale(path)
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    except FileExistsError as error:
        raise _busy(path) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield path
    finally:
        _remove(path)
        os.close(descriptor)


def _remove_stale(path: Path) -> None:
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _remove(path)
    except BlockingIOError as error:
        raise _busy(path) from error
    finally:
        os.close(descriptor)


def _remove(path: Path) -> None:
    for suffix in SUFFIXES:
        with suppress(FileNotFoundError):
            path.with_name(path.name + suffix).unlink()


def _busy(path: Path) -> Refused:
    return Refused(f"Another process is writing {path} at this moment.")
