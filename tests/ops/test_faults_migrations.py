"""Killed migrations, which the next run completes."""

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.live.conftest import ROOT, empty_database

KILLS = 8


def start_migrate(environment: dict[str, str], *arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "manage.py", "migrate", "--verbosity=0", *arguments]
    return subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True)


def count_applied(environment: dict[str, str]) -> int:
    """Return the number of recorded migrations, or 0 while their table does not exist."""
    count = "SELECT count(*) FROM django_migrations"
    with contextlib.suppress(sqlite3.OperationalError, psycopg.errors.UndefinedTable):
        if url := environment.get("DATABASE_URL"):
            with psycopg.connect(url) as connection:
                row = connection.execute(count).fetchone()
        else:
            with contextlib.closing(sqlite3.connect(Path(environment["DATA_DIR"]) / "dashboards.sqlite3")) as lite:
                row = lite.execute(count).fetchone()
        assert row
        return int(row[0])
    return 0


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    with empty_database(tmp_path / "data") as created:
        yield created


def test_killed_migrations_are_completed_by_the_next_run(environment: dict[str, str]) -> None:
    """Kill each run a little later than the previous run."""
    reached = [0]
    for kill in range(KILLS):
        process = start_migrate(environment)
        while process.poll() is None and count_applied(environment) <= reached[-1]:
            time.sleep(0.005)
        time.sleep(0.003 * kill)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        reached.append(count_applied(environment))
    assert reached == sorted(reached)
    assert 0 < reached[1] < reached[-1]
    assert start_migrate(environment).wait() == 0
    missing = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--check"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
    )
    assert missing.returncode == 0
    assert count_applied(environment) > reached[1]
