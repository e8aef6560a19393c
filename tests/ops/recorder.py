"""A server that records the requests of a proxy, and the times at which the proxy closes its connections."""

import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)


class Connection:
    """One connection of the proxy, with its requests and the time at which it was closed."""

    def __init__(self) -> None:
        self.sent = b""
        self.requests: list[bytes] = []
        self.answered = 0.0
        self.closed = 0.0

    def take_request(self) -> bytes | None:
        """Remove the next request from the received bytes and return its head, or None if the request is incomplete."""
        head, ends, rest = self.sent.partition(b"\r\n\r\n")
        length = LENGTH.search(head + b"\r\n")
        size = int(length[1]) if length else 0
        if not ends or len(rest) < size:
            return None
        self.sent = rest[size:]
        return head


class Recorder:
    """A server that records requests. The response to a request for /hold is delayed until `released` is set."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        self.connections: list[Connection] = []
        self.released = threading.Event()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        with suppress(OSError):  # the listener was closed
            while True:
                accepted, _ = self.listener.accept()
                self.connections.append(Connection())
                threading.Thread(target=self.receive, args=(accepted, self.connections[-1]), daemon=True).start()

    def receive(self, accepted: socket.socket, connection: Connection) -> None:
        with accepted, suppress(ConnectionError):
            while block := accepted.recv(65536):
                connection.sent += block
                while head := connection.take_request():
                    connection.requests.append(head)
                    if b" /hold " in head:
                        self.released.wait(30)
                    accepted.sendall(OK)
                    connection.answered = time.monotonic()
        connection.closed = time.monotonic()

    def read_headers(self) -> list[tuple[str, str]]:
        """Return the headers of the only request, with names in lower case."""
        [head] = [head for connection in self.connections for head in connection.requests]
        lines = head.decode().split("\r\n")[1:]
        return [(name.lower(), value) for name, _, value in (line.partition(": ") for line in lines)]


@contextmanager
def run_recorder() -> Iterator[Recorder]:
    recorder = Recorder()
    yield recorder
    recorder.released.set()
    recorder.listener.close()
