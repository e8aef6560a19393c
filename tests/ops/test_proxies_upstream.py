"""Requests that each proxy forwards, buffers or refuses, and the connections of each proxy."""

import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from dashboards_api.server import HEADER_MILLISECONDS
from tests.ops.proxies import CLIENT, NEIGHBOUR, PROXIES, Proxy, run_proxy
from tests.ops.recorder import Recorder, run_recorder

# Bytes of a body that a proxy buffers before it sends the request to the service.
BUFFERED = {"nginx": 20_000_000, "haproxy": 60_000, "caddy": 0}
REQUESTS_OF_ONE, CONNECTIONS_OF_ONE, HELD_OF_ONE = 2000, 200, 100
FORGED = {
    "X-Forwarded-For": "203.0.113.1",
    "X_Forwarded_For": "203.0.113.2",
    "X-Forwarded_For": "203.0.113.3",
    "X-Forwarded-Proto": "http",
    "X_Forwarded_Proto": "http",
    "Anything_Else": "x",
}


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    with run_recorder() as running:
        yield running


@pytest.fixture(params=PROXIES)
def proxy(request: pytest.FixtureRequest, recorder: Recorder, tmp_path: Path) -> Iterator[Proxy]:
    with run_proxy(request.param, recorder.address, tmp_path) as running:
        yield running


def test_service_receives_address_scheme_and_host(proxy: Proxy, recorder: Recorder) -> None:
    with proxy.client() as client:
        assert client.get("/api/projects/1/dashboards/", headers=FORGED).text == "ok"
    assert_forwarded_headers(recorder, proxy)


def assert_forwarded_headers(recorder: Recorder, proxy: Proxy) -> None:
    headers = recorder.read_headers()
    assert [value for name, value in headers if name == "x-forwarded-for"] == [CLIENT]
    assert [value for name, value in headers if name == "x-forwarded-proto"] == ["https"]
    assert [value for name, value in headers if name == "host"] == [f"localhost:{proxy.port}"]
    assert not [name for name, _ in headers if "_" in name]


@pytest.mark.parametrize("proxy", ["caddy", "haproxy"], indirect=True)
def test_service_receives_them_over_http_2(proxy: Proxy, recorder: Recorder) -> None:
    header_options = [part for header in FORGED.items() for part in ("-H", ": ".join(header))]
    options: list[str | Path] = [
        "-sS",
        "--http2",
        "--interface",
        CLIENT,
        "--cacert",
        proxy.certificate,
        "-w",
        " %{http_version}",
    ]
    command: list[str | Path] = ["curl", *options, *header_options, f"{proxy.base}/login"]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == "ok 2"
    assert_forwarded_headers(recorder, proxy)


def test_upstream_connections_are_reused_and_closed_by_the_proxy_first(proxy: Proxy, recorder: Recorder) -> None:
    """Check that the proxy closes idle connections before the service does, because a POST could fail with 502."""
    with proxy.client() as client:
        assert [client.post("/login", content=b"x").text for _ in range(20)] == ["ok"] * 20
        used = [connection for connection in recorder.connections if connection.requests]
        assert len(used) <= 2
        deadline = time.monotonic() + HEADER_MILLISECONDS / 1000 - 5
        while not all(connection.closed for connection in used) and time.monotonic() < deadline:
            time.sleep(0.2)
        idle = [connection.closed - connection.answered for connection in used]
        assert all(0 < seconds < HEADER_MILLISECONDS / 1000 - 5 for seconds in idle)


@pytest.mark.parametrize("size", [1_000, 60_000, 1_000_000])
def test_unfinished_bodies_are_buffered_up_to_a_size(proxy: Proxy, recorder: Recorder, size: int) -> None:
    head = f"POST /api/login/ HTTP/1.1\r\nHost: localhost:{proxy.port}\r\nContent-Length: {size}\r\n\r\n"
    with ExitStack() as stack:
        for connection in [stack.enter_context(proxy.connect()) for _ in range(5)]:
            connection.sendall(head.encode() + b"x" * (size - 1))
        time.sleep(1)
        received = [connection for connection in recorder.connections if connection.sent]
        assert bool(received) == (size > BUFFERED[proxy.name])


