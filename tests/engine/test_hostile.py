"""Statements that the printer never prints. The engine also refuses them, as a second line of defense."""

import os
import sqlite3
import stat
from contextlib import closing, suppress
from pathlib import Path

import pytest

from engine.embedded_client import EmbeddedClient
from engine.errors import EngineError, QueryRefused
from engine.interface import Limits
from engine.protocol import SOCKET_NAME, connect, receive_message
from tests.engine.conftest import get_pid, read_unguarded

READS_AND_CONNECTIONS = [
    "SELECT * FROM file('/etc/passwd', 'LineAsString')",
    "SELECT * FROM url('http://127.0.0.1:1/', 'CSV', 'a String')",
    "SELECT * FROM s3('http://127.0.0.1:1/bucket/key', 'CSV', 'a String')",
    "SELECT * FROM remote('127.0.0.1:1', 'system', 'one')",
    "SELECT * FROM postgresql('127.0.0.1:1', 'd', 't', 'u', 'p')",
    "SELECT * FROM mysql('127.0.0.1:1', 'd', 't', 'u', 'p')",
    "SELECT * FROM sqlite('{database}', 't')",
    "SELECT * FROM executable('id', 'CSV', 'a String')",
    "SELECT * FROM mongodb('127.0.0.1:1', 'd', 'c', 'u', 'p', 'a String')",
    "SELECT * FROM redis('127.0.0.1:1', 'k', 'k String')",
    "SELECT * FROM hdfs('hdfs://127.0.0.1:1/x', 'CSV', 'a String')",
    "SELECT * FROM azureBlobStorage('http://127.0.0.1:1', 'c', 'b', 'a', 'k')",
    "SELECT * FROM iceberg('http://127.0.0.1:1/bucket/key', 'a', 'b')",
    "SELECT * FROM deltaLake('http://127.0.0.1:1/bucket/key', 'a', 'b')",
    "SELECT * FROM jdbc('jdbc:x', 's', 't')",
    "SELECT * FROM odbc('DSN=x', 's', 't')",
    "SELECT 1 WHERE 1 IN (SELECT c FROM file('/etc/passwd', 'CSV', 'c Int8'))",
    "WITH x AS (SELECT * FROM url('http://127.0.0.1:1/', 'CSV', 'a String')) SELECT * FROM x",
]
CHANGES = [
    "INSERT INTO kept VALUES (2)",
    "INSERT INTO FUNCTION file('x.csv', 'CSV', 'a Int8') SELECT 1",
    "CREATE TABLE other (a Int8) ENGINE = Memory",
    "CREATE TEMPORARY TABLE other (a Int8)",
    "CREATE DATABASE other",
    "CREATE VIEW other AS SELECT 1",
    "CREATE FUNCTION other AS (a) -> a",
    "CREATE USER other",
    "CREATE DICTIONARY other (a UInt64) PRIMARY KEY a SOURCE(NULL()) LAYOUT(FLAT()) LIFETIME(0)",
    "CREATE NAMED COLLECTION other AS a = 1",
    "DROP TABLE kept",
    "TRUNCATE TABLE kept",
    "DETACH TABLE kept",
    "RENAME TABLE kept TO other",
    "ALTER TABLE kept DELETE WHERE 1",
    "ALTER TABLE kept FREEZE",
    "DELETE FROM kept WHERE 1",
    "OPTIMIZE TABLE kept",
    "SYSTEM SHUTDOWN",
    "SYSTEM FLUSH LOGS",
    "SELECT 1; DROP TABLE kept",
    "SELECT 1;INSERT INTO kept VALUES (2);SELECT 1",
    "SET readonly = 0",
    "SET max_execution_time = 0",
    "SELECT 1 SETTINGS readonly = 0",
    "SELECT 1 SETTINGS max_memory_usage = 0",
    "SET readonly = 0; DROP TABLE kept",
]
# Statements that `readonly` allows and `read_validation` refuses.
NO_READS = [
    "KILL QUERY WHERE 1",
    "SYSTEM STOP MERGES",
    "SELECT 1; SYSTEM STOP MERGES",
    "SELECT 1;\nKILL QUERY WHERE 1",
    "USE system",
    "SHOW TABLES",
    "SHOW GRANTS",
    "EXPLAIN SELECT 1",
    "DESCRIBE TABLE events",
    "EXISTS TABLE events",
    "BACKUP TABLE events TO File('x')",
    "SELECT 1 INTO OUTFILE 'x'",
    "SELECT 1 INTO\n OUTFILE 'x' TRUNCATE",
    "SELECT 1 FORMAT CSV",
    "SELECT 1 SETTINGS max_threads = 1",
    "SELECT * FROM (SELECT 1 SETTINGS max_threads = 1)",
    "SELECT 1 -- ' \n; KILL QUERY WHERE 1",
    "SELECT 1 /* ' */; KILL QUERY WHERE 1 /* ' */",
    "SELECT 1 # ' \n; KILL QUERY WHERE 1 # '",
    "SELECT $x$ ' $x$; KILL QUERY WHERE 1; SELECT $x$ ' $x$",
    "SELECT 'a\\'; KILL QUERY WHERE 1",
    "SELECT 'a\\\\'; KILL QUERY WHERE 1",
    "SELECT 'a''; KILL QUERY WHERE 1",
    "SELECT `a\\`; KILL QUERY WHERE 1",
    "",
    "SELECTED",
]
# Statements that the kernel refuses.
FILES = [
    "SELECT file('/etc/passwd')",
    "SELECT file('/proc/{parent}/environ')",
    "SELECT file('/proc/{parent}/cmdline')",
    "SELECT file('{secret}')",
    "SELECT file('{incoming}/../../secret_key')",
    "SELECT 'x' INTO OUTFILE '{secret}.new'",
    "SELECT 'x' INTO OUTFILE '/tmp/engine-outfile-test'",
    "SELECT 'x' INTO OUTFILE '{secret}' APPEND",
]
BOMBS = [
    "SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1",
    "SELECT sum(a.number * b.number) FROM numbers(1000000) AS a CROSS JOIN numbers(1000000) AS b",
    "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT count() FROM r",
    "SELECT range(1000000000)",
    "SELECT arrayMap(x -> repeat('x', 1000000), range(1000000))",
    "SELECT groupArray(repeat('x', 100000)) FROM numbers(1000000)",
    "SELECT number FROM numbers(500000000) ORDER BY sipHash64(number) LIMIT 5 OFFSET 100000000",
    "SELECT uniqExact(number) FROM numbers(1000000000)",
    f"SELECT {'+'.join(['1'] * 20000)}",
    "SELECT sleep(3), sleep(3), sleep(3), sleep(3)",
]


