"""Request bodies through each proxy: large, chunked and unfinished."""

import http.client
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing

import httpx
import pytest

from tests.live.conftest import Service, environment
from tests.ops.proxies import DASHBOARDS, Proxy, admin, proxy, public_port, service

__all__ = ["admin", "environment", "proxy", "public_port", "service"]

MIB = 1024 * 1024
HALF_BODIES = 40
SECONDS_TO_ANSWER = 5  # on a machine that is busy with other tests


def iter_blocks() -> Iterator[bytes]:
    for _ in range(25):
        yield b" " * MIB


@pytest.mark.parametrize("size", [1_000, 60_000, MIB])
def test_unfinished_bodies_delay_no_others(proxy: Proxy, service: Service, admin: httpx.Client, size: int) -> None:
    head = (
        f"POST {DASHBOARDS} HTTP/1.1\r\nHost: localhost:{proxy.port}\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {service.printed_keys[0]}\r\nContent-Length: {size}\r\n\r\n"
    )
    with ExitStack() as stack:
        for connection in [stack.enter_context(proxy.connect()) for _ in range(HALF_BODIES)]:
            connection.sendall(head.encode() + b" " * (size - 1))
        started = time.monotonic()
        assert admin.get("/healthz").json() == {"status": "ok"}
        assert admin.get(DASHBOARDS).status_code == 200
        assert admin.post(DASHBOARDS, json={"name": "beside"}).status_code == 201
        assert time.monotonic() - started < SECONDS_TO_ANSWER


@pytest.mark.parametrize("how", ["length", "chunks", "expect"])
def test_body_over_20_mb_is_413_and_the_response_is_read(
    proxy: Proxy, service: Service, admin: httpx.Client, how: str
) -> None:
    """Send the whole body before the response is read."""
    headers = {"Authorization": f"Bearer {service.printed_keys[0]}", "Content-Type": "application/json"}
    if how == "expect":
        headers["Expect"] = "100-continue"
    body = iter_blocks() if how == "chunks" else b" " * 25 * MIB
    connection = http.client.HTTPSConnection("localhost", proxy.port, context=proxy.tls(), timeout=60)
    with closing(connection):
        connection.request("POST", DASHBOARDS, body, headers, encode_chunked=how == "chunks")
        answer = connection.getresponse()
        assert answer.status == 413
        assert b'"code":"payload_too_large"' in answer.read()
    assert admin.get(DASHBOARDS, params={"limit": 1}).status_code == 200


def test_chunked_body_is_read_completely(admin: httpx.Client) -> None:
    texts = [f"{number:03} {'ä' * 3000}" for number in range(60)]
    tiles = ", ".join(f'{{"text": {{"body": "{text}"}}}}' for text in texts)
    raw = f'{{"name": "chunked", "tiles": [{tiles}]}}'.encode()
    parts = (raw[start : start + 7001] for start in range(0, len(raw), 7001))
    created = admin.post(DASHBOARDS, content=parts, headers={"Content-Type": "application/json"})
    assert "Content-Length" not in created.request.headers
    assert created.status_code == 201
    stored = admin.get(f"{DASHBOARDS}{created.json()['id']}/").json()
    assert sorted(tile["text"]["body"] for tile in stored["tiles"]) == texts
