"""The rate limit of a key is shared by the workers of a running service."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.live.conftest import Service

LIMIT = 200
THREADS = 4


@pytest.fixture
def limited_service(environment: dict[str, str], tmp_path: Path) -> Iterator[Service]:
    running = Service({**environment, "RATE_LIMITS": f"{LIMIT}/hour"}, tmp_path / "serve.log", "--workers", "2").wait()
    yield running
    running.stop()


def send_requests(service: Service, times: int) -> list[httpx.Response]:
    """Send requests on separate connections, so that any worker may respond."""
    address = f"{service.base}/api/users/@me/"
    headers = {"Authorization": f"Bearer {service.printed_keys[0]}"}
    with httpx.Client(headers=headers, timeout=20, limits=httpx.Limits(max_keepalive_connections=0)) as client:
        return [client.get(address) for _ in range(times)]


def test_two_workers_share_one_limit(limited_service: Service) -> None:
    began = int(time.time()) // 3600
    with ThreadPoolExecutor(THREADS) as pool:
        answers = [
            each for found in pool.map(lambda _: send_requests(limited_service, 80), range(THREADS)) for each in found
        ]
    windows = int(time.time()) // 3600 - began + 1
    refused = [answer for answer in answers if answer.status_code == 429]
    allowed = len(answers) - len(refused)
    assert {answer.status_code for answer in answers} <= {200, 429}
    assert 0.9 * LIMIT <= allowed <= windows * LIMIT
    for answer in refused:
        assert answer.json()["code"] == "throttled"
        assert 1 <= int(answer.headers["Retry-After"]) <= 3600
        assert answer.headers["RateLimit-Remaining"] == "0"
    assert httpx.get(f"{limited_service.base}/readyz").status_code == 200
