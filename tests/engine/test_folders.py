"""The folder of an engine, which the processes of one machine share. The path of the folder can have any length."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import orjson
import pytest

from engine.embedded_client import EmbeddedClient
from engine.errors import EngineUnavailable
from engine.files import LOCK_NAME, create_folder
from engine.interface import Limits
from engine.supervision import ensure_supervisor, stop_supervisor
from engine.supervisor import ROOT
from tests.engine.conftest import get_parent, get_pid, is_responding, is_running, wait_until

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
    """Start another process that uses the engine of a folder, and wait for the first response of the engine."""
    process = subprocess.Popen(
        [sys.executable, "-c", USER, folder], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    return process


def end_user(process: "subprocess.Popen[str]") -> None:
    process.communicate(timeout=10)
    assert process.returncode == 0


def test_engine_ends_with_a_killed_process_that_started_it(folder: Path) -> None:
    process = start_user(folder)
    pid = get_pid(folder)
    supervisor = get_parent(pid)
    process.kill()
    process.communicate()
    wait_until(lambda: not is_running(pid) and not is_running(supervisor))


def test_second_service_on_a_folder_uses_the_same_engine_and_takes_over(folder: Path) -> None:
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


def test_log_says_which_process_has_the_folder(own: EmbeddedClient, tmp_path: Path) -> None:
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


def test_folder_that_another_machine_uses_is_unavailable(own: EmbeddedClient) -> None:
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
    wait_until(lambda: is_responding(own))


def test_folder_that_cannot_be_made_is_unavailable_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    started = time.monotonic()
    with pytest.raises(EngineUnavailable, match=r"cannot be reached: Not a directory\.$"):
        EmbeddedClient(tmp_path / "file" / "engine").read("SELECT 1")
    assert time.monotonic() - started < 1


def test_client_that_must_not_start_the_engine_waits_for_another_process(folder: Path) -> None:
    waiting: list[Any] = []
    client = EmbeddedClient(folder, may_start=False)
    thread = threading.Thread(target=lambda: waiting.append(client.read("SELECT 1").rows))
    thread.start()
    thread.join(0.3)
    assert waiting == []
    assert not folder.exists()
    EmbeddedClient(folder).ping()
    thread.join(10)
    assert waiting == [[[1]]]


def test_path_of_any_length_works(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 120) / "engine"
    client = EmbeddedClient(folder)
    try:
        assert client.read("SELECT 1", limits=Limits(seconds=5)).rows == [[1]]
    finally:
        stop_supervisor(folder)


def test_supervisor_is_started_once(folder: Path) -> None:
    ensure_supervisor(folder)
    ensure_supervisor(folder)
    EmbeddedClient(folder).ping()
    parent = get_parent(get_pid(folder))
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
    assert str(parent) in children
    commands = [Path(f"/proc/{child}/cmdline").read_bytes() for child in children]
    assert sum(str(folder).encode() in command for command in commands) == 1
