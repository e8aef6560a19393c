"""Verification of writes in the engine process: new parts are read after each write, every minute, and at shutdown.

chDB 26.9 acknowledges an insert whose files were truncated by a full disk. The part then exists without its rows, and
every later read of the table fails. Each new part is therefore read once, and is dropped if it is damaged.

A damaged part that was written by a merge or a mutation replaces earlier parts and must not be dropped. ClickHouse
keeps the files of the earlier parts for eight minutes, and uses them after a restart if the damaged part is missing.
"""

import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

DISK_FULL = "Code: 243. DB::Exception: No space left on device: the rows could not be read back, and were discarded."
MOVED_AWAY = "The disk was full. The folder of a damaged part was renamed, and the earlier parts are used again."
SOURCES_MISSING = "A damaged part cannot be replaced by earlier parts, because their files no longer exist"
# ClickHouse deletes folders with this prefix when it opens the table.
REMOVED_PREFIX = "tmp_damaged_"
_PARTS = "SELECT path, database, table, active FROM system.parts"


@dataclass(frozen=True, slots=True)
class Part:
    """A part, identified by its folder because EXCHANGE TABLES changes the names of tables, but not their folders."""

    folder: Path
    database: str = field(compare=False)
    table: str = field(compare=False)

    def replaces(self, other: "Part") -> bool:
        """Return whether this part was written by a merge or a mutation of another part."""
        (partition, first, last), (other_partition, other_first, other_last) = self.get_range(), other.get_range()
        is_same_table = self != other and self.folder.parent == other.folder.parent
        return is_same_table and partition == other_partition and first <= other_first and other_last <= last

    def get_range(self) -> tuple[str, int, int]:
        """Return the partition, the first block and the last block of the part, parsed from its name."""
        partition, first, last, *_ = self.folder.name.split("_")
        return partition, int(first), int(last)


class WriteVerifier:
    """The verification of writes on all connections, and of background merges.

    The verifier opens its own connections, so that the cancellation of a write cannot make intact parts look damaged.
    """

    def __init__(self, connect: Callable[[], Any]) -> None:
        self._connect = connect
        self._lock = threading.Lock()
        self._dropped = 0
        with closing(connect()) as opened:
            active, inactive = list_parts(opened)
        # A merge that finished shortly before the previous process exited may be unverified.
        self._verified = {part for part in active if not any(part.replaces(other) for other in inactive)}

    @contextmanager
    def verify_write(self) -> Iterator[None]:
        """Raise OSError with ClickHouse's message for a full disk if the write in the block created an unreadable part.

        If the verification of a concurrent write finds the part, the error is raised for both writes.
        """
        dropped = self._dropped
        try:
            yield
        finally:
            self.verify_new_parts()
            if self._dropped > dropped:
                raise OSError(DISK_FULL)

    def verify_new_parts(self) -> None:
        """Read the parts that were written since the last verification, and remove damaged parts."""
        with self._lock, closing(self._connect()) as opened:
            active, inactive = list_parts(opened)
            damaged = [part for part in active - self._verified if not is_readable(opened, part)]
            if damaged:
                self._remove(opened, damaged, self._verified | inactive)
            self._verified = active.difference(damaged)

    def _remove(self, opened: Any, damaged: list[Part], earlier: Iterable[Part]) -> None:
        """Drop damaged parts. If one of them replaces earlier parts, rename the folders instead, and exit."""
        sources = {part: [other for other in earlier if part.replaces(other)] for part in damaged}
        if any(sources.values()):
            move_away([part for part in damaged if check_sources(part, sources[part])])
        for part in damaged:
            if not sources[part]:
                drop_part(opened, part)
                self._dropped += 1


def list_parts(opened: Any) -> tuple[set[Part], set[Part]]:
    """Return the active parts of all tables, and the inactive parts whose files still exist."""
    found: tuple[set[Part], set[Part]] = set(), set()
    for line in bytes(opened.query(_PARTS, "JSONCompactEachRow").bytes()).splitlines():
        path, database, table, is_active = orjson.loads(line)
        found[0 if is_active else 1].add(Part(Path(path), database, table))
    return found


def is_readable(opened: Any, part: Part) -> bool:
    """Return whether a part can be read, or no longer exists because it was merged or its table was dropped.

    Raises the error of an incomplete check, because such an error does not prove damage.
    """
    check = f"CHECK TABLE {_name_table(part)} PART '{part.folder.name}' SETTINGS check_query_single_value_result = 1"
    try:
        return bytes(opened.query(check, "TSVRaw").bytes()).strip() != b"0"
    except Exception:
        if part in list_parts(opened)[0]:
            raise
        return True


def check_sources(part: Part, sources: list[Part]) -> bool:
    """Return whether the files of a damaged part's sources still exist. If not, report that its rows are lost."""
    if all(source.folder.is_dir() for source in sources):
        return True
    report(f"{SOURCES_MISSING}: {part.folder.name} of {part.table}. Restore a backup, or import the events again.")
    return False


def drop_part(opened: Any, part: Part) -> None:
    """Drop a damaged part of an insert, or rename its folder if the statement fails, as on a full disk."""
    try:
        opened.query(f"ALTER TABLE {_name_table(part)} DROP PART '{part.folder.name}'")
    except Exception:  # noqa: BLE001  chDB raises several types
        if part in list_parts(opened)[0]:
            move_away([part])


def move_away(parts: list[Part]) -> None:
    """Rename the folders of damaged parts and exit, so that the next process uses the earlier parts."""
    if not parts:
        return
    try:
        for part in parts:
            part.folder.rename(part.folder.with_name(f"{REMOVED_PREFIX}{part.folder.name}"))
    finally:
        report(MOVED_AWAY)
        os._exit(1)


def report(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def _name_table(part: Part) -> str:
    database, table = (name.replace("\\", "\\\\").replace("`", "\\`") for name in (part.database, part.table))
    return f"`{database}`.`{table}`"
