"""More clients that never finish their body than the service has threads: it is itself again before long."""

import socket
import time
from contextlib import ExitStack

from dashboards_api.http.arrival import SECONDS_TO_ARRIVE, UNHURRIED
from dashboards_api.server import THREADS_PER_WORKER
from tests.live.conftest import Service, environment, service
from tests.ops.faulty import DASHBOARDS, client_of, create, names

__all__ = ["environment", "service"]

WORKERS = 2


def begun(service: Service) -> bytes:
    return (
        f"POST {DASHBOARDS} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 100\r\n"
        f"Authorization: Bearer {service.printed_keys[0]}\r\n\r\n"
    ).encode() + b'{"name": "never"'


def received(connection: socket.socket) -> bytes | None:
    """What has come on a connection that was closed by the service; None where it is still open."""
    connection.setblocking(False)
    answer = b""
    try:
        while block := connection.recv(65536):
            answer += block
    except BlockingIOError:
        return None
    except ConnectionResetError:
        pass
    return answer


def test_bodies_that_never_end_are_given_up(service: Service) -> None:
    with ExitStack() as clients, client_of(service) as client:
        slow = [
            clients.enter_context(socket.create_connection(("127.0.0.1", service.port)))
            for _ in range(WORKERS * THREADS_PER_WORKER + 88)
        ]
        started = time.monotonic()
        for each in slow:
            each.sendall(begun(service))
        assert create(client, "after").status_code == 201
        assert time.monotonic() - started < SECONDS_TO_ARRIVE + 10
        # Those that found no thread begin their time when others are given up.
        time.sleep(max(0.0, started + 2 * SECONDS_TO_ARRIVE + 10 - time.monotonic()))
        answers = [received(each) for each in slow]
        assert answers.count(None) <= WORKERS * UNHURRIED
        closed = [answer for answer in answers if answer is not None]
        refused = [answer for answer in closed if answer.startswith(b"HTTP/1.1 408 ")]
        assert len(refused) >= len(closed) * 9 // 10
        assert all(b'"code":"request_timeout"' in answer for answer in refused)
        started = time.monotonic()
        assert names(client) == ["after"]
        assert time.monotonic() - started < 1