@pytest.fixture
def kept(shared: EmbeddedClient) -> EmbeddedClient:
    """Return an engine with one row, which must still exist after the test."""
    shared.execute("CREATE TABLE IF NOT EXISTS kept (a Int8) ENGINE = MergeTree ORDER BY a")
    shared.execute("INSERT INTO kept SELECT 1 WHERE (SELECT count() FROM kept) = 0")
    return shared


@pytest.mark.parametrize("sql", READS_AND_CONNECTIONS)
def test_nothing_outside_the_tables_is_read(shared: EmbeddedClient, sql: str, tmp_path: Path) -> None:
    database = shared.folder / "incoming" / "some.sqlite3"
    shared.ping()
    with closing(sqlite3.connect(database)) as opened:
        opened.execute("CREATE TABLE IF NOT EXISTS t (a)")
    with pytest.raises(EngineError) as raised:
        read_unguarded(shared.folder, sql.format(database=database), Limits())
    assert isinstance(raised.value, QueryRefused) or "Unknown table function" in raised.value.detail


@pytest.mark.parametrize("sql", CHANGES)
def test_nothing_is_changed(kept: EmbeddedClient, sql: str) -> None:
    before = kept.read("SELECT database, name FROM system.tables ORDER BY 1, 2").rows
    with pytest.raises(EngineError):
        read_unguarded(kept.folder, sql, Limits())
    assert kept.read("SELECT a FROM kept").rows == [[1]]
    assert kept.read("SELECT database, name FROM system.tables ORDER BY 1, 2").rows == before


