"""The server by itself: `python -m dashboards_api.server HOST PORT WORKERS`, as `manage.py serve` becomes it.

The process that watches over the workers loads the service once, and workers are forked from it: they share its memory,
and one that has to be replaced is there at once. It keeps the folder in which workers count for `/metrics`, so that
what ended workers have counted is not lost.
"""

import contextlib
import importlib
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Iterator

from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import Server

APPLICATION = "dashboards_api.wsgi:application"
# A thread waits while a client is slow to send its body: so many may be, and others are served. There are as many as
# are needed, and they compute one at a time (`http/wsgi.py`).
THREADS_PER_WORKER = 256
HEADER_BYTES_MAX = 64 * 1024
SECONDS_TO_FINISH = 10


def main() -> None:
    host, port, workers = sys.argv[1:]
    if sys.platform == "linux":
        multiprocessing.set_start_method("fork")
    with folder_of_metrics():
        importlib.import_module(APPLICATION.partition(":")[0])
        serve(host, int(port), int(workers))


def serve(host: str, port: int, workers: int) -> None:
    Server(
        APPLICATION,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=THREADS_PER_WORKER,
        http1_settings=HTTP1Settings(max_buffer_size=HEADER_BYTES_MAX),
        respawn_failed_workers=True,
        workers_kill_timeout=SECONDS_TO_FINISH,
        websockets=False,
        log_level=LogLevels.error,  # it warns of that many threads
    ).serve()


@contextlib.contextmanager
def folder_of_metrics() -> Iterator[None]:
    """A folder for as long as it serves, named to the workers, where somebody may ask for metrics."""
    if not (os.environ.get("METRICS_TOKEN") or os.environ.get("METRICS_TOKEN_FILE")):
        yield
        return
    with tempfile.TemporaryDirectory(prefix="dashboards-metrics-") as folder:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        yield


if __name__ == "__main__":
    main()
