"""A ClickHouse server behind ENGINE_URL: the same statements, settings and errors as with the embedded engine."""

import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dashboards_api.environment import EngineServer, parse_engine_url
from engine.errors import (
    EngineError,
    EngineUnavailable,
    InvalidQuery,
    MemoryExceeded,
    QueryCancelled,
    QueryRefused,
    QueryTimeout,
    TooManyRows,
    UnknownFunction,
)
from engine.interface import Limits
from engine.parameters import Value
from engine.server_client import ServerClient
from engine.store import check_store, create_store, read_store_id
from tests.engine.conftest import wait_until
from tests.engine.test_statements import ENDLESS, PARAMETERS
from tests.engine.test_store import EVENTS, STORE_ID, build_import, make_event, write_files


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    program = Path(__file__).parent / "clickhouse_server.py"
    folder = tmp_path_factory.mktemp("server") / "store"
    command: list[str | Path] = [sys.executable, program, folder]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield f"clickhouse://tester:p%40ss@127.0.0.1:{process.stdout.readline().strip()}/default"
        process.communicate(timeout=10)


def open_client(url: str) -> ServerClient:
    server = parse_engine_url(url)
    assert server
    return ServerClient(server)


@pytest.fixture
def client(url: str) -> Iterator[ServerClient]:
    client = open_client(url)
    yield client
    client.close()


@pytest.mark.parametrize(("kind", "value", "expected"), PARAMETERS)
def test_parameters_are_the_same_values(client: ServerClient, kind: str, value: Value, expected: Any) -> None:
    assert client.read(f"SELECT {{p:{kind}}} AS p", {"p": value}).rows == [[expected]]


@pytest.mark.parametrize(
    ("sql", "limits", "error"),
    [
        (ENDLESS, Limits(seconds=0.5), QueryTimeout),
        ("SELECT groupArray(number) FROM numbers(100000000)", Limits(memory_bytes=100_000_000), MemoryExceeded),
        ("SELECT number FROM numbers(11)", Limits(result_rows=10), TooManyRows),
        ("SELECT nope(1)", Limits(), UnknownFunction),
        ("SELECT nope", Limits(), InvalidQuery),
        ("SELECT * FROM file('/etc/passwd', 'LineAsString')", Limits(), QueryRefused),
        ("SELECT 1; DROP TABLE events", Limits(), QueryRefused),
    ],
)
def test_limit_is_a_typed_error(client: ServerClient, sql: str, limits: Limits, error: type[EngineError]) -> None:
    with pytest.raises(error):
        client.read(sql, limits=limits)
    assert client.read("SELECT 1").rows == [[1]]


def test_settings_of_reads_are_in_force(client: ServerClient) -> None:
    joined = "SELECT r.b FROM (SELECT 1 AS a) AS l LEFT JOIN (SELECT 2 AS a, 3 AS b) AS r ON l.a = r.a"
    assert client.read(joined).rows == [[None]]
    result = client.read("SELECT getSetting('readonly') AS a, getSetting('final') AS b")
    assert (result.columns, result.rows) == (["a", "b"], [[1, True]])


def test_query_is_cancelled(client: ServerClient) -> None:
    query_id, errors = str(uuid.uuid4()), []

    def run() -> None:
        try:
            client.read(ENDLESS, query_id=query_id, limits=Limits(seconds=30))
        except EngineError as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    wait_until(lambda: client.cancel(query_id))
    thread.join(10)
    assert [type(error) for error in errors] == [QueryCancelled]
    assert not client.cancel(query_id)


def test_rows_and_files_are_stored(client: ServerClient, tmp_path: Path) -> None:
    create_store(client, STORE_ID)
    check_store(client, STORE_ID)
    assert read_store_id(client) == STORE_ID
    text = '{"quote": "it\'s \\"x\\"", "tab": "\\t", "text": "日本 🎈"}'
    client.insert_rows("events", EVENTS, [make_event(1, properties=text)])
    assert client.read("SELECT properties, timestamp FROM events").rows == [[text, "2026-11-29T12:00:00.123456Z"]]
    with pytest.raises(EngineError):
        client.insert_rows("events", EVENTS, [make_event(2), [1, "no uuid"]])
    for path, name in write_files(tmp_path):
        client.execute("TRUNCATE TABLE events")
        assert list(client.describe_file(path, name)) == ["event", "at"]
        client.insert_file("events", build_import(path, name))
        moment = datetime(2026, 1, 1, 12, tzinfo=UTC)
        found = client.read("SELECT event FROM events WHERE timestamp < {at:DateTime64(6, 'UTC')}", {"at": moment})
        assert found.rows == [["e1"]], path


def test_columns_of_a_binary_file_are_not_guessed(client: ServerClient, tmp_path: Path) -> None:
    with pytest.raises(InvalidQuery, match="Parquet"):
        client.describe_file(tmp_path / "x.parquet", "Parquet")


def test_ping_says_version_and_place_without_the_password(client: ServerClient) -> None:
    info = client.ping()
    assert info.version.startswith("26.")
    assert info.location == f"127.0.0.1:{client.server.port}/default"


def test_wrong_password_is_unavailable(url: str) -> None:
    with pytest.raises(EngineUnavailable) as raised:
        open_client(url.replace("p%40ss", "wrong-secret")).read("SELECT 1")
    assert "wrong-secret" not in raised.value.detail


def test_server_that_is_not_there_is_unavailable_and_then_used(client: ServerClient) -> None:
    missing = ServerClient(EngineServer("127.0.0.1", 1, "tester", "p@ss", "default", False))
    with pytest.raises(EngineUnavailable, match=r"^The ClickHouse server 127\.0\.0\.1:1/default does not respond\.$"):
        missing.read("SELECT 1")
