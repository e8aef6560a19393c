"""A PostgreSQL server that drops connections, has no free connection, is read-only or has a full disk."""

import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

import psycopg
import pytest

from tests.live.conftest import Service, environment, service
from tests.ops.failures import (
    DASHBOARDS,
    SECONDS_TO_RECOVER,
    create,
    fill_database,
    is_unavailable,
    list_names,
    make_client,
    mount_small_disk,
    wait_for_write,
)
from tests.postgres import run_server

__all__ = ["environment", "service"]

pytestmark = pytest.mark.skipif(
    not os.environ.get("DATABASE_URL", "").startswith("postgresql"), reason="these faults are of PostgreSQL"
)
OURS = "datname = current_database() AND pid <> pg_backend_pid()"
# With a timeout, the call waits until the processes have exited and their connections are free.
END_OURS = f"SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE {OURS}"  # noqa: S608  a constant
# Connections with an earlier statement, which include those of the service.
END_OF_SERVICE = f"{END_OURS} AND query <> ''"


@pytest.fixture
def administrator(environment: dict[str, str]) -> Iterator[psycopg.Connection]:
    with psycopg.connect(environment["DATABASE_URL"], autocommit=True) as connection:
        yield connection


def exhaust_connections(url: str, others: ExitStack) -> None:
    """Open connections until one is refused."""
    with suppress(psycopg.OperationalError):
        while True:
            others.enter_context(psycopg.connect(url))


def read_value(connection: psycopg.Connection, statement: str) -> int:
    row = connection.execute(statement.encode()).fetchone()
    assert row
    return int(row[0])


def test_terminated_connections_lose_no_write(service: Service, administrator: psycopg.Connection) -> None:
    """Check that acknowledged writes are stored, that other requests are refused, and that later writes succeed."""
    stop = threading.Event()

    def write(number: int) -> tuple[list[str], int]:
        created: list[str] = []
        refused = 0
        with make_client(service) as client:
            while not stop.is_set():
                name = f"{number}-{len(created) + refused:05}"
                answer = create(client, name)
                if answer.status_code == 201:
                    created.append(name)
                else:
                    assert is_unavailable(answer), answer.text
                    refused += 1
        return created, refused

    with ThreadPoolExecutor(6) as pool:
        writers = [pool.submit(write, number) for number in range(6)]
        ended = 0
        for _ in range(20):
            time.sleep(0.15)
            ended += read_value(administrator, END_OURS)
        stop.set()
        written = [writer.result() for writer in writers]
    created = {name for found, _ in written for name in found}
    assert ended >= 20
    assert len(created) >= 20
    with make_client(service) as client:
        assert wait_for_write(client, "after") < SECONDS_TO_RECOVER
        there = list_names(client)
    assert created <= set(there)
    # A refused write may be stored if the connection was closed after COMMIT, before its result was received.
    assert len(there) <= len(created) + 1 + sum(refused for _, refused in written)
    assert read_value(administrator, "SELECT count(*) FROM dashboards_dashboard") == len(there)


def test_exhausted_connections_are_503_until_one_is_free(environment: dict[str, str], tmp_path: Path) -> None:
    with run_server("max_connections=10") as url:
        own = {"DATABASE_URL": url, "DATA_DIR": str(tmp_path / "data")}  # the first start writes its API key here
        crowded = Service({**environment, **own}, tmp_path / "log").wait()
        with make_client(crowded) as client, ExitStack() as others:
            assert create(client, "before").status_code == 201
            first = others.enter_context(psycopg.connect(url, autocommit=True))
            exhaust_connections(url, others)
            assert read_value(first, END_OF_SERVICE) >= 1
            exhaust_connections(url, others)
            answers = [client.get(DASHBOARDS), create(client, "meanwhile"), client.get("/readyz")]
            assert [answer.status_code for answer in answers] == [503] * 3
            assert is_unavailable(answers[0])
            assert is_unavailable(answers[1])
            others.close()
            assert wait_for_write(client, "after") < SECONDS_TO_RECOVER
        crowded.stop()


def test_read_only_server_is_503_for_writes(service: Service, administrator: psycopg.Connection) -> None:
    """Make the server read-only, as a standby is after a failover."""
    database = administrator.info.dbname
    with make_client(service) as client:
        created = create(client, "before it stood by")
        assert created.status_code == 201
        administrator.execute(f'ALTER DATABASE "{database}" SET default_transaction_read_only = on'.encode())
        administrator.execute(END_OURS.encode())
        try:
            answers = [create(client, "meanwhile") for _ in range(10)]
            assert [is_unavailable(answer) for answer in answers] == [True] * 10
            assert client.get(f"{DASHBOARDS}{created.json()['id']}/").json()["name"] == "before it stood by"
            assert client.get(DASHBOARDS, params={"search": "meanwhile"}).json()["count"] == 0
        finally:
            administrator.execute(f'ALTER DATABASE "{database}" RESET default_transaction_read_only'.encode())
        administrator.execute(END_OURS.encode())
        assert wait_for_write(client, "after") < SECONDS_TO_RECOVER


def test_full_disk_is_503_without_data_loss(environment: dict[str, str], tmp_path: Path) -> None:
    """Put the tables of dashboards and activities on a small disk. The write-ahead log remains on another disk."""
    with tempfile.TemporaryDirectory() as disk, mount_small_disk(Path(disk)) as enlarge, run_server() as url:
        own = {"DATABASE_URL": url, "DATA_DIR": str(tmp_path / "data")}
        full = Service({**environment, **own}, tmp_path / "log").wait()
        with make_client(full) as client, psycopg.connect(url, autocommit=True) as connection:
            shutil.chown(disk, "nobody")  # the user of the database server when the tests run as root
            connection.execute(f"CREATE TABLESPACE small LOCATION '{disk}'".encode())
            for table in ("dashboards_dashboard", "dashboards_activity"):
                connection.execute(f"ALTER TABLE {table} SET TABLESPACE small".encode())
            created = fill_database(client)
            assert created
            assert list_names(client) == created
            enlarge()
            assert wait_for_write(client, "after") < SECONDS_TO_RECOVER
            assert list_names(client) == ["after", *created]
        full.stop()
