"""The service behind PgBouncer in transaction mode, with fewer connections to PostgreSQL than it has workers."""

import os
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.live.conftest import Service, environment
from tests.ops.pgbouncer import FOLLOWS_PREPARED, bouncing, version

__all__ = ["environment"]

pytestmark = pytest.mark.skipif(
    not os.environ.get("DATABASE_URL", "").startswith("postgresql"), reason="a pooler is for PostgreSQL"
)
WORKERS, CONNECTIONS = 4, 2


def pgbouncer_is_old() -> bool:
    return version() < FOLLOWS_PREPARED


@pytest.fixture(params=["false", "true"])
def pooled(request: pytest.FixtureRequest, environment: dict[str, str], tmp_path: Path) -> Iterator[Service]:
    if request.param == "true" and pgbouncer_is_old():
        pytest.skip("this pgbouncer does not follow prepared statements")
    with tempfile.TemporaryDirectory(prefix="pgbouncer-") as folder:
        url = environment["DATABASE_URL"]
        with psycopg.connect(url) as connection:
            connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        with bouncing(url, Path(folder), connections=CONNECTIONS) as through:
            settings = {**environment, "DATABASE_URL": through, "PREPARED_STATEMENTS": request.param}
            service = Service(settings, tmp_path / "log", "--workers", str(WORKERS)).wait()
            yield service
            service.stop()


def work(service: Service, number: int) -> list[int]:
    """What one client does, each request on a connection of its own; the statuses of its answers."""
    headers = {"Authorization": f"Bearer {service.printed_keys[0]}"}
    root = f"{service.base}/api/projects/1/dashboards/"
    statuses = []
    for step in range(15):
        made = httpx.post(root, headers=headers, json={"name": f"{number}-{step}", "tags": ["a"]}, timeout=30)
        one = f"{root}{made.json()['id']}/"
        body = {"tiles": [{"text": {"body": f"text {step}"}}]}
        answers = [
            made,
            httpx.patch(one, headers=headers, json=body, timeout=30),
            httpx.get(one, headers=headers, timeout=30),
            httpx.get(f"{root}?search={number}-{step}", headers=headers, timeout=30),
            httpx.get(f"{root}?limit=5&offset={step}", headers=headers, timeout=30),
        ]
        assert answers[2].json()["tiles"][0]["text"]["body"] == f"text {step}"
        assert f"{number}-{step}" in [row["name"] for row in answers[3].json()["results"]]
        statuses += [answer.status_code for answer in answers]
    return statuses


def test_clients_at_once_are_answered_over_fewer_connections(pooled: Service, environment: dict[str, str]) -> None:
    with ThreadPoolExecutor(8) as pool:
        statuses = [status for found in pool.map(lambda number: work(pooled, number), range(8)) for status in found]
    assert sorted(set(statuses)) == [200, 201]
    assert statuses.count(201) == 8 * 15
    with psycopg.connect(environment["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT count(*) FROM dashboards_dashboard").fetchone() == (120,)
        clients = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchone()
        assert clients
        assert 1 <= clients[0] <= CONNECTIONS


def test_what_one_session_sets_does_not_reach_the_next(pooled: Service, environment: dict[str, str]) -> None:
    """Times are of UTC for whoever gets the connection next: it is set for each server connection, or not at all."""
    headers = {"Authorization": f"Bearer {pooled.printed_keys[0]}"}
    made = httpx.post(f"{pooled.base}/api/projects/1/dashboards/", headers=headers, json={}).json()
    assert made["created_at"].endswith("Z")
    times = {
        httpx.get(f"{pooled.base}/api/projects/1/dashboards/{made['id']}/", headers=headers).json()["created_at"]
        for _ in range(20)
    }
    assert times == {made["created_at"]}
