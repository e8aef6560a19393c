"""Staging tables, which contain the rows of one file before the rows are visible. Only one import runs at a time."""

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
from engine.schema import STAGING
from events.models import ImportedTable
from events.services.rows import BLANK, KEPT, PROBLEM

LOCK_NAME = "import.lock"
TABLE = "table_"
# The minimum age of an abandoned table on a ClickHouse server, where another machine may still use a younger table.
SECONDS_TO_ABANDON = 24 * 3600
MAX_LISTED = 10
LOST = "The engine was restarted during the import. Please import the file again."
_MARKER_PROBLEMS = {"blank": BLANK, "kept": KEPT}
_IS_BAD = "problem NOT IN ('', {blank:String}, {kept:String})"
# A compressed file may expand to ten times this size. A table in memory saves a third of the import time.
MAX_BYTES_IN_MEMORY = 16_000_000


class BadRow(NamedTuple):
    """The number of a row, counted from 0, and its problem."""

    row: int
    problem: str


class StagingCounts(NamedTuple):
    """The numbers of good and of bad rows in a staging table, and the first bad rows."""

    good: int
    bad: int
    examples: list[BadRow]


@contextmanager
def import_lock(report_wait: Callable[[], None]) -> Iterator[None]:
    """Hold the import lock of this machine during the block. `report_wait` is called if another process holds it."""
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
    """Return the folder for temporary files in the engine's folder, and create it if it is missing."""
    create_folder(get_folder())
    folder = get_folder() / INCOMING
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def drop_abandoned_tables(client: EngineClient) -> list[str]:
    """Drop the tables and delete the files that killed imports left behind. Return the names of the tables.

    The caller must hold the import lock.
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
    """Create a table for the rows of one file, and return its name. The rows of a small file are held in memory.

    A restart of the engine empties a table in memory, as if the file had no rows. Each table therefore has a marker
    row. If the marker row is missing, `count_staged` raises EngineUnavailable.
    """
    name = f"{STAGING}{secrets.token_hex(8)}"
    engine = "Memory" if file_bytes <= MAX_BYTES_IN_MEMORY else "MergeTree ORDER BY tuple()"
    client.execute(f"CREATE TABLE {name} ({columns}) ENGINE = {engine}")
    client.insert_rows(name, [PROBLEM], [[KEPT]])
    return name


def count_staged(client: EngineClient, table: str) -> tuple[int, int]:
    """Return the numbers of good and of bad rows in a staging table.

    Raises EngineUnavailable if the rows were lost because the engine was restarted.
    """
    # One statement, because the engine could be restarted between two statements.
    counts = f"SELECT countIf(problem = {{kept:String}}), countIf(problem = ''), countIf({_IS_BAD}) FROM {table}"
    [[kept, good, bad]] = client.read(counts, _MARKER_PROBLEMS).rows
    if not kept:
        raise EngineUnavailable(LOST)
    return good, bad


def check_rows_are_kept(client: EngineClient, table: str, good: int) -> None:
    """Raise EngineUnavailable if the number of good rows in a staging table has changed."""
    if count_staged(client, table)[0] != good:
        raise EngineUnavailable(LOST)


def drop_table(client: EngineClient, name: str) -> None:
    """Drop a table, and delete its files immediately. By default, ClickHouse keeps the files for some minutes."""
    client.execute(f"DROP TABLE IF EXISTS {name} SYNC")


def read_staged(client: EngineClient, table: str) -> StagingCounts:
    """Return the numbers of good and bad rows in a staging table, and the first bad rows. Raises EngineUnavailable."""
    good, bad = count_staged(client, table)
    rows = client.read(
        f"SELECT row, problem FROM {table} WHERE {_IS_BAD} ORDER BY row LIMIT {{limit:Int64}}",
        {**_MARKER_PROBLEMS, "limit": MAX_LISTED},
    ).rows if bad else []  # fmt: skip
    if len(rows) != min(bad, MAX_LISTED):
        raise EngineUnavailable(LOST)
    return StagingCounts(good, bad, [BadRow(row, problem) for row, problem in rows])
