"""Resource limits: large, deep and slow requests are refused in time, while other requests are served."""

import contextlib
import http.client
import json
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.processes import measure_cost
from tests.security.crash import compute_percentile, create_database
from tests.security.error_envelope import is_envelope
from tests.security.processes import KillableService
from tests.security.report import Outcome, Report

SLOW_CLIENTS = 200
SECONDS_TO_ANSWER, SECONDS_TO_PROBE = 5, 1
PROBES = 200
ANSWERS = {200, 201, 400, 404, 413, 414, 431}
ROUNDS = 4
# The memory of a large request may be kept for the next request, but must not grow each time.
MAY_GROW_MB = 50
PATH = "/api/projects/1/dashboards/"
MB = 1024 * 1024


class Request(NamedTuple):
    """A raw request, and its name in the report."""

    name: str
    head: list[str]
    body: bytes


def run(engine: str, report: Report, seed: int) -> Outcome:
    """Send large and unusual requests one after the other. Then measure a client next to slow clients."""
    with tempfile.TemporaryDirectory(prefix="resources-") as folder, create_database(engine, Path(folder)) as (url, _):
        service = KillableService(Path(folder), url)
        service.start()
        try:
            return Resources(service, report).run()
        finally:
            service.stop()


class Resources:
    def __init__(self, service: KillableService, report: Report) -> None:
        assert service.process is not None, "it was started"
        self.service, self.report, self.pid = service, report, service.process.pid
        self.peak = self.memory()

    def run(self) -> Outcome:
        self.probe()
        slowest, sizes = 0.0, []
        for _ in range(ROUNDS):
            slowest = max([slowest, *(self.send(request) for request in self.requests())])
            sizes.append(self.memory())
        if (grown := sizes[-1] - sizes[-2]) > MAY_GROW_MB:
            self.report.fault("memory grows with each round", megabytes=sizes)
        worst = {}
        for kind in ("headers", "body", "chunked body", "reading"):
            with self.slow_clients(kind):
                worst[kind] = self.probe()
            if worst[kind] > SECONDS_TO_PROBE:
                self.report.fault("others waited for slow clients", kind=kind, p99=worst[kind])
        probes = ", ".join(f"{kind} {seconds * 1000:.0f} ms" for kind, seconds in worst.items())
        return self.report.outcome(
            f"slowest of the large requests {slowest:.1f} s; peak {self.peak:.0f} MB, "
            f"{sizes[-1]:.0f} MB after {ROUNDS} rounds of them, {grown:+.0f} MB in the last; "
            f"p99 next to {SLOW_CLIENTS} slow clients: {probes}"
        )

    def memory(self) -> float:
        self.peak = max(getattr(self, "peak", 0.0), found := measure_cost(self.pid).memory_mb)
        return found

    def head(self, method: str, path: str, *more: str) -> list[str]:
        own = ["Host: localhost", f"Authorization: Bearer {self.service.key}", "Content-Type: application/json"]
        return [f"{method} {path} HTTP/1.1", *own, "Connection: close", *more]

    def requests(self) -> Iterator[Request]:
        for name, body in iter_bodies():
            yield Request(name, self.head("POST", PATH, f"Content-Length: {len(body)}"), body)
        small = b'{"name": "chunked"}'
        chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in small) + b"0\r\n\r\n"
        yield Request("one byte a chunk", self.head("POST", PATH, "Transfer-Encoding: chunked"), chunks)
        large = b"%x\r\n" % (MB // 2) + b" " * (MB // 2) + b"\r\n"
        endless = self.head("POST", PATH, "Transfer-Encoding: chunked")
        yield Request("25 MB in chunks", endless, large * 50 + b"0\r\n\r\n")
        both = ["Transfer-Encoding: chunked", f"Content-Length: {len(small)}"]
        yield Request("two lengths", self.head("POST", PATH, *both), chunks)
        yield Request("a header of 60 kB", self.head("GET", PATH, f"X-Long: {'a' * 60_000}"), b"")
        yield Request("a header of 200 kB", self.head("GET", PATH, f"X-Long: {'a' * 200_000}"), b"")
        query = "&".join(f"p{number}=1" for number in range(8_000))
        yield Request("8,000 parameters", self.head("GET", f"{PATH}?{query}"), b"")
        yield Request("a long path", self.head("GET", f"/api/{'a/' * 20_000}"), b"")
        yield Request("a folded header", self.head("GET", PATH, "X-Folded: a\r\n b"), b"")

    def send(self, request: Request) -> float:
        """Send a request, and return the seconds until the response. Unexpected and late responses are faults."""
        started = time.monotonic()
        status, answer = exchange(self.service.port, request)
        seconds = time.monotonic() - started
        self.memory()
        is_refusal = status is not None and 400 <= status < 500
        is_expected = status in ANSWERS and (not is_refusal or status in (400, 431, 414) or is_envelope(answer))
        if not is_expected or seconds > SECONDS_TO_ANSWER:
            self.report.fault("no clear answer", request=request.name, status=status, seconds=seconds, answer=answer)
        self.report.note("answered", request=request.name, status=status, seconds=round(seconds, 3))
        return seconds

    @contextlib.contextmanager
    def slow_clients(self, kind: str) -> Iterator[None]:
        """Open connections that send a part of a request or read no response, and keep them open during the block."""
        begun = {
            "headers": "\r\n".join(self.head("POST", PATH))[:-1],
            "body": "\r\n".join([*self.head("POST", PATH, "Content-Length: 1000"), "", "{"]),
            "chunked body": "\r\n".join([*self.head("POST", PATH, "Transfer-Encoding: chunked"), "", "1", "{", ""]),
            "reading": "\r\n".join([*self.head("GET", "/api/schema/?format=json"), "", ""]),
        }[kind]
        with contextlib.ExitStack() as open_ones:
            for _ in range(SLOW_CLIENTS):
                client = open_ones.enter_context(socket.create_connection(("127.0.0.1", self.service.port)))
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
                client.sendall(begun.encode())
            time.sleep(1)
            yield

    def probe(self) -> float:
        """Return the 99th percentile, in seconds, of the response times of an ordinary client."""
        times = []
        for _ in range(PROBES):
            started = time.monotonic()
            try:
                status, _ = exchange(self.service.port, Request("probe", self.head("GET", PATH), b""))
            except OSError:
                status = None
            times.append(time.monotonic() - started)
            if status != 200 or times[-1] > SECONDS_TO_ANSWER:
                self.report.fault("an ordinary request was not answered", status=status, seconds=times[-1])
                break
        self.report.note("probed", median=statistics.median(times))
        return compute_percentile(times, 99)


def iter_bodies() -> Iterator[tuple[str, bytes]]:
    """Yield bodies that are large, deeply nested, or have many elements."""
    for size in (1, 100, 1000, 5_000, 15_000, 19_000, 25_000, 50_000):
        yield f"{size} kB of text", json.dumps({"filters": {"a": "x" * (size * 1000)}}).encode()
    for depth in (10, 60, 1_000, 100_000, 1_000_000):
        yield f"{depth} levels", b'{"filters": {"a": ' + b"[" * depth + b"]" * depth + b"}}"
        yield f"{depth} objects deep", b'{"filters": ' + b'{"a":' * depth + b"1" + b"}" * depth + b"}"
    many = 1_000_000
    yield "a million keys", json.dumps({"filters": {f"k{number}": 1 for number in range(many)}}).encode()
    yield "a million elements", b'{"filters": {"a": [' + b"1," * (many - 1) + b"1]}}"
    yield "a million unknown keys", json.dumps({f"k{number}": 1 for number in range(many)}).encode()
    yield "a million tiles", b'{"tiles": [' + b"{}," * (many - 1) + b"{}]}"
    yield "many brackets in Markdown", json.dumps({"tiles": [{"text": {"body": "[" * 4000}}] * 50}).encode()


def exchange(port: int, request: Request) -> tuple[int | None, Any]:
    """Return the status and the JSON of the response.

    A thread sends the request, since a server may respond before it has read the whole request.
    """
    with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
        sender = threading.Thread(target=_send, args=(client, request), daemon=True)
        sender.start()
        answer = http.client.HTTPResponse(client)
        try:
            answer.begin()
            text = answer.read()
        except (OSError, http.client.HTTPException) as error:
            return None, repr(error)
        finally:
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
            sender.join(5)
    try:
        return answer.status, json.loads(text)
    except ValueError:
        return answer.status, text[:200].decode(errors="replace")


def _send(client: socket.socket, request: Request) -> None:
    with contextlib.suppress(OSError):
        client.sendall("\r\n".join([*request.head, "", ""]).encode() + request.body)
