"""The server process: `python -m dashboards_api.server HOST PORT WORKERS ADDRESS`, as `manage.py serve` becomes it.

The main process binds the port and loads the service once; workers are forked from it, so that they share its memory
and a failed one is replaced at once. It keeps the folder in which workers count for `/metrics`, so that the counts of
workers that ended are not lost.
"""

import contextlib
import importlib
import multiprocessing
import os
import resource
import socket
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

from granian.constants import HTTPModes, Interfaces, Loops, RuntimeModes, TaskImpl
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import Server

from dashboards_api.startup import report_start_errors

APPLICATION = "dashboards_api.rsgi:application"
HEADER_BYTES_MAX = 64 * 1024
# Time for the headers of a request, and for a connection that sends nothing.
HEADER_MILLISECONDS = 30_000
CONNECTIONS_PER_WORKER = 4096
FILES_MAX = 2 * CONNECTIONS_PER_WORKER
SECONDS_TO_FINISH = 10
BAD_START = 2


USAGE = "Usage: python -m dashboards_api.server HOST PORT WORKERS ADDRESS. `manage.py serve` prepares and starts it."


def main() -> None:
    if len(sys.argv) != 5 or not (sys.argv[2].isdecimal() and sys.argv[3].isdecimal()):
        refuse_start(USAGE)
    host, port, workers, address = sys.argv[1:]
    if sys.platform == "linux":
        multiprocessing.set_start_method("fork")
    with reserve_port(host, int(port)) as numeric_host, metrics_folder():
        raise_file_limit()
        with report_start_errors():
            importlib.import_module(APPLICATION.partition(":")[0])
        refuse_start(importlib.import_module("dashboards_api.db.statement_timeout").find_refusal())
        server = build_server(numeric_host, int(port), int(workers))
        server.on_startup(lambda: print(f"Serving on {address}", flush=True))  # noqa: T201  said to the terminal
        server.serve()


def build_server(host: str, port: int, workers: int) -> Any:
    """Return the server. Each option that matters is named: a default may change, or allow more than is meant."""
    return Server(
        APPLICATION,
        address=host,
        port=port,
        interface=Interfaces.RSGI,
        http=HTTPModes.http1,  # HTTP/2 in clear text lets streams leak
        websockets=False,
        workers=workers,
        blocking_threads=1,
        runtime_mode=RuntimeModes.st,
        runtime_threads=1,
        loop=Loops.asyncio,
        task_impl=TaskImpl.asyncio,
        backlog=1024,
        backpressure=CONNECTIONS_PER_WORKER,
        http1_settings=HTTP1Settings(
            header_read_timeout=HEADER_MILLISECONDS,
            keep_alive=True,
            max_buffer_size=HEADER_BYTES_MAX,
            pipeline_flush=False,
        ),
        respawn_failed_workers=True,
        workers_kill_timeout=SECONDS_TO_FINISH,
        log_level=LogLevels.error,
        log_access=False,
    )


def refuse_start(reason: str) -> None:
    """Exit with the reason on one line, where there is one."""
    if reason:
        sys.stderr.write(f"{reason}\n")
        sys.exit(BAD_START)


@contextlib.contextmanager
def reserve_port(host: str, port: int) -> Iterator[str]:
    """Hold the port while the block runs, and give the numeric address of `host`. Exit where it cannot be had.

    Workers bind it with SO_REUSEPORT, which alone would let a second service share it unnoticed: requests would be
    dealt out between two databases. So it is bound exclusively first. Two sockets that do not listen yet may both be
    bound, so services that start at the same moment are told apart by a name that only one process can have.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, bound = min(found, key=lambda each: each[0] != socket.AF_INET)
        name, listener = socket.socket(socket.AF_UNIX), socket.socket(family, kind, protocol)
        if sys.platform == "linux":
            name.bind(f"\0dashboards-api {bound[0]} {port}")
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(bound)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    except OSError as error:
        refuse_start(f"Cannot listen on {host}, port {port}: {error.strerror}. See --host and --port.")
        raise
    with name, listener:
        yield str(bound[0])


def raise_file_limit() -> None:
    """Allow as many open files as there may be connections, where the system lets us."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES_MAX if hard == resource.RLIM_INFINITY else min(FILES_MAX, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


@contextlib.contextmanager
def metrics_folder() -> Iterator[None]:
    """Make a folder for the counts of all workers while the block runs, where METRICS_TOKEN is set."""
    if not (os.environ.get("METRICS_TOKEN") or os.environ.get("METRICS_TOKEN_FILE")):
        yield
        return
    with tempfile.TemporaryDirectory(prefix="dashboards-metrics-") as folder:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        yield


if __name__ == "__main__":
    main()
