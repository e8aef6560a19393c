"""Connections of clients that do not read their response. The kernel closes these connections."""

import errno
import logging
import socket
import sys
import time
from contextlib import suppress

import pytest

from dashboards_api.http.unread_responses import limit_listener, limit_unread_responses

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="TCP_USER_TIMEOUT is an option of Linux")


def send_without_end(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"x" * 100_000)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_connection_of_a_client_that_reads_nothing_is_closed(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as listener:
        limit_unread_responses(milliseconds=1000)
        with socket.create_connection(listener.getsockname()[:2]), listener.accept()[0] as connection:
            connection.settimeout(20)
            started = time.monotonic()
            with pytest.raises(OSError) as raised:
                send_without_end(connection)
            assert raised.value.errno == errno.ETIMEDOUT
            assert time.monotonic() - started >= 1


def test_connection_of_a_client_that_reads_slowly_stays_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        limit_unread_responses(milliseconds=1000)
        with socket.create_connection(listener.getsockname()) as client, listener.accept()[0] as connection:
            connection.setblocking(False)
            taken, deadline = 0, time.monotonic() + 3
            while time.monotonic() < deadline:
                with suppress(BlockingIOError):
                    send_without_end(connection)
                time.sleep(0.3)
                taken += len(client.recv(1_000_000))
            assert taken > 0


def test_other_file_descriptors_are_kept() -> None:
    first, second = socket.socketpair()
    with first, second, socket.socket() as unbound, open("/dev/null") as file:
        for each in (first, second, unbound, file):
            assert not limit_listener(each.fileno(), 1000)
            assert each.fileno() > 0
        assert unbound.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 0
        assert not limit_listener(1_000_000, 1000)
        assert first.send(b"x") == 1


def test_missing_listening_socket_is_reported(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    limit_unread_responses()
    assert "no listening socket found" in caplog.text
