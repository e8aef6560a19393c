"""Verification of writes in the engine process: new parts are read after each write.

chDB 26.9 acknowledges an insert whose files were truncated by a full disk: the part exists without its rows, and every
later read of the table fails. So each new part is read once after the write, and dropped if it is damaged.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import orjson

DISK_FULL = "Code: 243. DB::Exception: No space left on device: the rows could not be read back, and were not kept."
_ALL_PARTS = "SELECT database, table, name FROM system.parts WHERE active"


class Part(NamedTuple):
    database: str
    table: str
    name: str


class WriteVerifier:
    """The verification of writes on all connections. Concurrent writes may both find the same part."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._dropped = 0

    @contextmanager
    def verify_write(self, opened: Any) -> Iterator[None]:
        """Raise an error like ClickHouse's if the write in the block has created a part that cannot be read."""
        before, dropped = list_parts(opened), self._dropped
        yield
        with self._lock:
            damaged = [part for part in list_parts(opened) - before if not is_readable(opened, part)]
            for part in damaged:
                opened.query(f"ALTER TABLE {_name_table(part)} DROP PART '{part.name}'")
            self._dropped += len(damaged)
            if self._dropped > dropped:
                raise OSError(DISK_FULL)


def list_parts(opened: Any) -> set[Part]:
    lines = bytes(opened.query(_ALL_PARTS, "JSONCompactEachRow").bytes()).splitlines()
    return {Part(*orjson.loads(line)) for line in lines}


def is_readable(opened: Any, part: Part) -> bool:
    """Return whether a part can be read, or no longer exists because it was merged or its table was dropped."""
    check = f"CHECK TABLE {_name_table(part)} PART '{part.name}' SETTINGS check_query_single_value_result = 1"
    try:
        return bytes(opened.query(check, "TSVRaw").bytes()).strip() == b"1"
    except Exception:  # noqa: BLE001  chDB raises several types
        return part not in list_parts(opened)


def _name_table(part: Part) -> str:
    database, table = (name.replace("\\", "\\\\").replace("`", "\\`") for name in (part.database, part.table))
    return f"`{database}`.`{table}`"
