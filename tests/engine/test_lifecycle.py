"""Start, crash, restart and stop of the embedded engine."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from engine.embedded_client import EmbeddedClient, build_write
from engine.errors import EngineError, EngineUnavailable, QueryCancelled
from engine.files import STORE, create_folder
from engine.protocol import connect, receive_message, send_message
from engine.supervision import stop_supervisor
from engine.supervisor import ROOT
from tests.engine.conftest import get_parent, get_pid, has_engine, is_responding, is_running, wait_until
from tests.engine.test_statements import ENDLESS


def fill(client: EmbeddedClient, rows: int = 3) -> None:
    client.execute(
        "CREATE TABLE IF NOT EXISTS t (a Int64) ENGINE = MergeTree ORDER BY a SETTINGS fsync_after_insert = 1"
    )
    client.insert_rows("t", ["a"], [[number] for number in range(rows)])


def test_threads_that_begin_at_once_share_one_engine(own: EmbeddedClient) -> None:
    pids: list[int] = []

    def use() -> None:
        own.read("SELECT 1")
        pids.append(get_pid(own.folder))

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(pids) == 4
    assert len(set(pids)) == 1


def test_killed_engine_is_started_again_and_keeps_what_was_acknowledged(own: EmbeddedClient) -> None:
    fill(own)
    pid = get_pid(own.folder)
    os.kill(pid, signal.SIGKILL)
    assert own.read("SELECT count() FROM t").rows == [[3]]
    assert get_pid(own.folder) != pid
    own.insert_rows("t", ["a"], [[1], [2], [3]])
    assert own.read("SELECT count() FROM t").rows == [[6]]


def test_read_that_the_crash_interrupts_runs_again_and_a_write_does_not(own: EmbeddedClient) -> None:
    own.ping()
    pid = get_pid(own.folder)
    slow = "SELECT count() FROM numbers(1000) WHERE sleepEachRow(0.001) = 0"
    results: list[Any] = []
    read = threading.Thread(target=lambda: results.append(own.read(slow).rows))

    def write() -> None:
        try:
            own.execute(slow)
        except EngineError as error:
            results.append(error)

    threads = [read, threading.Thread(target=write)]
    for thread in threads:
        thread.start()
    count = "SELECT count() FROM system.processes WHERE query LIKE 'SELECT count() FROM numbers%'"
    wait_until(lambda: own.read(count).rows == [[2]])
    os.kill(pid, signal.SIGKILL)
    for thread in threads:
        thread.join(20)
    [refused] = [result for result in results if isinstance(result, EngineError)]
    assert isinstance(refused, EngineUnavailable)
    assert "Some rows may have been stored" in refused.detail
    assert [[1000]] in results


def test_cancelled_import_ends_and_the_engine_goes_on(own: EmbeddedClient) -> None:
    fill(own, 0)
    pid, errors = get_pid(own.folder), []

    def insert() -> None:
        try:
            own.execute("INSERT INTO t SELECT sipHash64(number) FROM numbers(1000000000)", query_id="import")
        except EngineError as error:
            errors.append(error)

    thread = threading.Thread(target=insert)
    thread.start()
    wait_until(lambda: own.cancel("import"))
    thread.join(20)
    assert [type(error) for error in errors] == [QueryCancelled]
    assert get_pid(own.folder) == pid


def test_engine_that_does_not_stop_a_statement_is_ended(own: EmbeddedClient) -> None:
    own.ping()
    pid = get_pid(own.folder)
    # ClickHouse waits between its attempts to connect, and cannot be canceled while it waits.
    request = build_write("SELECT * FROM url('http://127.0.0.1:1/', 'CSV', 'a String')", None)
    with connect(own.folder, 10) as connection:
        send_message(connection, request | {"seconds": 0.5, "seconds_to_end": 1})
        with suppress(ConnectionResetError):
            assert receive_message(connection) is None
    wait_until(lambda: not is_running(pid))
    assert own.read("SELECT 1").rows == [[1]]


def test_engine_ends_with_its_supervisor_and_is_started_when_it_is_needed(own: EmbeddedClient) -> None:
    fill(own)
    pid = get_pid(own.folder)
    os.kill(get_parent(pid), signal.SIGKILL)
    wait_until(lambda: not is_running(pid))
    assert own.read("SELECT count() FROM t").rows == [[3]]


def test_stop_ends_what_runs_within_seconds(own: EmbeddedClient) -> None:
    fill(own)
    pid, errors = get_pid(own.folder), []

    def run() -> None:
        try:
            own.execute(ENDLESS)
        except EngineError as error:
            errors.append(error.detail)

    thread = threading.Thread(target=run)
    thread.start()
    wait_until(lambda: own.read("SELECT count() FROM system.processes WHERE query LIKE '%sipHash%'").rows[0][0] == 2)
    started = time.monotonic()
    stop_supervisor(own.folder)
    assert time.monotonic() - started < 5
    assert not is_running(pid)
    thread.join(5)
    assert errors == ["The engine is stopping."]


def start_supervisor(folder: Path, change: str) -> "subprocess.Popen[bytes]":
    """Start a supervisor with intervals and timeouts that differ from those of a service."""
    create_folder(folder)
    program = f"import engine.supervisor as s; {change}; s.main()"
    arguments = [sys.executable, "-c", program, str(folder)]
    return subprocess.Popen(arguments, cwd=ROOT, stdin=subprocess.PIPE, stderr=subprocess.PIPE)


def test_engine_that_is_killed_before_the_first_check_has_started(folder: Path) -> None:
    process = start_supervisor(folder, "s.SECONDS_BETWEEN_FIRST_CHECKS = 3")
    client = EmbeddedClient(folder, may_start=False)
    try:
        wait_until(lambda: has_engine(folder))
        pid = get_pid(folder)
        (folder / "failure").write_text("Its disk was full.")  # left by an earlier start
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not (folder / "failure").exists())
        reasons = []
        while True:
            try:
                assert client.read("SELECT 1").rows == [[1]]
                break
            except EngineUnavailable as error:
                reasons.append(error.detail)
        assert get_pid(folder) != pid
        assert not any("does not start" in reason for reason in reasons)
    finally:
        process.communicate(timeout=10)


def test_hanging_engine_is_replaced(folder: Path) -> None:
    process = start_supervisor(folder, "s.SECONDS_BETWEEN_PINGS = s.SECONDS_TO_ANSWER = 0.5")
    client = EmbeddedClient(folder, may_start=False)  # a supervisor started by the client would have longer timeouts
    try:
        assert process.stderr
        assert b"engine_started" in process.stderr.readline()  # an engine that is starting has a longer timeout
        assert client.read("SELECT 1").rows == [[1]]
        pid = get_pid(folder)
        os.kill(pid, signal.SIGSTOP)
        wait_until(lambda: not is_running(pid))
        assert client.read("SELECT 1").rows == [[1]]
    finally:
        process.communicate(timeout=10)


def test_engine_that_cannot_start_says_why_and_starts_once_it_can(own: EmbeddedClient) -> None:
    create_folder(own.folder)
    (own.folder / STORE).write_text("no folder")
    with pytest.raises(EngineUnavailable, match="does not start: FileExistsError"):
        own.read("SELECT 1")
    (own.folder / STORE).unlink()
    wait_until(lambda: is_responding(own))


def test_without_its_packages_the_engine_is_unavailable(own: EmbeddedClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "chdb", None)  # None makes each import of the module fail
    with pytest.raises(EngineUnavailable, match=r"not installed\. .*requirements-engine\.lock"):
        own.read("SELECT 1")
    assert not own.folder.exists()


def test_acknowledged_inserts_survive_kills(own: EmbeddedClient) -> None:
    fill(own, 0)
    acknowledged: list[int] = []
    stopped = threading.Event()

    def insert() -> None:
        batch = 0
        while not stopped.is_set():
            batch += 1
            try:
                own.insert_rows("t", ["a"], [[batch]] * 100)
            except EngineUnavailable:
                continue
            acknowledged.append(batch)

    thread = threading.Thread(target=insert)
    thread.start()
    for count in (20, 40, 60):
        wait_until(lambda count=count: len(acknowledged) >= count, 20)  # type: ignore[misc]  # cannot infer the lambda
        os.kill(get_pid(own.folder), signal.SIGKILL)
    wait_until(lambda: len(acknowledged) >= 80, 20)
    stopped.set()
    thread.join(10)
    counts = dict(own.read("SELECT a, count() FROM t GROUP BY a").rows)
    assert set(acknowledged) <= set(counts)
    assert set(counts.values()) == {100}


def test_nothing_runs_where_no_engine_does(own: EmbeddedClient) -> None:
    assert not own.cancel("some")
    assert not own.folder.exists()
