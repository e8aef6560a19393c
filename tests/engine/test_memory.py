"""The memory limit of the engine, for machines and control groups."""

from pathlib import Path

import pytest

from engine.memory import MAX_MEMORY, find_memory_limit

GB = 1024**3


@pytest.fixture
def groups(tmp_path: Path) -> Path:
    """Create control groups without limits. This process belongs to the group `service/web`."""
    (tmp_path / "service" / "web").mkdir(parents=True)
    (tmp_path / "memberships").write_text("0::/service/web\n")
    (tmp_path / "service" / "web" / "memory.max").write_text("max\n")
    return tmp_path


def find_limit(groups: Path, machine: int) -> int:
    return find_memory_limit(machine, groups / "memberships", groups)


@pytest.mark.parametrize(("machine", "limit"), [(GB, int(0.4 * GB)), (4 * GB, int(1.6 * GB)), (64 * GB, MAX_MEMORY)])
def test_machine_gives_a_share_of_its_memory(groups: Path, machine: int, limit: int) -> None:
    assert find_limit(groups, machine) == limit


@pytest.mark.parametrize("place", ["memory.max", "service/memory.max", "service/web/memory.max"])
def test_limit_of_any_group_above_counts(groups: Path, place: str) -> None:
    (groups / place).write_text(f"{GB}\n")
    assert find_limit(groups, 64 * GB) == int(0.4 * GB)


def test_groups_of_the_first_version_count(groups: Path) -> None:
    (groups / "memberships").write_text("5:cpu:/other\n3:memory:/docker/x\n0::/\n")
    (groups / "memory" / "docker" / "x").mkdir(parents=True)
    (groups / "memory" / "docker" / "x" / "memory.limit_in_bytes").write_text(str(2 * GB))
    assert find_limit(groups, 64 * GB) == int(0.8 * GB)


def test_system_without_groups_has_its_machine_alone(tmp_path: Path) -> None:
    assert find_memory_limit(GB, tmp_path / "missing", tmp_path) == int(0.4 * GB)
