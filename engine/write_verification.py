"""Verification of writes in the engine process: new parts are read after each write, and every minute.

chDB 26.9 acknowledges an insert whose files were truncated by a full disk: the part exists without its rows, and every
later read of the table fails. So each new part is read once after the write, and dropped if it is damaged.

A damaged part of a merge or a mutation has the rows of earlier parts and must not be dropped. ClickHouse keeps the
files of the earlier parts for eight minutes, and uses them again after a restart without the damaged part.
"""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, NoReturn
from uuid import uuid4

import orjson

DISK_FULL = "Code: 243. DB::Exception: No space left on device: the rows could not be read back, and were not kept."
SOURCES_RESTORED = "The disk was full during a merge or a deletion: the rows from before it are used again."
_ALL_PARTS = "SELECT database, table, name FROM system.parts WHERE active"
_PATHS = "SELECT database, table, name, path FROM system.parts WHERE active"


class Part(NamedTuple):
    database: str
    table: str
    name: str

    def replaces(self, other: "Part") -> bool:
        """Return whether this part has the rows of an earlier one: it was written by a merge or a mutation."""
        (partition, first, last), (other_partition, other_first, other_last) = self.get_range(), other.get_range()
        is_same = (self.database, self.table, partition) == (other.database, other.table, other_partition)
        return is_same and first <= other_first and other_last <= last

    def get_range(self) -> tuple[str, int, int]:
        """Return the partition and the first and last block of the part, which its name contains."""
        partition, first, last, *_ = self.name.split("_")
        return partition, int(first), int(last)


class WriteVerifier:
    """The verification of writes on all connections, and of merges in the background."""

    def __init__(self, opened: Any) -> None:
        self._lock = threading.Lock()
        self._verified = list_parts(opened)
        self._dropped = 0

    @contextmanager
    def verify_write(self, opened: Any) -> Iterator[None]:
        """Raise an error like ClickHouse's if the write in the block has created a part that cannot be read.

        A part can be found by the verification of another write. The error is raised for both writes.
        """
        dropped = self._dropped
        yield
        self.verify_new_parts(opened)
        if self._dropped > dropped:
            raise OSError(DISK_FULL)

    def verify_new_parts(self, opened: Any) -> None:
        """Read the parts that were written since the last verification."""
        with self._lock:
            parts = list_parts(opened)
            damaged = [part for part in parts - self._verified if not is_readable(opened, part)]
            replacing = [part for part in damaged if any(part.replaces(other) for other in self._verified)]
            for part in damaged:
                if part not in replacing:
                    opened.query(f"ALTER TABLE {_name_table(part)} DROP PART '{part.name}'")
            if replacing:
                restore_source_parts(opened, replacing)
            self._dropped += len(damaged)
            self._verified = parts.difference(damaged)


def list_parts(opened: Any) -> set[Part]:
    lines = bytes(opened.query(_ALL_PARTS, "JSONCompactEachRow").bytes()).splitlines()
    return {Part(*orjson.loads(line)) for line in lines}


def restore_source_parts(opened: Any, damaged: list[Part]) -> NoReturn:
    """Move damaged parts away and end the process, so that the next one uses the parts that they replaced."""
    for part in damaged:
        folder = find_folder(opened, part)
        folder.rename(folder.parent / "detached" / f"damaged_{part.name}_{uuid4().hex[:8]}")
    sys.stderr.write(f"{SOURCES_RESTORED}\n")
    sys.stderr.flush()
    os._exit(1)


def find_folder(opened: Any, part: Part) -> Path:
    """Return the folder of an active part."""
    lines = bytes(opened.query(_PATHS, "JSONCompactEachRow").bytes()).splitlines()
    return next(Path(path) for *names, path in map(orjson.loads, lines) if Part(*names) == part)


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
