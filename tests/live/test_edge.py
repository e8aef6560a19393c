"""Tests that need real connections: slow, silent and greedy clients next to an ordinary client, and a port in use."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from tests.live.conftest import ROOT, Service

HTTP2_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"
HALF_BODY = (
    b"POST /api/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n"
)


@contextmanager
def open_connections(service: Service, number: int, sent: bytes) -> Iterator[list[socket.socket]]:
    with ExitStack() as stack:
        created = [stack.enter_context(socket.create_connection(("127.0.0.1", service.port))) for _ in range(number)]
        for each in created:
            each.sendall(sent)
        yield created


def measure_longest(url: str, times: int = 20) -> float:
    """Return the longest response time of `times` requests."""
    longest = 0.0
    for _ in range(times):
        started = time.monotonic()
        assert httpx.get(url, timeout=20).status_code in (200, 401)
        longest = max(longest, time.monotonic() - started)
    return longest


@pytest.mark.parametrize("sent", [HALF_BODY + b" " * 59_000, b"GET / HTTP/1.1\r\n", b""])
def test_stalled_clients_delay_no_others(service: Service, sent: bytes) -> None:
    with open_connections(service, 400, sent):
        assert measure_longest(f"{service.base}/healthz") < 5
        assert measure_longest(f"{service.base}/api/projects/1/dashboards/") < 5


def test_http_2_is_not_supported(service: Service) -> None:
    with open_connections(service, 1, HTTP2_PREFACE) as [connection]:
        connection.settimeout(10)
        answer = b""
        while block := connection.recv(65536):
            answer += block
    assert not answer or answer.startswith(b"HTTP/1.1 4")


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_check_accepts_any_host(service: Service, path: str) -> None:
    answer = httpx.get(f"{service.base}{path}", headers={"Host": "10.2.3.4:8000"})
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    refused = httpx.get(f"{service.base}/api/projects/1/dashboards/", headers={"Host": "10.2.3.4:8000"})
    assert (refused.status_code, refused.json()["detail"]) == (400, "Invalid Host header.")


def test_large_body_without_credentials_is_refused_before_parsing(service: Service) -> None:
    content = b"[" + b"[]," * 100_000 + b"[]]"
    json_type = {"Content-Type": "application/json"}
    answer = httpx.post(f"{service.base}/api/login/", content=content, headers=json_type, timeout=20)
    assert (answer.status_code, answer.json()["code"]) == (413, "payload_too_large")
    assert answer.json()["detail"] == "This request body may have at most 65536 bytes."
    answer = httpx.post(f"{service.base}/api/projects/1/dashboards/", content=content, headers=json_type, timeout=20)
    assert answer.status_code == 401


def test_large_body_that_is_announced_and_not_sent_is_refused_within_seconds(service: Service) -> None:
    started = time.monotonic()
    with open_connections(service, 20, HALF_BODY.replace(b" 60000", b" 600000")) as created:
        for connection in created:
            connection.settimeout(20)
            assert connection.recv(65536).startswith(b"HTTP/1.1 413 ")
    assert time.monotonic() - started < 20  # an incomplete body may take a minute


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "localhost"])  # noqa: S104  any host is refused
def test_port_in_use_is_refused_in_one_line(
    service: Service, environment: dict[str, str], tmp_path: Path, host: str
) -> None:
    command = [sys.executable, "manage.py", "serve", "--host", host, "--port", str(service.port)]
    other = {**environment, "DATA_DIR": str(tmp_path)}
    done = subprocess.run(command, env=other, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        f"Cannot listen on {host}, port {service.port}: Address already in use. See --host and --port."
    ]
    assert "Serving" not in done.stdout
    assert list(tmp_path.glob("*.sqlite3")) == []


def test_port_is_bound_by_one_of_two_concurrent_starts(environment: dict[str, str], tmp_path: Path) -> None:
    """Start two services with different databases. On a shared port, requests would be distributed between them."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "dashboards_api.server", "127.0.0.1", str(port), "1", "there"],
            env={**environment, "DATA_DIR": str(tmp_path / name), "PYTHONPATH": os.fspath(ROOT)},
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        for name in ("one", "two")
    ]
    deadline = time.monotonic() + 30
    while all(each.poll() is None for each in started) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert sorted(each.poll() is None for each in started) == [False, True]
    for each in started:
        each.terminate()
        each.communicate(timeout=20)
    assert 2 in [each.returncode for each in started]
