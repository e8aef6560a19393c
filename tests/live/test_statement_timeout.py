"""`statement_timeout`: PostgreSQL cancels slow statements of requests, but not of commands."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.live.conftest import Service

pytestmark = pytest.mark.skipif(
    not os.environ.get("DATABASE_URL", "").startswith("postgresql"), reason="SQLite has no statement timeout"
)


@pytest.fixture
def service_with_timeout(environment: dict[str, str], tmp_path: Path) -> Iterator[Service]:
    running = Service({**environment, "STATEMENT_TIMEOUT": "1"}, tmp_path / "log", "--workers", "1").wait()
    yield running
    running.stop()


def test_statement_timeout_is_503_with_the_reason(service_with_timeout: Service, environment: dict[str, str]) -> None:
    headers = {"Authorization": f"Bearer {service_with_timeout.printed_keys[0]}"}
    url = f"{service_with_timeout.base}/api/projects/1/dashboards/"
    assert httpx.get(url, headers=headers, timeout=20).status_code == 200
    with psycopg.connect(environment["DATABASE_URL"]) as other:
        other.execute("LOCK TABLE dashboards_dashboard IN ACCESS EXCLUSIVE MODE")
        started = time.monotonic()
        answer = httpx.get(url, headers=headers, timeout=20)
        assert 0.9 < time.monotonic() - started < 10
    assert (answer.status_code, answer.json()["code"]) == (503, "service_unavailable")
    assert answer.json()["detail"].startswith("A statement in the database exceeded its time limit")
    assert answer.headers["Retry-After"] == "2"
    assert httpx.get(url, headers=headers, timeout=20).status_code == 200
