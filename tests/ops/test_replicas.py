"""Reads go to a replica that has what they need, and to the primary whenever there is none."""

import os
import time
from collections.abc import Iterator

import httpx
import psycopg
import pytest

from tests.live.conftest import Service
from tests.ops.replica import Pair, pair, scalar

pytestmark = pytest.mark.skipif(
    not os.environ.get("DATABASE_URL", "").startswith("postgresql"), reason="replicas are for PostgreSQL"
)
MAX_LAG = 0.4
SCANS = "SELECT coalesce(sum(seq_scan + idx_scan), 0)::bigint FROM pg_stat_user_tables WHERE relname = '{}'"


@pytest.fixture
def both() -> Iterator[Pair]:
    with pair() as servers:
        yield servers


@pytest.fixture
def replicated(both: Pair, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    clean = {name: value for name, value in os.environ.items() if name != "LOG_LEVEL"}
    settings = {
        "DATABASE_URL": both.primary,
        "REPLICA_URLS": both.replica,
        "REPLICA_MAX_LAG_MS": str(int(MAX_LAG * 1000)),
        "DATA_DIR": str(tmp_path_factory.mktemp("data")),
        "PYTHONUNBUFFERED": "1",
    }
    service = Service({**clean, **settings}, tmp_path_factory.mktemp("log") / "log", "--workers", "2").wait()
    yield service
    service.stop()


def call(service: Service, method: str, path: str, body: object = None) -> httpx.Response:
    """On a connection of its own, so that either worker may answer."""
    headers = {"Authorization": f"Bearer {service.printed_keys[0]}"}
    answer = httpx.request(method, f"{service.base}/api/projects/1/{path}", headers=headers, json=body, timeout=30)
    assert answer.status_code in (200, 201), answer.text
    return answer


def reads_on(url: str) -> int:
    """How often the table of dashboards was read there; backends tell it a second late at most."""
    time.sleep(1.5)
    return int(scalar(url, SCANS.format("dashboards_dashboard")))


def read_often(service: Service, path: str, times: int = 60) -> None:
    for _ in range(times):
        call(service, "GET", path)
        time.sleep(0.02)


def test_reads_are_served_by_the_replica_and_writes_by_the_primary(replicated: Service, both: Pair) -> None:
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        scalar(both.replica, "DELETE FROM users_user RETURNING id")
    made = call(replicated, "POST", "dashboards/", {"name": "first"}).json()
    read_often(replicated, "dashboards/?search=first", 20)
    primary, replica = reads_on(both.primary), reads_on(both.replica)
    read_often(replicated, "dashboards/?search=first")
    assert reads_on(both.replica) - replica >= 100
    assert reads_on(both.primary) - primary <= 20
    assert call(replicated, "GET", f"dashboards/{made['id']}/").json()["name"] == "first"


def test_callers_read_what_they_wrote_from_any_worker_while_replay_stands_still(
    replicated: Service, both: Pair
) -> None:
    made = call(replicated, "POST", "dashboards/", {"name": "before"}).json()
    read_often(replicated, "dashboards/", 20)
    scalar(both.replica, "SELECT pg_wal_replay_pause()")
    for number in range(10):
        call(replicated, "PATCH", f"dashboards/{made['id']}/", {"name": f"name {number}"})
        for _ in range(6):
            assert call(replicated, "GET", f"dashboards/{made['id']}/").json()["name"] == f"name {number}"
    assert scalar(both.replica, "SELECT name FROM dashboards_dashboard") == "before"
    scalar(both.replica, "SELECT pg_wal_replay_resume()")
    time.sleep(2 * MAX_LAG)
    read_often(replicated, "dashboards/", 20)
    replica = reads_on(both.replica)
    read_often(replicated, "dashboards/", 30)
    assert reads_on(both.replica) > replica


def test_what_others_wrote_is_seen_within_the_lag(replicated: Service, both: Pair) -> None:
    made = call(replicated, "POST", "dashboards/", {"name": "before"}).json()
    read_often(replicated, "dashboards/", 20)
    scalar(both.replica, "SELECT pg_wal_replay_pause()")
    scalar(both.primary, "UPDATE dashboards_dashboard SET name = 'by another' RETURNING id")
    time.sleep(2 * MAX_LAG)
    for _ in range(10):
        assert call(replicated, "GET", f"dashboards/{made['id']}/").json()["name"] == "by another"


def test_a_revoked_key_is_refused_at_once(replicated: Service, both: Pair) -> None:
    read_often(replicated, "dashboards/", 10)
    scalar(both.replica, "SELECT pg_wal_replay_pause()")
    scalar(both.primary, "DELETE FROM users_personalapikey RETURNING id")
    headers = {"Authorization": f"Bearer {replicated.printed_keys[0]}"}
    for _ in range(6):
        assert httpx.get(f"{replicated.base}/api/projects/1/dashboards/", headers=headers).status_code == 401


def test_the_primary_serves_when_the_replica_goes_down(replicated: Service, both: Pair) -> None:
    call(replicated, "POST", "dashboards/", {"name": "kept"})
    read_often(replicated, "dashboards/", 20)
    both.process.kill()
    both.process.wait()
    for _ in range(40):
        assert call(replicated, "GET", "dashboards/").json()["results"][0]["name"] == "kept"
        call(replicated, "GET", "dashboards/?search=kept")
