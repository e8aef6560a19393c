"""`manage.py serve`: first start, bodies over real connections, slow clients, stopping."""

import http.client
import json
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.live.conftest import Service


@pytest.fixture
def client(service: Service) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {service.printed_keys[0]}"}
    with httpx.Client(base_url=f"{service.base}/api/projects/1/", headers=headers, timeout=20) as connected:
        yield connected


def test_first_start_creates_one_key_for_project_1(service: Service, client: httpx.Client) -> None:
    assert len(service.printed_keys) == 1
    created = client.post("dashboards/", json={"name": "first"})
    assert created.status_code == 201
    assert client.get("dashboards/").json()["results"][0]["name"] == "first"
    assert client.get(f"{service.base}/api/users/@me/").json()["email"] == "admin@example.com"


def test_files_are_readable_only_by_their_owner(service: Service, environment: dict[str, str]) -> None:
    files = [file for file in Path(environment["DATA_DIR"]).iterdir() if file.is_file()]
    assert {file.name: file.stat().st_mode & 0o077 for file in files} == {file.name: 0 for file in files}


def test_link_of_the_first_start_sets_up_the_admin(service: Service) -> None:
    [link] = service.setup_links
    assert link.startswith(service.base)
    with httpx.Client(timeout=20, follow_redirects=True) as browser:
        page = browser.get(link)
        assert page.status_code == 200
        token = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)[0]
        form = {"name": "Ada", "email": "ada@example.com", "password": "correct horse battery"}
        home = browser.post(link, data={"csrfmiddlewaretoken": token, **form})
        assert home.status_code == 200
        assert "ada@example.com" in home.text
        assert browser.get(link).status_code == 404


def test_second_start_keeps_the_data_and_creates_no_key(
    service: Service, environment: dict[str, str], client: httpx.Client, tmp_path: Path
) -> None:
    created = client.post("dashboards/", json={"name": "kept"}).json()
    second = Service(environment, tmp_path / "second.log", "--workers", "1").wait()
    try:
        assert "first_api_key" not in second.log.read_text()
        answer = client.get(f"{second.base}/api/projects/1/dashboards/{created['id']}/")
        assert answer.json()["name"] == "kept"
    finally:
        assert second.stop() == 0


@pytest.mark.parametrize("content_type", ["application/json", "application/x-www-form-urlencoded"])
def test_chunked_body_is_read_completely(client: httpx.Client, content_type: str) -> None:
    created = client.post("dashboards/").json()
    text = "x" * 150_000
    filters = json.dumps({"note": text})
    raw = f'{{"filters": {filters}}}' if content_type == "application/json" else f"filters={quote(filters)}"
    blocks = (raw[start : start + 7000].encode() for start in range(0, len(raw), 7000))
    answer = client.patch(f"dashboards/{created['id']}/", content=blocks, headers={"Content-Type": content_type})
    assert "Content-Length" not in answer.request.headers
    assert answer.status_code == 200
    assert client.get(f"dashboards/{created['id']}/").json()["filters"] == {"note": text}


def iter_blocks(megabytes: int) -> Iterator[bytes]:
    for _ in range(megabytes):
        yield b" " * 1024 * 1024


@pytest.mark.parametrize("chunked", [False, True])
def test_body_over_20_mb_is_413_and_the_response_is_read(client: httpx.Client, chunked: bool) -> None:
    content: Any = iter_blocks(25) if chunked else b" " * 25 * 1024 * 1024
    answer = client.post("dashboards/", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    assert answer.json()["code"] == "payload_too_large"
    assert client.get("dashboards/?limit=1").status_code == 200


def test_content_length_with_chunks_is_not_two_requests(service: Service) -> None:
    with socket.create_connection(("127.0.0.1", service.port), timeout=10) as connection:
        connection.sendall(
            b"POST /api/projects/1/dashboards/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4\r\n"
            b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
        )
        received = b""
        while block := connection.recv(65536):
            received += block
    assert received.count(b"HTTP/1.1 ") == 1


def test_unfinished_headers_do_not_block_other_clients(service: Service, client: httpx.Client) -> None:
    idle = [socket.create_connection(("127.0.0.1", service.port)) for _ in range(200)]
    for number, connection in enumerate(idle):
        connection.sendall(b"POST /api/projects/1/dashboards/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"[: 10 + number])
    started = time.monotonic()
    try:
        for _ in range(5):
            assert client.get("dashboards/?limit=1").status_code == 200
    finally:
        for connection in idle:
            connection.close()
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_is_public(service: Service, path: str) -> None:
    answer = httpx.get(f"{service.base}{path}")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_too_large_header_is_refused_and_the_service_continues(service: Service, client: httpx.Client) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=10)
    try:
        connection.request("GET", "/healthz", headers={"X-Large": "x" * 500_000})
        assert connection.getresponse().status in (400, 431)
    except (ConnectionError, http.client.RemoteDisconnected):
        pass  # closing the connection before the end of the request is also a refusal
    finally:
        connection.close()
    assert client.get("dashboards/?limit=1").status_code == 200


def test_log_is_json_with_a_request_id_and_without_secrets(service: Service, client: httpx.Client) -> None:
    key = service.printed_keys[0]
    request_id = "live-test-1"
    client.get(f"dashboards/?personal_api_key={key}", headers={"X-Request-ID": request_id})
    lines = [json.loads(line) for line in service.log.read_text().splitlines() if line.startswith("{")]
    [line] = [each for each in lines if each.get("request_id") == request_id]
    assert (line["method"], line["path"], line["status"]) == ("GET", "/api/projects/1/dashboards/", 200)
    assert "phx_" not in service.log.read_text()
    assert service.setup_links[0].rpartition("/")[2] not in service.log.read_text()


def test_sigterm_stops_the_service_cleanly(environment: dict[str, str], tmp_path: Path) -> None:
    running = Service(environment, tmp_path / "log").wait()
    started = time.monotonic()
    assert running.stop() == 0
    assert time.monotonic() - started < 13  # a worker that is still starting has ten seconds to stop
    with pytest.raises(ConnectionError):
        socket.create_connection(("127.0.0.1", running.port)).close()
