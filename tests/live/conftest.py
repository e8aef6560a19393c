"""The service as operators run it: `manage.py serve` in its own process, on its own database."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

ROOT = Path(__file__).parents[2]
SECONDS_TO_START = 90


def find_free_port() -> int:
    with socket.socket() as candidate:
        candidate.bind(("127.0.0.1", 0))
        port: int = candidate.getsockname()[1]
        return port


def wait_until_ready(base: str, process: "subprocess.Popen[bytes]") -> bool:
    """Wait until a service is ready. Return False if its process exits or the time limit is exceeded first."""
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(f"{base}/readyz", timeout=2).close()  # noqa: S310  our own URL
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.05)
        else:
            return True
    return False


class Service:
    """A running `manage.py serve`, optionally started through the command `prefix`."""

    def __init__(self, environment: dict[str, str], log: Path, *options: str, prefix: Sequence[str] = ()) -> None:
        self.port = find_free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.log = log
        self.data = Path(environment["DATA_DIR"])
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [*prefix, sys.executable, "manage.py", "serve", "--port", str(self.port), *options],
                env=environment,
                cwd=ROOT,
                stdout=output,
                stderr=output,
            )

    def wait(self) -> "Service":
        if not wait_until_ready(self.base, self.process):
            raise AssertionError(f"the service did not start:\n{self.log.read_text()}")
        return self

    @property
    def printed_keys(self) -> list[str]:
        """Return a list with the API key in the file of the first start, or an empty list without a file."""
        return self._written("first_api_key")

    @property
    def setup_links(self) -> list[str]:
        """Return a list with the set-up link in the file of the first start, or an empty list without a file."""
        return self._written("setup_link")

    def _written(self, name: str) -> list[str]:
        file = self.data / name
        return [file.read_text().strip()] if file.exists() else []

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=15)


def run_manage(
    environment: dict[str, str], *arguments: object, prefix: Sequence[str] = ()
) -> subprocess.CompletedProcess[str]:
    """Run a command of `manage.py`, and return its exit code and output."""
    command = [*prefix, sys.executable, "manage.py", *map(str, arguments)]
    return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True)


def read_start_error(environment: dict[str, str], *arguments: object, prefix: Sequence[str] = ()) -> str:
    """Return the single line of error output of a command that cannot start."""
    ended = run_manage(environment, *arguments, prefix=prefix)
    assert (ended.returncode, ended.stdout) == (2, ""), ended.stderr
    assert ended.stderr.startswith("Error: ")
    assert ended.stderr.count("\n") == 1, ended.stderr
    return ended.stderr


@contextmanager
def empty_database(data: Path, template: str = "template1") -> Iterator[dict[str, str]]:
    """Yield an environment with a new database, in SQLite or PostgreSQL as in this run.

    The database has no tables, unless another `template` of PostgreSQL is copied.
    """
    url = os.environ.get("DATABASE_URL", "")
    clean = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "LOG_LEVEL")}
    clean |= {"DATA_DIR": str(data), "WORKERS": "2", "PYTHONUNBUFFERED": "1"}
    if not url.startswith("postgresql"):
        yield clean
        return
    name = f"live_{uuid.uuid4().hex}"
    with psycopg.connect(url, autocommit=True) as connection:
        create = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        connection.execute(create.format(sql.Identifier(name), sql.Identifier(template)))
        yield clean | {"DATABASE_URL": f"{url.rpartition('/')[0]}/{name}"}
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def copied_database(migrated: dict[str, str], data: Path) -> Iterator[dict[str, str]]:
    """Yield an environment with a copy of a migrated database."""
    data.mkdir(exist_ok=True)
    template = migrated.get("DATABASE_URL", "").rpartition("/")[2] or "template1"
    with empty_database(data, template) as environment:
        if "DATABASE_URL" not in environment:
            shutil.copy(Path(migrated["DATA_DIR"]) / "dashboards.sqlite3", data)
        yield environment


@pytest.fixture(scope="module")
def environment(migrated: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Yield an environment with a database without rows. The tests of a module share this environment."""
    with copied_database(migrated, tmp_path_factory.mktemp("data")) as created:
        yield created


@pytest.fixture
def fresh_environment(migrated: dict[str, str], tmp_path: Path) -> Iterator[dict[str, str]]:
    """Yield an environment with a database without rows for one test."""
    with copied_database(migrated, tmp_path / "data") as created:
        yield created


@pytest.fixture(scope="module")
def service(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    running = Service(environment, tmp_path_factory.mktemp("log") / "serve.log").wait()
    yield running
    running.stop()
