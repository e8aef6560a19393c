"""The service as people run it: `manage.py serve` in a process of its own, on a database of its own."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

ROOT = Path(__file__).parents[2]
SECONDS_TO_START = 40


def free_port() -> int:
    with socket.socket() as candidate:
        candidate.bind(("127.0.0.1", 0))
        port: int = candidate.getsockname()[1]
        return port


class Service:
    """A running `manage.py serve`, by a command before it where there is a prefix."""

    def __init__(self, environment: dict[str, str], log: Path, *options: str, prefix: Sequence[str] = ()) -> None:
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.log = log
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [*prefix, sys.executable, "manage.py", "serve", "--port", str(self.port), *options],
                env=environment,
                cwd=ROOT,
                stdout=output,
                stderr=output,
            )

    def wait(self) -> "Service":
        deadline = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                urllib.request.urlopen(f"{self.base}/readyz", timeout=2).close()  # noqa: S310  our own address
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.05)
            else:
                return self
        raise AssertionError(f"the service did not start:\n{self.log.read_text()}")

    @property
    def printed_keys(self) -> list[str]:
        return re.findall(r"phx_\w+", self.log.read_text())

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=15)


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """An empty database on the engine of this run."""
    url = os.environ.get("DATABASE_URL", "")
    clean = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "LOG_LEVEL")}
    clean |= {"DATA_DIR": str(tmp_path_factory.mktemp("data")), "WORKERS": "2", "PYTHONUNBUFFERED": "1"}
    if not url.startswith("postgresql"):
        yield clean
        return
    name = f"live_{uuid.uuid4().hex}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield clean | {"DATABASE_URL": f"{url.rpartition('/')[0]}/{name}"}
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="module")
def service(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    running = Service(environment, tmp_path_factory.mktemp("log") / "serve.log").wait()
    yield running
    running.stop()
