"""The databases of benchmarks: SQLite files, or databases of a PostgreSQL server that is started for one run."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.processes import get_parent, measure_cost
from tests.postgres import find_binaries, run_server

ROOT = Path(__file__).resolve().parent.parent
LIKE_PRODUCTION = ["shared_buffers=1GB", "jit=off", "work_mem=16MB", "max_connections=120", "max_wal_size=4GB"]
COUNTING = ["shared_preload_libraries=pg_stat_statements", "pg_stat_statements.track_utility=off"]
# This query itself and the foreign key checks at a commit are not counted.
STATEMENTS = """SELECT coalesce(sum(calls), 0) FROM pg_stat_statements
 WHERE query NOT LIKE '%pg_stat_statements%' AND query NOT LIKE '% FROM ONLY %'"""


@dataclass(frozen=True)
class Database:
    """A database at a URL. SQLite has no separate processes and does not count statements."""

    url: str
    counts: bool = False

    def cpu_seconds(self) -> float:
        return 0.0 if self._is_file else measure_cost(self._postmaster()).cpu_seconds

    def statements(self) -> int | None:
        """Return the number of statements executed so far, if the database counts them."""
        return int(self._ask(STATEMENTS)) if self.counts else None

    @property
    def _is_file(self) -> bool:
        return self.url.startswith("sqlite")

    def _postmaster(self) -> int:
        with psycopg.connect(self.url) as connection:
            return get_parent(connection.info.backend_pid)

    def _ask(self, query: str) -> Any:
        with psycopg.connect(self.url) as connection:
            row = connection.execute(query.encode()).fetchone()
            return row and row[0]


@dataclass(frozen=True)
class Filled:
    """The output of `benchmarks.fill`: an API key, and the ids of the two projects."""

    key: str
    big: int
    small: int


class Databases:
    """A factory of empty databases: files in a folder, or databases of one server."""

    def __init__(self, folder: Path, server_url: str | None, *, counts: bool) -> None:
        self._folder = folder
        self._server_url = server_url
        self._counts = counts

    def create(self, name: str) -> Database:
        if self._server_url is None:
            return Database(f"sqlite:///{self._folder / name}.sqlite3")
        with psycopg.connect(self._server_url, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
        database = Database(self._server_url.rpartition("/")[0] + f"/{name}", self._counts)
        if self._counts:
            with psycopg.connect(database.url) as connection:
                connection.execute("CREATE EXTENSION pg_stat_statements")
        return database

    def drop(self, database: Database) -> None:
        """Drop a PostgreSQL database, which must have no open connections. SQLite files are kept."""
        if self._server_url is not None:
            with psycopg.connect(self._server_url, autocommit=True) as connection:
                connection.execute(f'DROP DATABASE "{database.url.rpartition("/")[2]}"'.encode())


@contextlib.contextmanager
def open_databases(engine: str, folder: Path) -> Iterator[Databases]:
    """Yield a factory of databases of one engine. A PostgreSQL server runs until the end of the block."""
    if engine == "sqlite":
        yield Databases(folder, None, counts=False)
        return
    counts = any(find_binaries().parent.rglob("pg_stat_statements.so"))
    with run_server(*LIKE_PRODUCTION, *(COUNTING if counts else [])) as url:
        yield Databases(folder, url, counts=counts)


def fill_database(
    database: Database,
    folder: Path,
    *,
    dashboards: int,
    tiles: int,
    root: Path = ROOT,
    python: str = sys.executable,
) -> Filled:
    """Migrate and fill a new database, with the code below `root` and the interpreter `python`."""
    environment = os.environ | {"DATABASE_URL": database.url, "DATA_DIR": str(folder)}
    migrate = [python, "manage.py", "migrate", "--verbosity=0"]
    subprocess.run(migrate, check=True, cwd=root, env=environment)
    package = "benchmarks" if (root / "benchmarks").is_dir() else "bench"  # its name in earlier commits
    filling = [python, "-m", f"{package}.fill", f"--dashboards={dashboards}", f"--tiles={tiles}"]
    done = subprocess.run(filling, check=True, cwd=root, env=environment, stdout=subprocess.PIPE, text=True)
    return Filled(**json.loads(done.stdout))


@contextlib.contextmanager
def create_work_folder() -> Iterator[Path]:
    """Yield a temporary folder for databases and logs."""
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder:
        yield Path(folder)
