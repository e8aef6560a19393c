"""A PostgreSQL that drops connections, has none left, is read-only or is in the middle of a migration."""

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
from tests.ops.faulty import (
    DASHBOARDS,
    SECONDS_TO_RECOVER,
    client_of,
    create,
    fill,
    is_refusal,
    names,
    small_disk,
    wait_until_it_writes,
)
from tests.postgres import own_server

__all__ = ["environment", "service"]

pytestmark = pytest.mark.skipif(
    not os.environ.get("DATABASE_URL", "").startswith("postgresql"), reason="these faults are of PostgreSQL"
)
OURS = "datname = current_database() AND pid <> pg_backend_pid()"
END_OURS = f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE {OURS}"  # noqa: S608  a constant
# Of the service, where others are connected too: they have no statement behind them.
END_OF_SERVICE = f"{END_OURS} AND query <> ''"


@pytest.fixture
def administrator(environment: dict[str, str]) -> Iterator[psycopg.Connection]:
    with psycopg.connect(environment["DATABASE_URL"], autocommit=True) as connection:
        yield connection


def take_all(url: str, others: ExitStack) -> None:
    """Connect until that is refused."""
    with suppress(psycopg.OperationalError):
        while True:
            others.enter_context(psycopg.connect(url))


def value_of(connection: psycopg.Connection, statement: str) -> int:
    row = connection.execute(statement.encode()).fetchone()
    assert row
    return int(row[0])


def test_terminated_connections_lose_no_write(service: Service, administrator: psycopg.Connection) -> None:
    """Whatever was acknowledged is there; what was not is a refusal, and the next requests are answered."""
    stop = threading.Event()

    def write(number: int) -> tuple[list[str], int]:
        made: list[str] = []
        refused = 0
        with client_of(service) as client:
            while not stop.is_set():
                name = f"{number}-{len(made) + refused:05}"
                answer = create(client, name)
                if answer.status_code == 201:
                    made.append(name)
                else:
                    assert is_refusal(answer), answer.text
                    refused += 1
        return made, refused

    with ThreadPoolExecutor(6) as pool:
        writers = [pool.submit(write, number) for number in range(6)]
        ended = 0
        for _ in range(20):
            time.sleep(0.15)
            ended += value_of(administrator, END_OURS)
        stop.set()
        written = [writer.result() for writer in writers]
    made = {name for found, _ in written for name in found}
    assert ended >= 20
    assert len(made) >= 20
    with client_of(service) as client:
        assert wait_until_it_writes(client, "after") < SECONDS_TO_RECOVER
        there = names(client)
    assert made <= set(there)
    # One that was refused may have been written where the connection ended after COMMIT, and before it was known.
    assert len(there) <= len(made) + 1 + sum(refused for _, refused in written)
    assert value_of(administrator, "SELECT count(*) FROM dashboards_dashboard") == len(there)


def test_exhausted_connections_are_503_until_one_is_free(environment: dict[str, str], tmp_path: Path) -> None:
    with own_server("max_connections=10") as url:
        own = {"DATABASE_URL": url, "DATA_DIR": str(tmp_path / "data")}  # the first start writes its API key there
        crowded = Service({**environment, **own}, tmp_path / "log").wait()
        with client_of(crowded) as client, ExitStack() as others:
            assert create(client, "before").status_code == 201
            first = others.enter_context(psycopg.connect(url, autocommit=True))
            take_all(url, others)
            assert value_of(first, END_OF_SERVICE) >= 1
            take_all(url, others)
            answers = [client.get(DASHBOARDS), create(client, "meanwhile"), client.get("/readyz")]
            assert [answer.status_code for answer in answers] == [503] * 3
            assert is_refusal(answers[0])
            assert is_refusal(answers[1])
            others.close()
            assert wait_until_it_writes(client, "after") < SECONDS_TO_RECOVER
        crowded.stop()


def test_read_only_server_is_503_for_writes(service: Service, administrator: psycopg.Connection) -> None:
    """As one that stands by, after the one before it has failed."""
    database = administrator.info.dbname
    with client_of(service) as client:
        created = create(client, "before it stood by")
        assert created.status_code == 201
        administrator.execute(f'ALTER DATABASE "{database}" SET default_transaction_read_only = on'.encode())
        administrator.execute(END_OURS.encode())
        try:
            answers = [create(client, "meanwhile") for _ in range(10)]
            assert [is_refusal(answer) for answer in answers] == [True] * 10
            assert client.get(f"{DASHBOARDS}{created.json()['id']}/").json()["name"] == "before it stood by"
            assert client.get(DASHBOARDS, params={"search": "meanwhile"}).json()["count"] == 0
        finally:
            administrator.execute(f'ALTER DATABASE "{database}" RESET default_transaction_read_only'.encode())
        administrator.execute(END_OURS.encode())
        assert wait_until_it_writes(client, "after") < SECONDS_TO_RECOVER


def test_full_disk_is_503_without_data_loss(environment: dict[str, str], tmp_path: Path) -> None:
    """The rows of dashboards and of their history are on a small disk; the log of the database is not."""
    with tempfile.TemporaryDirectory() as disk, small_disk(Path(disk)) as enlarge, own_server() as url:
        own = {"DATABASE_URL": url, "DATA_DIR": str(tmp_path / "data")}
        full = Service({**environment, **own}, tmp_path / "log").wait()
        with client_of(full) as client, psycopg.connect(url, autocommit=True) as connection:
            shutil.chown(disk, "nobody")  # as whom a server of ours runs where root mounts disks
            connection.execute(f"CREATE TABLESPACE small LOCATION '{disk}'".encode())
            for table in ("dashboards_dashboard", "dashboards_activity"):
                connection.execute(f"ALTER TABLE {table} SET TABLESPACE small".encode())
            made = fill(client)
            assert made
            assert names(client) == made
            enlarge()
            assert wait_until_it_writes(client, "after") < SECONDS_TO_RECOVER
            assert names(client) == ["after", *made]
        full.stop()
