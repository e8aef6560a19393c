"""The memory limit of the embedded engine."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

MAX_MEMORY = 2 * 1024**3
SHARE_OF_MACHINE = 0.4


def get_engine_memory_limit() -> int:
    """Return the smaller of 2 GB and 40 % of the memory that this process may use, in bytes."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return find_memory_limit(machine, Path("/proc/self/cgroup"), Path("/sys/fs/cgroup"))


def find_memory_limit(machine: int, memberships: Path, root: Path) -> int:
    """Return the limit on a machine with the given amount of memory, in the control groups that a file lists."""
    available = min([machine, *_read_cgroup_limits(memberships, root)])
    return min(MAX_MEMORY, int(available * SHARE_OF_MACHINE))


def _read_cgroup_limits(memberships: Path, root: Path) -> Iterator[int]:
    """Yield the limits of the control group of this process and of its parents, for both versions of control groups."""
    try:
        lines = memberships.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers not in ("", "memory"):
            continue
        top = root / controllers
        group = top / path.lstrip("/")
        for folder in (group, *group.parents):
            for name in ("memory.max", "memory.limit_in_bytes"):
                with suppress(OSError, ValueError):  # the file is missing, or contains "max"
                    yield int((folder / name).read_text())
            if folder == top:
                break
