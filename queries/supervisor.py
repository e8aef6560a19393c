"""The supervisor of the query worker: a small process that keeps the engine and one query worker running.

The server starts `python -m queries.supervisor FOLDER` with the folder of the embedded engine, or with `remote` for a
ClickHouse server. Before the first import, the folder has no store. The supervisor checks for the store twice a second,
and starts the engine and the query worker when the store exists. The supervisor's standard input is a pipe from the
server. When the pipe is closed, for any reason, the supervisor stops both processes and exits. The supervisor does not
load Django, which would take 60 MB.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from engine.files import has_store
from engine.supervision import ensure_supervisor, stop_supervisor
from engine.supervisor import SupervisorLoop, log, stop_process

ROOT = Path(__file__).resolve().parent.parent
REMOTE = "remote"
SECONDS_BETWEEN_CHECKS = 0.5
BACKOFF_MIN = 0.2
MAX_BACKOFF = 30.0
SECONDS_UNTIL_STABLE = 10  # a query worker that has run this long is restarted with the shortest backoff
SECONDS_TO_STOP = 8


class WorkerSupervisor(SupervisorLoop):
    """The loop that restarts a query worker that has died, with exponential backoff if it died soon after a start."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.worker: subprocess.Popen[bytes] | None = None
        self.started = 0.0
        self.next_start = 0.0
        self.backoff = BACKOFF_MIN

    def run(self) -> None:
        while not self.is_stopping:
            if self.folder is None or has_store(self.folder):
                self.ensure_processes()
            self.wait(SECONDS_BETWEEN_CHECKS)
        if self.worker is not None:
            stop_process(self.worker, SECONDS_TO_STOP)
        if self.folder is not None:
            stop_supervisor(self.folder)

    def ensure_processes(self) -> None:
        """Start the engine's supervisor and the query worker unless they are running."""
        if self.folder is not None:
            ensure_supervisor(self.folder)
        moment = time.monotonic()
        if self.worker is not None:
            if self.worker.poll() is None:
                return
            self.report_death(self.worker, moment)
        if moment >= self.next_start:
            self.started = moment
            command = [sys.executable, str(ROOT / "manage.py"), "query_worker", f"--supervisor={os.getpid()}"]
            self.worker = subprocess.Popen(command)  # noqa: S603  our own interpreter and command

    def report_death(self, worker: "subprocess.Popen[bytes]", moment: float) -> None:
        self.worker = None
        self.backoff = (
            BACKOFF_MIN if moment > self.started + SECONDS_UNTIL_STABLE else min(2 * self.backoff, MAX_BACKOFF)
        )
        self.next_start = moment + self.backoff
        log("query_worker_died", level="error", code=worker.returncode, restart_in_seconds=round(self.backoff, 1))


@contextmanager
def supervised_worker(engine: str) -> Iterator[None]:
    """Keep an engine and a query worker running during the block. `engine` is a folder, REMOTE, or empty."""
    if not engine:
        yield
        return
    command = [sys.executable, "-m", "queries.supervisor", engine]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, cwd=ROOT)  # noqa: S603  our own interpreter and module
    try:
        yield
    finally:
        if process.stdin:
            process.stdin.close()
        stop_process(process, 2 * SECONDS_TO_STOP)


def main() -> NoReturn:
    WorkerSupervisor(None if sys.argv[1] == REMOTE else Path(sys.argv[1])).run_and_exit()


if __name__ == "__main__":
    main()
