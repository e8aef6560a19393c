"""Unfinished bodies of more clients than the service has threads. The bodies time out, and delay no other client."""

import socket
import time
from contextlib import ExitStack

from dashboards_api.http.request_body import BODY_TIMEOUT_SECONDS
from tests.live.conftest import Service, environment, service
from tests.ops.failures import DASHBOARDS, create, list_names, make_client

__all__ = ["environment", "service"]

CLIENTS = 200  # fewer than the bodies that one IP address may send at once


def unfinished_request(service: Service) -> bytes:
    return (
        f"POST {DASHBOARDS} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 100\r\n"
        f"Authorization: Bearer {service.printed_keys[0]}\r\n\r\n"
    ).encode() + b'{"name": "never"'


def receive_all(connection: socket.socket) -> bytes:
    """Return all bytes that are received until the service closes the connection."""
    connection.settimeout(10)
    answer = b""
    while block := connection.recv(65536):
        answer += block
    return answer


def test_unfinished_bodies_time_out(service: Service) -> None:
    with ExitStack() as clients, make_client(service) as client:
        slow = [clients.enter_context(socket.create_connection(("127.0.0.1", service.port))) for _ in range(CLIENTS)]
        started = time.monotonic()
        for each in slow:
            each.sendall(unfinished_request(service))
        assert create(client, "after").status_code == 201
        assert list_names(client) == ["after"]
        assert time.monotonic() - started < BODY_TIMEOUT_SECONDS / 2
        time.sleep(max(0.0, started + BODY_TIMEOUT_SECONDS + 10 - time.monotonic()))
        answers = [receive_all(each) for each in slow]
        late = [answer for answer in answers if answer.startswith(b"HTTP/1.1 408 ")]
        assert len(late) >= CLIENTS // 2
        assert all(b'"code":"request_timeout"' in answer for answer in late)
        assert all(answer.startswith((b"HTTP/1.1 408 ", b"HTTP/1.1 503 ")) for answer in answers)
        assert list_names(client) == ["after"]
