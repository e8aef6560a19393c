"""The measured servers, with two workers each: the service, plain Django REST framework, and a bare server."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.databases import ROOT, Database, Filled
from benchmarks.load import Server

SECONDS_TO_START = 60
SECONDS_TO_STOP = 20
WORKERS = 2
# The folder where `make bench` installs gunicorn, which the project itself does not need.
GUNICORN = Path(os.environ.get("BENCH_GUNICORN", ROOT / ".venv" / "gunicorn"))
GRANIAN = ["-m", "granian", "--interface=wsgi", f"--workers={WORKERS}", "--no-ws", "--log-level=warning"]
NAMES = ("ours", "plain", "limit")


def get_plain_server() -> str:
    """Return the server of the plain service: gunicorn with its default worker if it is installed, else granian."""
    return "gunicorn" if GUNICORN.exists() else "granian"


def build_command(name: str, port: int) -> list[str]:
    """Return the Python arguments that start a server."""
    if name == "ours":
        return ["manage.py", "serve", f"--workers={WORKERS}", f"--port={port}"]
    if name == "limit":
        return [*GRANIAN, f"--port={port}", "--blocking-threads=2", "benchmarks.limit:app"]
    if get_plain_server() == "granian":
        return [*GRANIAN, f"--port={port}", "--blocking-threads=1", "benchmarks.plain_wsgi:application"]
    return ["-m", "gunicorn", f"--workers={WORKERS}", f"--bind=127.0.0.1:{port}", "benchmarks.plain_wsgi:application"]


@contextlib.contextmanager
def serving(
    name: str, database: Database, filled: Filled, folder: Path, *, root: Path = ROOT, python: str = sys.executable
) -> Iterator[Server]:
    """Run one of the servers in NAMES on a filled database during the block, with a log file in the folder."""
    port = _free_port()
    environment = os.environ | {
        "DATABASE_URL": database.url,
        "DATA_DIR": str(folder),
        "LOG_LEVEL": "INFO",
        "RATE_LIMITS": "",
        "QUERY_RATE_LIMITS": "",
        "PYTHONPATH": f"{root}:{GUNICORN}",
    }
    log = folder / f"{name}-{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [python, *build_command(name, port)],
            cwd=root,
            env=environment,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        server = Server(name, f"http://127.0.0.1:{port}", process.pid, filled.key, filled.big)
        _wait(server, process, log)
        yield server
    finally:
        _stop(process)


def _wait(server: Server, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            if server.get(f"{server.dashboards}?limit=1")[0] == 200:
                return
        time.sleep(0.1)
    sys.exit(f"The server `{server.name}` did not start:\n{log.read_text()[-4000:]}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Stop the server, then kill its process group with all workers."""
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(SECONDS_TO_STOP)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
