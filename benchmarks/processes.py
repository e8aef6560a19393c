"""The cost of a process and its descendants, read from /proc."""

import os
import re
from pathlib import Path
from typing import NamedTuple

TICKS = os.sysconf("SC_CLK_TCK")
PROC = Path("/proc")
PSS = re.compile(r"^Pss:\s+(\d+)", re.MULTILINE)


class Cost(NamedTuple):
    """The CPU time so far, including terminated child processes, and the memory as proportional set size."""

    cpu_seconds: float
    memory_mb: float


def measure_cost(root: int) -> Cost:
    ticks = kilobytes = 0
    for pid in _list_tree(root):
        ticks += sum(map(int, _read_stat(pid)[11:15]))
        try:
            found = PSS.search((PROC / str(pid) / "smaps_rollup").read_text())
        except OSError:  # the process has exited, or belongs to another user
            continue
        kilobytes += int(found[1]) if found else 0
    return Cost(ticks / TICKS, kilobytes / 1024)


def get_cpu_seconds(root: int) -> float:
    """Return the CPU time of a process and its descendants, including terminated descendants."""
    return sum(sum(map(int, _read_stat(pid)[11:15])) for pid in _list_tree(root)) / TICKS


def get_parent(pid: int) -> int:
    return int(_read_stat(pid)[1])


def _list_tree(root: int) -> set[int]:
    parents = {int(each.name): get_parent(int(each.name)) for each in PROC.glob("[0-9]*")}
    tree, new = set[int](), {root}
    while new:
        tree |= new
        new = {pid for pid, parent in parents.items() if parent in new} - tree
    return tree


def _read_stat(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat after the program name, or zeros for a terminated process.

    The program name may contain any character.
    """
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ["0"] * 20
