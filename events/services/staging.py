"""Staging tables: rows of one file, before any of them is visible. One import runs at a time."""

import fcntl
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from django.conf import settings

from dashboards_api.data_dir import create_data_dir
from engine.client import get_folder
from engine.errors import EngineUnavailable
from engine.files import INCOMING, create_folder
from engine.interface import EngineClient
from events.models import ImportedTable
from events.services.rows import BLANK, KEPT, PROBLEM

LOCK_NAME = "import.lock"
STAGING = "staging_"
TABLE = "table_"
# The age of such a table on a ClickHouse server, which imports on several machines may use at once.
SECONDS_TO_ABANDON = 24 * 3600
LISTED_MAX = 10
LOST = "The engine was restarted during the import. Please import the file again."
_NEITHER = {"blank": BLANK, "kept": KEPT}
_IS_BAD = "problem NOT IN ('', {blank:String}, {kept:String})"
# Compressed, such a file may become ten times as large. Not writing it to the disk saves a third of the time.
BYTES_IN_MEMORY_MAX = 16_000_000


class BadRow(NamedTuple):
    """A row, counted from 0, and what is wrong with it."""

    row: int
    problem: str


class Staged(NamedTuple):
    """The rows of a staging table: good ones, bad ones, and the first of these."""

    good: int
    bad: int
    examples: list[BadRow]


@contextmanager
def import_lock(report_wait: Callable[[], None]) -> Iterator[None]:
    """Hold the lock of imports on this machine for the block: a second one waits, and reports that it does."""
    create_data_dir(settings.DATA_DIR)
    descriptor = os.open(settings.DATA_DIR / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report_wait()
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def get_incoming_folder() -> Path:
    """Return the folder for files that are imported; it is beside the store of the embedded engine."""
    create_folder(get_folder())
    folder = get_folder() / INCOMING
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def drop_abandoned_tables(client: EngineClient) -> list[str]:
    """Drop the tables that killed imports have left, and their files. Return the names of the tables.

    The lock of imports must be held.
    """
    for path in get_incoming_folder().iterdir():
        path.unlink(missing_ok=True)
    seconds = SECONDS_TO_ABANDON if settings.ENGINE_URL else 0
    found = client.read(
        "SELECT name FROM system.tables WHERE database = currentDatabase()"
        " AND (startsWith(name, {staging:String}) OR startsWith(name, {table:String}))"
        " AND metadata_modification_time <= now() - {seconds:Int64} ORDER BY name",
        {"staging": STAGING, "table": TABLE, "seconds": seconds},
    )
    used = set(ImportedTable.objects.values_list("physical_name", flat=True))
    abandoned = [name for [name] in found.rows if name not in used]
    for name in abandoned:
        drop_table(client, name)
    return abandoned


def create_staging_table(client: EngineClient, columns: str, file_bytes: int) -> str:
    """Create a table for the rows of one file, and return its name. A small file is held in memory.

    A table in memory is empty after a restart of the engine, as if the file had no rows. So it gets a row of its own,
    for `count_staged`.
    """
    name = f"{STAGING}{secrets.token_hex(8)}"
    engine = "Memory" if file_bytes <= BYTES_IN_MEMORY_MAX else "MergeTree ORDER BY tuple()"
    client.execute(f"CREATE TABLE {name} ({columns}) ENGINE = {engine}")
    client.insert_rows(name, [PROBLEM], [[KEPT]])
    return name


def count_staged(client: EngineClient, table: str) -> tuple[int, int]:
    """Return how many rows of a staging table are good, and how many are bad.

    Raises EngineUnavailable if the engine was restarted since the table was created, and has lost its rows.
    """
    # One statement: the engine could be restarted between two.
    counts = f"SELECT countIf(problem = {{kept:String}}), countIf(problem = ''), countIf({_IS_BAD}) FROM {table}"
    [[kept, good, bad]] = client.read(counts, _NEITHER).rows
    if not kept:
        raise EngineUnavailable(LOST)
    return good, bad


def check_rows_are_kept(client: EngineClient, table: str, good: int) -> None:
    """Raise EngineUnavailable if a staging table no longer has so many good rows."""
    if count_staged(client, table)[0] != good:
        raise EngineUnavailable(LOST)


def drop_table(client: EngineClient, name: str) -> None:
    """Drop a table with its files. By default, ClickHouse keeps these for some minutes."""
    client.execute(f"DROP TABLE IF EXISTS {name} SYNC")


def read_staged(client: EngineClient, table: str) -> Staged:
    """Return how many rows of a staging table are good, and what is wrong with the others. Raises EngineUnavailable."""
    good, bad = count_staged(client, table)
    rows = client.read(
        f"SELECT row, problem FROM {table} WHERE {_IS_BAD} ORDER BY row LIMIT {{limit:Int64}}",
        {**_NEITHER, "limit": LISTED_MAX},
    ).rows if bad else []  # fmt: skip
    if len(rows) != min(bad, LISTED_MAX):
        raise EngineUnavailable(LOST)
    return Staged(good, bad, [BadRow(row, problem) for row, problem in rows])