@pytest.mark.parametrize("sql", NO_READS)
def test_read_is_one_plain_select(shared: EmbeddedClient, sql: str) -> None:
    with pytest.raises(QueryRefused):
        shared.read(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 'a; -- /* # $ SETTINGS a = 1 FORMAT CSV' AS `a; \"b' -- c`",
        "(SELECT 1) UNION ALL (SELECT 2)",
        "WITH x AS (SELECT 1 AS format, 2 AS settings) SELECT format, settings FROM x",
        "SELECT 'it''s', 'a\\'b', `x``y`, \"q\" FROM (SELECT 1 AS `x``y`, 2 AS q)",
        "SELECT arrayMap(x -> x + 1, [1]), format('{}', 'a'), 1 - -1",
    ],
)
def test_quoted_text_of_a_read_is_not_looked_at(shared: EmbeddedClient, sql: str) -> None:
    assert shared.read(sql).rows


@pytest.mark.parametrize("sql", FILES)
def test_no_file_outside_the_folder_is_read_or_written(shared: EmbeddedClient, sql: str) -> None:
    shared.ping()
    secret = shared.folder.parent / "secret_key"
    secret.write_text("the secret")
    statement = sql.format(parent=os.getpid(), secret=secret, incoming=shared.folder / "incoming")
    with pytest.raises(EngineError, match="Permission denied"):
        read_unguarded(shared.folder, statement, Limits())
    assert [path.name for path in shared.folder.parent.iterdir() if path.name.startswith("secret")] == ["secret_key"]
    assert secret.read_text() == "the secret"


@pytest.mark.parametrize("sql", BOMBS, ids=lambda sql: sql[:40])
def test_bomb_ends_within_its_limits(shared: EmbeddedClient, sql: str) -> None:
    pid = get_pid(shared.folder) if shared.ping() else 0
    with pytest.raises(EngineError):
        read_unguarded(shared.folder, sql, Limits(seconds=1, memory_bytes=300_000_000))
    assert get_pid(shared.folder) == pid
    assert measure_memory(pid) < 1_500_000_000


def measure_memory(pid: int) -> int:
    [line] = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1]) * 1024


def test_socket_and_the_folder_are_for_their_owner_alone(shared: EmbeddedClient) -> None:
    shared.ping()
    assert stat.S_IMODE((shared.folder / SOCKET_NAME).stat().st_mode) == 0o600
    assert stat.S_IMODE(shared.folder.stat().st_mode) == 0o700
    for path in shared.folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_process_has_no_variable_of_ours_and_leaves_no_core(shared: EmbeddedClient) -> None:
    shared.ping()
    pid = get_pid(shared.folder)
    assert Path(f"/proc/{pid}/environ").read_bytes() == b""
    [core] = [line for line in Path(f"/proc/{pid}/limits").read_text().splitlines() if "core file" in line]
    assert core.split()[4:6] == ["0", "0"]


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\xff" * 12,
        b"\0\0\0\x02\0\0\0\0\0\0\0\0[]",
        b"\0\0\0\x02\0\0\0\0\0\0\0\0{}",
        b"\x80\x04.",
    ],
)
def test_invalid_message_closes_only_its_connection(shared: EmbeddedClient, sent: bytes) -> None:
    shared.ping()
    pid = get_pid(shared.folder)
    with connect(shared.folder, 5) as connection:
        connection.sendall(sent)
        connection.shutdown(1)
        with suppress(ConnectionResetError):
            assert receive_message(connection) is None
    assert get_pid(shared.folder) == pid
