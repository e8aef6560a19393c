"""`Idempotency-Key` with concurrent requests to several workers, and with a killed process."""

import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.live.conftest import Service

THREADS = 16


def create(service: Service, name: str, key: str) -> httpx.Response:
    """Create a dashboard on a new connection, so that any worker may respond. Retry while the key is in use."""
    address = f"{service.base}/api/projects/1/dashboards/"
    headers = {"Authorization": f"Bearer {service.printed_keys[0]}", "Idempotency-Key": key}
    while True:
        answer = httpx.post(address, json={"name": name}, headers=headers, timeout=30)
        if answer.status_code != 409:
            return answer
        assert answer.json()["code"] == "idempotency_key_in_use"
        assert answer.headers["Retry-After"] == "1"
        time.sleep(0.05)


def test_concurrent_and_repeated_creates_act_once_per_key(service: Service) -> None:
    names = [f"once {number}" for number in range(50)]
    sent = names + names[::2] + names[::5]
    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(lambda name: create(service, name, f"key of {name}".replace(" ", "-")), sent))
    assert [answer.status_code for answer in answers] == [201] * len(sent)
    assert len({answer.json()["id"] for answer in answers}) == 50
    assert len({answer.text for answer in answers}) == 50
    assert sum("Idempotency-Replayed" in answer.headers for answer in answers) == len(sent) - 50
    headers = {"Authorization": f"Bearer {service.printed_keys[0]}"}
    listed = httpx.get(f"{service.base}/api/projects/1/dashboards/?search=once&limit=1000", headers=headers).json()
    assert sorted(row["name"] for row in listed["results"]) == sorted(names)


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def kill(service: Service) -> None:
    """Kill the process of a service and its workers without a clean shutdown."""
    pid = service.process.pid
    workers = [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    for each in (pid, *workers):
        os.kill(each, signal.SIGKILL)
    service.process.wait()


@pytest.mark.skipif(
    not os.environ.get("DATABASE_URL", "").startswith("postgresql"),
    reason="on SQLite, blocking a request between its claim and its changes blocks the claim, too",
)
def test_a_request_of_a_killed_process_can_be_repeated(
    service: Service, environment: dict[str, str], tmp_path: Path
) -> None:
    headers = {"Authorization": f"Bearer {service.printed_keys[0]}"}
    board = httpx.post(f"{service.base}/api/projects/1/dashboards/", json={"name": "x"}, headers=headers).json()["id"]
    path, body = f"/api/projects/1/dashboards/{board}/create_text_tile/", {"body": "once"}
    headers["Idempotency-Key"] = "dies"
    mortal = Service(environment, tmp_path / "log", "--workers", "1").wait()

    def ask() -> None:
        with suppress(httpx.HTTPError):
            httpx.post(mortal.base + path, json=body, headers=headers, timeout=30)

    with (
        psycopg.connect(environment["DATABASE_URL"]) as holder,
        psycopg.connect(environment["DATABASE_URL"], autocommit=True) as watcher,
    ):
        holder.execute("SELECT 1 FROM dashboards_dashboard WHERE id = %s FOR UPDATE", [board])
        asking = threading.Thread(target=ask)
        asking.start()
        waiting = "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database()"
        waiting += " AND wait_event_type = 'Lock'"
        wait_until(lambda: (watcher.execute(waiting).fetchone() or [False])[0])
        kill(mortal)
        asking.join()
        holder.rollback()
        answer = httpx.post(service.base + path, json=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_key_in_use")
        watcher.execute("UPDATE users_idempotentrequest SET claimed_at = now() - interval '61 s' WHERE status IS NULL")
    answers = [httpx.post(service.base + path, json=body, headers=headers) for _ in range(2)]
    assert [each.status_code for each in answers] == [201, 201]
    assert answers[0].text == answers[1].text
    assert len(httpx.get(f"{service.base}/api/projects/1/dashboards/{board}/", headers=headers).json()["tiles"]) == 1
