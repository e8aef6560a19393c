"""Start, crash, restart and stop of the embedded engine."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import orjson
import pytest

from engine.embedded_client import EmbeddedClient
from engine.errors import EngineError, EngineUnavailable
from engine.files import LOCK_NAME, STORE, create_folder
from engine.interface import Limits
from engine.supervision import ensure_supervisor, stop_supervisor
from engine.supervisor import ROOT
from tests.engine.conftest import get_parent, get_pid, is_running, wait_until
from tests.engine.test_statements import ENDLESS

USER = """
import sys, time
from pathlib import Path
from engine.embedded_client import EmbeddedClient
client = EmbeddedClient(Path(sys.argv[1]))
client.ping()
print("ready", flush=True)
sys.stdin.read()
"""


def start_user(folder: Path) -> "subprocess.Popen[str]":
    """Start another process that uses the engine of a folder, and wait until it does."""
    process = subprocess.Popen(
        [sys.executable, "-c", USER, folder], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    return process


def end_user(process: "subprocess.Popen[str]") -> None:
    process.communicate(timeout=10)
    assert process.returncode == 0


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


def test_a_killed_engine_is_started_again_and_keeps_what_was_acknowledged(own: EmbeddedClient) -> None:
    fill(own)
    for count in (3, 6, 9):
        pid = get_pid(own.folder)
        os.kill(pid, signal.SIGKILL)
        assert own.read("SELECT count() FROM t").rows == [[count]]
        assert get_pid(own.folder) != pid
        own.insert_rows("t", ["a"], [[1], [2], [3]])


def test_a_read_that_the_crash_interrupts_runs_again_and_a_write_does_not(own: EmbeddedClient) -> None:
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
    assert "not known what was kept" in refused.detail
    assert [[1000]] in results


def test_an_engine_that_does_not_stop_a_statement_is_ended(own: EmbeddedClient) -> None:
    own.ping()
    pid = get_pid(own.folder)
    with pytest.raises(EngineUnavailable):  # its client waits between attempts, and does not look whether it is killed
        own.execute("SELECT * FROM url('http://127.0.0.1:1/', 'CSV', 'a String')", seconds=0.5)
    assert not is_running(pid)
    assert own.read("SELECT 1").rows == [[1]]


def test_the_engine_ends_with_its_supervisor_and_is_started_when_it_is_needed(own: EmbeddedClient) -> None:
    fill(own)
    pid = get_pid(own.folder)
    os.kill(get_parent(pid), signal.SIGKILL)
    wait_until(lambda: not is_running(pid))
    assert own.read("SELECT count() FROM t").rows == [[3]]


def test_the_engine_ends_with_a_killed_process_that_started_it(folder: Path) -> None:
    process = start_user(folder)
    pid = get_pid(folder)
    supervisor = get_parent(pid)
    process.kill()
    process.communicate()
    wait_until(lambda: not is_running(pid) and not is_running(supervisor))


def test_a_stop_ends_what_runs_within_seconds(own: EmbeddedClient) -> None:
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
    assert errors == ["The engine stops."]


def test_a_hanging_engine_is_replaced(folder: Path, tmp_path: Path) -> None:
    changed = "import engine.supervisor as s; s.SECONDS_BETWEEN_PINGS = s.SECONDS_TO_ANSWER = 0.5; s.main()"
    process = subprocess.Popen([sys.executable, "-c", changed, folder], cwd=ROOT, stdin=subprocess.PIPE)
    client = EmbeddedClient(folder)
    try:
        wait_until(lambda: (folder / "engine.sock").exists())
        assert client.read("SELECT 1").rows == [[1]]
        pid = get_pid(folder)
        os.kill(pid, signal.SIGSTOP)
        wait_until(lambda: not is_running(pid))
        assert client.read("SELECT 1").rows == [[1]]
    finally:
        process.communicate(timeout=10)


def test_a_second_service_on_a_folder_uses_the_same_engine_and_takes_over(folder: Path) -> None:
    first = start_user(folder)
    pid = get_pid(folder)
    second = start_user(folder)
    assert get_pid(folder) == pid
    end_user(first)
    assert not is_running(pid)
    client = EmbeddedClient(folder)
    assert client.read("SELECT 1").rows == [[1]]
    assert get_pid(folder) != pid
    end_user(second)


def test_the_log_says_which_process_has_the_folder(own: EmbeddedClient, tmp_path: Path) -> None:
    own.ping()
    program = "import engine.supervisor; engine.supervisor.main()"
    with (tmp_path / "log").open("w") as log:
        second = subprocess.Popen(
            [sys.executable, "-c", program, own.folder], cwd=ROOT, stdin=subprocess.PIPE, stderr=log
        )
    wait_until(lambda: (tmp_path / "log").read_text().count("\n") > 0)
    second.communicate(timeout=10)
    [line] = (tmp_path / "log").read_text().splitlines()
    assert orjson.loads(line)["event"] == "engine_in_use"
    assert orjson.loads(line)["holder"] == f"process {get_pid(own.folder)} on {os.uname().nodename}"


def test_a_folder_that_another_machine_uses_is_unavailable(own: EmbeddedClient) -> None:
    create_folder(own.folder)
    holder = "import fcntl, sys, time; f = open(sys.argv[1], 'w'); fcntl.flock(f, fcntl.LOCK_EX)"
    write = """f.write('{"pid": 7, "host": "elsewhere"}'); f.flush(); print('ready', flush=True); sys.stdin.read()"""
    command: list[str | Path] = [sys.executable, "-c", f"{holder}; {write}", own.folder / LOCK_NAME]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout
        other.stdout.readline()
        with pytest.raises(EngineUnavailable, match="in use by process 7 on elsewhere"):
            own.read("SELECT 1")
        other.communicate()
    wait_until(lambda: answers(own))


def test_an_engine_that_cannot_start_says_why_and_starts_once_it_can(own: EmbeddedClient) -> None:
    create_folder(own.folder)
    (own.folder / STORE).write_text("no folder")
    with pytest.raises(EngineUnavailable, match="does not start: FileExistsError"):
        own.read("SELECT 1")
    (own.folder / STORE).unlink()
    wait_until(lambda: answers(own))


def answers(client: EmbeddedClient) -> bool:
    try:
        return client.read("SELECT 1").rows == [[1]]
    except EngineUnavailable:
        return False


def test_without_its_packages_the_engine_is_unavailable(own: EmbeddedClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "chdb", None)  # as the import system marks what cannot be imported
    with pytest.raises(EngineUnavailable, match=r"not installed: .*requirements-engine\.lock"):
        own.read("SELECT 1")
    assert not own.folder.exists()


def test_nothing_runs_where_no_engine_does(own: EmbeddedClient) -> None:
    assert not own.cancel("some")
    assert not own.folder.exists()


def test_a_path_of_any_length_works(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 120) / "engine"
    client = EmbeddedClient(folder)
    try:
        assert client.read("SELECT 1", limits=Limits(seconds=5)).rows == [[1]]
    finally:
        stop_supervisor(folder)


def test_a_supervisor_is_started_once(folder: Path) -> None:
    ensure_supervisor(folder)
    ensure_supervisor(folder)
    EmbeddedClient(folder).ping()
    parent = get_parent(get_pid(folder))
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
    assert str(parent) in children
    commands = [Path(f"/proc/{child}/cmdline").read_bytes() for child in children]
    assert sum(str(folder).encode() in command for command in commands) == 1
