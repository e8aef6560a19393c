"""The server process, which `manage.py serve` executes: `python -m dashboards_api.server HOST PORT WORKERS URL`.

The main process binds the port and loads the service once. Workers are forked from the main process, so they share its
memory and can be replaced immediately after a failure. The main process owns the folder with the metrics of all
workers, so that the metrics of terminated workers are kept.
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
from queries.supervisor import REMOTE, supervised_worker

APPLICATION = "dashboards_api.rsgi:application"
MAX_HEADER_BYTES = 64 * 1024
# The timeout of request headers, and of idle connections.
HEADER_MILLISECONDS = 30_000
CONNECTIONS_PER_WORKER = 4096
MAX_FILES = 2 * CONNECTIONS_PER_WORKER
SHUTDOWN_TIMEOUT_SECONDS = 10
EXIT_CODE = 2


USAGE = "Usage: python -m dashboards_api.server HOST PORT WORKERS URL. `manage.py serve` prepares and starts it."


def main() -> None:
    if len(sys.argv) != 5 or not (sys.argv[2].isdecimal() and sys.argv[3].isdecimal()):
        exit_with_reason(USAGE)
    host, port, workers, address = sys.argv[1:]
    if sys.platform == "linux":
        multiprocessing.set_start_method("fork")
    with reserve_port(host, int(port)) as numeric_host, metrics_folder():
        raise_file_limit()
        with report_start_errors():
            importlib.import_module(APPLICATION.partition(":")[0])
        exit_with_reason(importlib.import_module("dashboards_api.db.statement_timeout").find_refusal())
        server = build_server(numeric_host, int(port), int(workers))
        server.on_startup(lambda: print(f"Serving on {address}", flush=True))  # noqa: T201  for the terminal
        with supervised_worker(find_engine()):
            server.serve()


def find_engine() -> str:
    """Return the engine of the query worker's supervisor, or an empty string if this machine computes no queries."""
    settings = importlib.import_module("django.conf").settings
    if not settings.ENGINE or not settings.QUERY_WORKERS:
        return ""
    return REMOTE if settings.ENGINE_URL else str(importlib.import_module("engine.client").get_folder())


def build_server(host: str, port: int, workers: int) -> Any:
    """Return the server. Relevant options are explicit, because a default may change, or allow more than intended."""
    return Server(
        APPLICATION,
        address=host,
        port=port,
        interface=Interfaces.RSGI,
        http=HTTPModes.http1,  # HTTP/2 in clear text leaks streams
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
            max_buffer_size=MAX_HEADER_BYTES,
            pipeline_flush=False,
        ),
        respawn_failed_workers=True,
        workers_kill_timeout=SHUTDOWN_TIMEOUT_SECONDS,
        log_level=LogLevels.error,
        log_access=False,
    )


def exit_with_reason(reason: str) -> None:
    """Exit with a reason in one line, unless the reason is empty."""
    if reason:
        sys.stderr.write(f"{reason}\n")
        sys.exit(EXIT_CODE)


@contextlib.contextmanager
def reserve_port(host: str, port: int) -> Iterator[str]:
    """Hold the port during the block, and yield the IP address of `host`. Exit if the port cannot be bound.

    Workers bind the port with SO_REUSEPORT. With this option alone, a second service could share the port unnoticed,
    and requests would be split between two databases. The port is therefore bound exclusively first. Two sockets can
    both be bound until one of them listens, so services that start at the same time also compete for the name of a
    Unix socket.
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
        exit_with_reason(f"Cannot listen on {host}, port {port}: {error.strerror}. See --host and --port.")
        raise
    with name, listener:
        yield str(bound[0])


def raise_file_limit() -> None:
    """Raise the limit on open files to twice the number of connections, as far as the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_FILES if hard == resource.RLIM_INFINITY else min(MAX_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


@contextlib.contextmanager
def metrics_folder() -> Iterator[None]:
    """Create a folder for the metrics of all workers during the block, if METRICS_TOKEN is set."""
    if not (os.environ.get("METRICS_TOKEN") or os.environ.get("METRICS_TOKEN_FILE")):
        yield
        return
    with tempfile.TemporaryDirectory(prefix="dashboards-metrics-") as folder:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        yield


if __name__ == "__main__":
    main()
