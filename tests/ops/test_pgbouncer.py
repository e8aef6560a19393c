"""The service behind PgBouncer in transaction mode, with more workers than connections to PostgreSQL."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psycopg
import pytest

from dashboards_api.db.statement_timeout import USE_OFF
from tests.live.conftest import ROOT, Service, environment, find_free_port
from tests.ops.pgbouncer import FIRST_WITH_PREPARED, read_version, run_pgbouncer

__all__ = ["environment"]

pytestmark = pytest.mark.skipif(
    not os.environ.get("DATABASE_URL", "").startswith("postgresql"), reason="a pooler is for PostgreSQL"
)
WORKERS, CONNECTIONS = 4, 2


def pgbouncer_is_old() -> bool:
    return read_version() < FIRST_WITH_PREPARED


@pytest.fixture(params=["false", "true"])
def pooled_service(request: pytest.FixtureRequest, environment: dict[str, str], tmp_path: Path) -> Iterator[Service]:
    if request.param == "true" and pgbouncer_is_old():
        pytest.skip("this pgbouncer does not follow prepared statements")
    with tempfile.TemporaryDirectory(prefix="pgbouncer-") as folder:
        url = environment["DATABASE_URL"]
        with psycopg.connect(url) as connection:
            connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        with run_pgbouncer(url, Path(folder), connections=CONNECTIONS) as through:
            pooler = {"DATABASE_URL": through, "PREPARED_STATEMENTS": request.param, "STATEMENT_TIMEOUT": "off"}
            service = Service({**environment, **pooler}, tmp_path / "log", "--workers", str(WORKERS)).wait()
            yield service
            service.stop()


def send_requests(service: Service, number: int) -> list[int]:
    """Send requests of one client, each on its own connection, and return the statuses of the responses."""
    headers = {"Authorization": f"Bearer {service.printed_keys[0]}"}
    root = f"{service.base}/api/projects/1/dashboards/"
    statuses = []
    with httpx.Client(headers=headers, timeout=30, limits=httpx.Limits(max_keepalive_connections=0)) as one:
        for step in range(15):
            created = one.post(root, json={"name": f"{number}-{step}", "tags": ["a"]})
            address = f"{root}{created.json()['id']}/"
            answers = [
                created,
                one.patch(address, json={"tiles": [{"text": {"body": f"text {step}"}}]}),
                one.get(address),
                one.get(f"{root}?search={number}-{step}"),
                one.get(f"{root}?limit=5&offset={step}"),
            ]
            assert answers[2].json()["tiles"][0]["text"]["body"] == f"text {step}"
            assert f"{number}-{step}" in [row["name"] for row in answers[3].json()["results"]]
            statuses += [answer.status_code for answer in answers]
    return statuses


def test_concurrent_clients_share_fewer_connections(pooled_service: Service, environment: dict[str, str]) -> None:
    with ThreadPoolExecutor(8) as pool:
        statuses = [
            status
            for found in pool.map(lambda number: send_requests(pooled_service, number), range(8))
            for status in found
        ]
    assert sorted(set(statuses)) == [200, 201]
    assert statuses.count(201) == 8 * 15
    with psycopg.connect(environment["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT count(*) FROM dashboards_dashboard").fetchone() == (120,)
        clients = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchone()
        assert clients
        assert 1 <= clients[0] <= CONNECTIONS


def test_session_settings_do_not_leak_to_the_next_client(pooled_service: Service, environment: dict[str, str]) -> None:
    """Check that the time zone is also UTC for the next client of a server connection."""
    headers = {"Authorization": f"Bearer {pooled_service.printed_keys[0]}"}
    created = httpx.post(f"{pooled_service.base}/api/projects/1/dashboards/", headers=headers, json={}).json()
    assert created["created_at"].endswith("Z")
    times = {
        httpx.get(f"{pooled_service.base}/api/projects/1/dashboards/{created['id']}/", headers=headers).json()[
            "created_at"
        ]
        for _ in range(20)
    }
    assert times == {created["created_at"]}


def test_role_setting_limits_statements_behind_a_pooler(pooled_service: Service, environment: dict[str, str]) -> None:
    url = environment["DATABASE_URL"]
    headers = {"Authorization": f"Bearer {pooled_service.printed_keys[0]}"}
    with psycopg.connect(url, autocommit=True) as connection:
        name = connection.info.dbname
        connection.execute(f"ALTER ROLE CURRENT_USER IN DATABASE \"{name}\" SET statement_timeout = '1s'".encode())
        # Open connections of the pooler would keep their settings.
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
            [name],
        )
    with psycopg.connect(url) as other:
        other.execute("SET statement_timeout = 0; LOCK TABLE dashboards_dashboard IN ACCESS EXCLUSIVE MODE")
        answers = [
            httpx.get(f"{pooled_service.base}/api/projects/1/dashboards/", headers=headers, timeout=30)
            for _ in range(3)
        ]
    assert {answer.status_code for answer in answers} == {503}
    assert any("exceeded its time limit" in answer.json()["detail"] for answer in answers)


def test_pooler_that_refuses_the_timeout_is_reported_at_start(environment: dict[str, str], tmp_path: Path) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="pgbouncer-") as folder,
        run_pgbouncer(environment["DATABASE_URL"], Path(folder), connections=CONNECTIONS) as through,
    ):
        command = [sys.executable, "manage.py", "serve", "--port", str(find_free_port())]
        settings = {**environment, "DATABASE_URL": through, "PREPARED_STATEMENTS": "false"}
        done = subprocess.run(command, env=settings, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr.strip()) == (2, USE_OFF)
    assert "Serving" not in done.stdout
