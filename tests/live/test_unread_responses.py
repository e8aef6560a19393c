"""Clients that request large responses and read nothing, and are disconnected. Slow clients are not disconnected."""

import socket
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from dashboards_api.http.unread_responses import UNREAD_MILLISECONDS
from tests.live.conftest import Service

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the option is one of Linux")

CLIENTS = 20
# About 15 MB, which is more than the kernel buffers and a slow client reads during the test. A connection whose
# responses are all in buffers is idle, and is closed after the timeout for idle connections even without this limit.
REQUESTS = b"GET /api/schema/ HTTP/1.1\r\nHost: localhost\r\n\r\n" * 16
ESTABLISHED = "01"


def count_connections(port: int) -> int:
    """Return the number of established connections on the server's side of the given port."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(row[1].endswith(f":{port:04X}") and row[3] == ESTABLISHED for row in rows)


def open_unread_client(service: Service, buffer: int) -> socket.socket:
    """Return a client that has requested several megabytes and read nothing."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    client.connect(("127.0.0.1", service.port))
    client.sendall(REQUESTS)
    return client


def test_client_that_reads_nothing_is_disconnected(service: Service) -> None:
    with ExitStack() as stack:
        for _ in range(CLIENTS):
            stack.enter_context(open_unread_client(service, buffer=4096))
        reading = stack.enter_context(open_unread_client(service, buffer=200_000))
        started = time.monotonic()
        assert count_connections(service.port) >= CLIENTS + 1
        while count_connections(service.port) > 1 and time.monotonic() - started < 3 * UNREAD_MILLISECONDS / 1000:
            reading.recv(50_000)
            time.sleep(0.5)
        assert UNREAD_MILLISECONDS / 1000 - 5 <= time.monotonic() - started < 2 * UNREAD_MILLISECONDS / 1000
        assert count_connections(service.port) == 1
        assert reading.recv(50_000)
