"""Processes that a stage may kill: `manage.py serve` in its own process group, and a durable PostgreSQL server.

The PostgreSQL servers of other tests are not durable.
"""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg

from tests.live.conftest import find_free_port
from tests.postgres import INITDB, find_binaries, get_unprivileged_user, make_reachable

ROOT = Path(__file__).resolve().parents[2]
SECONDS_TO_START = 60
SECONDS_TO_STOP = 20
WORKERS = 2
_OWN_VARIABLES = ("DATABASE_URL", "LOG_LEVEL", "PUBLIC_URL", "ALLOWED_HOSTS", "DEBUG", "SECRET_KEY")


class KillableService:
    """A `manage.py serve` process on one database and one port, which can be killed and started again."""

    def __init__(self, folder: Path, database_url: str, **environment: str) -> None:
        kept = {name: value for name, value in os.environ.items() if name not in _OWN_VARIABLES}
        own = {"DATA_DIR": str(folder), "DATABASE_URL": database_url, "RATE_LIMITS": "", "PYTHONUNBUFFERED": "1"}
        self.environment = kept | own | environment
        self.database_url = database_url
        self.log = folder / "serve.log"
        self.port = find_free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def key(self) -> str:
        """Return the API key that the first start created."""
        return (self.log.parent / "first_api_key").read_text().strip()

    def start(self) -> float:
        """Start the service, wait until it is ready, and return the elapsed seconds."""
        started = time.monotonic()
        command = [sys.executable, "manage.py", "serve", "--port", str(self.port), "--workers", str(WORKERS)]
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                command, env=self.environment, cwd=ROOT, stdout=output, stderr=output, start_new_session=True
            )
        while self.process.poll() is None and time.monotonic() - started < SECONDS_TO_START:
            if self.is_ready():
                return time.monotonic() - started
            time.sleep(0.02)
        sys.exit(f"The service did not start:\n{self.log.read_text()[-4000:]}")

    def is_ready(self) -> bool:
        try:
            urllib.request.urlopen(f"{self.base}/readyz", timeout=5).close()  # noqa: S310  our own URL
        except OSError:
            return False
        return True

    def kill(self) -> None:
        """Kill all processes of the service at once."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(SECONDS_TO_STOP)
        self.kill()


class KillablePostgreSQL:
    """A server with PostgreSQL's default durability."""

    def __init__(self, work: Path) -> None:
        self.as_user = get_unprivileged_user(work)
        self.folder = make_reachable(find_binaries(), work)
        self.data = work / "data"
        self.log = work / "log"
        self.url = f"postgresql://postgres@{quote(str(work), safe='')}/postgres"
        self.settings = f"-c listen_addresses= -c unix_socket_directories={work} -c max_connections=30"
        self._run("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", *INITDB)

    def start(self) -> None:
        """Start the server and wait until it accepts connections."""
        self._run("pg_ctl", "-D", self.data, "-l", self.log, "-o", self.settings, "-W", "start")
        deadline = time.monotonic() + SECONDS_TO_START
        while not self.accepts():
            if time.monotonic() > deadline:
                sys.exit(f"PostgreSQL did not start:\n{self.log.read_text()[-4000:]}")
            time.sleep(0.005)

    def stop(self, mode: str = "fast") -> None:
        """Stop the server. After an `immediate` stop, the server recovers from the write-ahead log when it starts."""
        self._run("pg_ctl", "-D", self.data, "-m", mode, "-w", "stop")

    def accepts(self) -> bool:
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(self.url, connect_timeout=2).close()
            return True
        return False

    def _run(self, name: str, *arguments: str | Path) -> None:
        subprocess.run([self.folder / name, *arguments], check=True, stdout=subprocess.DEVNULL, **self.as_user)


@contextlib.contextmanager
def run_durable_postgresql() -> Iterator[KillablePostgreSQL]:
    """Run a durable server during the block."""
    with tempfile.TemporaryDirectory(prefix="pg-") as work:
        server = KillablePostgreSQL(Path(work))
        server.start()
        try:
            yield server
        finally:
            server.stop("immediate")