@pytest.mark.parametrize("proxy", ["nginx", "haproxy"], indirect=True)
def test_request_rate_of_an_address_is_limited(proxy: Proxy) -> None:
    request = f"GET /api/ HTTP/1.1\r\nHost: localhost:{proxy.port}\r\n"
    pipelined = f"{request}\r\n" * (REQUESTS_OF_ONE // 4) + f"{request}Connection: close\r\n\r\n"
    with ThreadPoolExecutor(4) as pool:
        answers = "".join(pool.map(lambda _: proxy.exchange(pipelined), range(4)))
    assert answers.count("HTTP/1.1 200") >= 400
    assert answers.count("HTTP/1.1 429") > 0
    assert answers.lower().count("retry-after:") == answers.count("HTTP/1.1 429")
    assert answers.count('"code":"throttled"') == answers.count("HTTP/1.1 429")
    with proxy.client(NEIGHBOUR) as client:
        assert client.get("/api/").status_code == 200


@pytest.mark.parametrize("proxy", ["haproxy"], indirect=True)
def test_idle_connections_of_an_address_are_limited(proxy: Proxy) -> None:
    assert not is_refused(proxy)
    with ExitStack() as stack:
        for _ in range(CONNECTIONS_OF_ONE):
            stack.enter_context(proxy.connect())
        assert is_refused(proxy)
        with proxy.client(NEIGHBOUR) as client:
            assert client.get("/healthz").status_code == 200


def is_refused(proxy: Proxy) -> bool:
    """Return whether a new connection is closed before its TLS handshake.

    The TLS messages are sent through a plain socket, since Python 3.11 does not close an `ssl` socket that is reset
    during the handshake.
    """
    incoming, hello = ssl.MemoryBIO(), ssl.MemoryBIO()
    with suppress(ssl.SSLWantReadError):
        proxy.tls().wrap_bio(incoming, hello, server_hostname="localhost").do_handshake()
    address, source = ("127.0.0.1", proxy.port), (CLIENT, 0)
    try:
        with socket.create_connection(address, timeout=30, source_address=source) as connection:
            connection.sendall(hello.read())
            return connection.recv(1) == b""
    except (ConnectionResetError, BrokenPipeError):  # the reset can arrive before `connect` has returned
        return True


@pytest.mark.parametrize("proxy", ["nginx"], indirect=True)
def test_concurrent_requests_of_an_address_are_limited(proxy: Proxy, recorder: Recorder) -> None:
    request = f"GET /hold HTTP/1.1\r\nHost: localhost:{proxy.port}\r\n\r\n"
    with ExitStack() as stack:
        for connection in [stack.enter_context(proxy.connect()) for _ in range(HELD_OF_ONE)]:
            connection.sendall(request.encode())
        deadline = time.monotonic() + 10
        while len(recorder.connections) < HELD_OF_ONE and time.monotonic() < deadline:
            time.sleep(0.05)
        with proxy.client() as client, proxy.client(NEIGHBOUR) as neighbour:
            assert client.get("/api/").status_code == 429
            assert neighbour.get("/api/").status_code == 200


def test_idle_connections_are_closed(recorder: Recorder, tmp_path: Path) -> None:
    with ExitStack() as stack:
        silent: list[socket.socket] = []
        for name in PROXIES:
            (tmp_path / name).mkdir()
            running = stack.enter_context(run_proxy(name, recorder.address, tmp_path / name))
            silent.append(stack.enter_context(running.connect()))
            silent.append(stack.enter_context(socket.create_connection(("127.0.0.1", running.plain_port))))
        for connection in silent:
            connection.settimeout(40)
            while connection.recv(1024):  # HAProxy sends an error response first
                pass
