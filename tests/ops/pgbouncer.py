"""PgBouncer in transaction mode in front of PostgreSQL, for a test."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg

from tests.live.conftest import find_free_port

# The first version that supports prepared statements in transaction mode.
FIRST_WITH_PREPARED = (1, 21)


def read_version() -> tuple[int, ...]:
    done = subprocess.run([find_program(), "--version"], check=True, stdout=subprocess.PIPE, text=True)
    found = re.search(r"(\d+)\.(\d+)", done.stdout)
    assert found, done.stdout
    return tuple(map(int, found.groups()))


def find_program() -> str:
    found = os.environ.get("PGBOUNCER") or shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    assert found, "these tests need pgbouncer: install it"
    return found


@contextmanager
def run_pgbouncer(url: str, folder: Path, *, connections: int) -> Iterator[str]:
    """Run a pooler with `connections` connections to the database at `url`, and yield its URL."""
    to = urlsplit(url)
    port, name = find_free_port(), to.path.lstrip("/")
    (folder / "users").write_text(f'"{to.username}" "{to.password or ""}"\n')
    prepared = "max_prepared_statements = 100\n" if read_version() >= FIRST_WITH_PREPARED else ""
    (folder / "ini").write_text(
        f"[databases]\n{name} = host={unquote(to.hostname or '')} port={to.port or 5432} user={to.username}\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = trust\n"
        f"auth_file = {folder}/users\npool_mode = transaction\ndefault_pool_size = {connections}\n{prepared}"
    )
    folder.chmod(0o755)
    as_nobody = ["--user", "nobody"] if os.geteuid() == 0 else []
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([find_program(), *as_nobody, folder / "ini"], stdout=log, stderr=log)
    try:
        pooled = f"postgresql://{to.username}@127.0.0.1:{port}/{name}"
        _wait(pooled, process, folder / "log")
        yield pooled
    finally:
        process.terminate()
        process.wait()


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 15
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(psycopg.OperationalError):
            psycopg.connect(url, prepare_threshold=None).close()
            return
        time.sleep(0.05)
    raise AssertionError(f"pgbouncer did not start:\n{log.read_text()}")
