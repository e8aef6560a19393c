"""A database file that is locked, full, read-only or shared. The service returns 503, loses no data and recovers."""

import json
import os
import resource
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.live.conftest import Service, run_manage
from tests.ops.failures import (
    DASHBOARDS,
    SECONDS_TO_RECOVER,
    create,
    fill_database,
    is_unavailable,
    list_names,
    make_client,
    mount_small_disk,
    wait_for_write,
)

pytestmark = pytest.mark.skipif(
    os.environ.get("DATABASE_URL", "").startswith("postgresql"), reason="these faults are of SQLite"
)
LOCK_TIMEOUT = 10  # seconds that the service waits for a lock
FULL = 400_000  # bytes: more than the tables need, less than the test writes


@pytest.fixture
def empty_environment(tmp_path: Path) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "LOG_LEVEL")}
    return clean | {"DATA_DIR": str(tmp_path / "data"), "WORKERS": "2", "PYTHONUNBUFFERED": "1"}


@pytest.fixture
def running_service(empty_environment: dict[str, str], tmp_path: Path) -> Iterator[Service]:
    service = Service(empty_environment, tmp_path / "log").wait()
    yield service
    service.stop()


def get_file(environment: dict[str, str]) -> Path:
    return Path(environment["DATA_DIR"]) / "dashboards.sqlite3"


def check_integrity(environment: dict[str, str]) -> None:
    with sqlite3.connect(get_file(environment)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    connection.close()


def test_lock_of_another_process_is_503_for_writes_only(
    running_service: Service, empty_environment: dict[str, str]
) -> None:
    with (
        make_client(running_service) as client,
        sqlite3.connect(get_file(empty_environment), isolation_level=None) as other,
    ):
        assert create(client, "before").status_code == 201
        other.execute("BEGIN IMMEDIATE")
        started = time.monotonic()
        assert list_names(client) == ["before"]
        assert time.monotonic() - started < 2
        started = time.monotonic()
        assert is_unavailable(create(client, "meanwhile"))
        assert LOCK_TIMEOUT - 1 < time.monotonic() - started < LOCK_TIMEOUT + 3
        other.execute("ROLLBACK")
        assert wait_for_write(client, "after") < SECONDS_TO_RECOVER
        assert list_names(client) == ["after", "before"]
    other.close()
    check_integrity(empty_environment)


def create_reader(environment: dict[str, str]) -> dict[str, str]:
    """Create a user with a project, and return the headers and the path of a request for its dashboards."""
    run_manage(environment, "create_user", "reader@example.com")
    project = json.loads(
        run_manage(environment, "create_project", "Other", "--admin=reader@example.com", "--json").stdout
    )
    scopes = ("--label=reader", "--scope=dashboard:read", "--json")
    key = json.loads(run_manage(environment, "create_api_key", "reader@example.com", *scopes).stdout)
    return {"Authorization": f"Bearer {key['value']}", "path": f"/api/projects/{project['id']}/dashboards/"}


def test_readers_do_not_wait_for_waiting_writers(running_service: Service, empty_environment: dict[str, str]) -> None:
    """Check that a reader is served while the writers of another caller wait for a lock.

    A caller has one thread at a time, and only the first of its writers waits for the full lock timeout.
    """
    headers = create_reader(empty_environment)
    path = headers.pop("path")
    for _ in range(20):  # each worker reserves a part of the quota of the key, which is a write
        assert httpx.get(f"{running_service.base}{path}", headers=headers).status_code == 200

    def write(number: int) -> httpx.Response:
        with make_client(running_service) as client:
            return create(client, f"meanwhile {number}")

    with (
        make_client(running_service) as client,
        sqlite3.connect(get_file(empty_environment), isolation_level=None) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        with ThreadPoolExecutor(12) as pool:
            started = time.monotonic()
            writers = pool.map(write, range(12))
            time.sleep(0.5)
            response = client.get(path, headers=headers)
            assert response.status_code == 200, response.text
            assert time.monotonic() - started < 3
            assert all(is_unavailable(answer) for answer in writers)
        assert time.monotonic() - started < LOCK_TIMEOUT + 8
        other.execute("ROLLBACK")
        for number in range(4):
            assert wait_for_write(client, f"after {number}") < SECONDS_TO_RECOVER
    other.close()
    check_integrity(empty_environment)


def find_largest_size(environment: dict[str, str]) -> int:
    return max(each.stat().st_size for each in Path(environment["DATA_DIR"]).iterdir())


def limit_files(pid: int, size: int) -> None:
    """Limit the size of the files that a process and its children write. Larger writes fail as on a full disk."""
    children = subprocess.run(["pgrep", "-P", str(pid)], stdout=subprocess.PIPE, text=True).stdout.split()
    for each in (pid, *map(int, children)):
        resource.prlimit(each, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def test_file_size_limit_is_503_without_data_loss(running_service: Service, empty_environment: dict[str, str]) -> None:
    with make_client(running_service) as client:
        limit_files(running_service.process.pid, find_largest_size(empty_environment) + FULL)
        created = fill_database(client)
        assert created
        assert list_names(client) == created
        limit_files(running_service.process.pid, resource.RLIM_INFINITY)
        assert wait_for_write(client, "after") < SECONDS_TO_RECOVER
        assert list_names(client) == ["after", *created]
    check_integrity(empty_environment)


def test_full_disk_is_503_without_data_loss(empty_environment: dict[str, str], tmp_path: Path) -> None:
    disk = Path(empty_environment["DATA_DIR"])
    disk.mkdir()
    with mount_small_disk(disk) as enlarge:
        service = Service(empty_environment, tmp_path / "log").wait()
        with make_client(service) as client:
            created = fill_database(client)
            assert created
            assert list_names(client) == created
            enlarge()
            assert wait_for_write(client, "after") < SECONDS_TO_RECOVER
            assert list_names(client) == ["after", *created]
        service.stop()
        check_integrity(empty_environment)


def test_read_only_file_allows_reads_only(empty_environment: dict[str, str], tmp_path: Path) -> None:
    """Run the service without the capability with which root can write to any file."""
    service = Service(empty_environment, tmp_path / "log").wait()
    with make_client(service) as client:
        create(client, "before")
    service.stop()
    get_file(empty_environment).chmod(0o444)
    as_others = ["setpriv", "--bounding-set=-dac_override"] if os.geteuid() == 0 else []
    service = Service(empty_environment, tmp_path / "log", prefix=as_others).wait()
    try:
        with make_client(service) as client:
            assert list_names(client) == ["before"]
            assert is_unavailable(create(client, "meanwhile"))
            assert list_names(client) == ["before"]
    finally:
        service.stop()
    check_integrity(empty_environment)


def test_two_services_write_to_one_file_concurrently(
    running_service: Service, empty_environment: dict[str, str], tmp_path: Path
) -> None:
    second = Service(empty_environment, tmp_path / "second").wait()
    try:

        def write(number: int) -> list[int]:
            with make_client((running_service, second)[number % 2]) as client:
                return [create(client, f"{number}-{step:02}").status_code for step in range(25)]

        with ThreadPoolExecutor(8) as pool:
            statuses = [status for found in pool.map(write, range(8)) for status in found]
        assert statuses == [201] * 200
        with make_client(second) as client:
            assert sorted(list_names(client)) == sorted(
                f"{number}-{step:02}" for number in range(8) for step in range(25)
            )
            assert client.get(DASHBOARDS).json()["count"] == 200
    finally:
        second.stop()
    check_integrity(empty_environment)
