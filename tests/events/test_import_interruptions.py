"""Imports that are killed, that wait for another import, and that use the engine of a running service."""

import itertools
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pytest_django import Settings

from engine.embedded_client import EmbeddedClient
from engine.errors import EngineUnavailable
from engine.files import FOLDER
from engine.interface import EngineClient
from engine.schema import STAGING, TABLES
from events.services.imports import Importer
from events.services.rows import EVENTS
from events.services.staging import LOST, TABLE, drop_abandoned_tables, import_lock
from events.services.store import create_store_if_missing, open_store
from tests.builders import make_project
from tests.engine.conftest import get_pid, is_responding, wait_until
from tests.events.import_files import list_tables, make_event, read_rows, run_command, write_lines
from tests.live.conftest import ROOT, copied_database, run_manage
from users.models import Project

ROWS = 60_000
COUNT = "SELECT count() FROM events"


@contextmanager
def engine_of_another_process(data_dir: Path) -> Iterator[None]:
    """Run the engine of a folder in another process, as the service does."""
    program = (
        "import sys; from pathlib import Path; from engine.supervision import ensure_supervisor\n"
        f"ensure_supervisor(Path({str(data_dir / FOLDER)!r})); sys.stdin.read()"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, cwd=ROOT) as process:
        try:
            wait_until(lambda: is_responding(EmbeddedClient(data_dir / FOLDER, may_start=False)), 30)
            yield
        finally:
            process.communicate()


def test_import_uses_the_engine_of_a_running_service(data_dir: Path, home: Project, tmp_path: Path) -> None:
    path = write_lines(tmp_path / "a.jsonl", [make_event(1), make_event(2)])
    with engine_of_another_process(data_dir):
        pid = get_pid(data_dir / FOLDER)
        assert run_command("import_events", path, "--project", home.pk).error == ""
        assert read_rows(open_store(may_start=False), COUNT) == [[2]]
        assert get_pid(data_dir / FOLDER) == pid


@pytest.mark.parametrize("seconds", [0.2, 0.6, 1.0, 1.4])
def test_killed_import_is_completed_by_the_next_one(migrated: dict[str, str], tmp_path: Path, seconds: float) -> None:
    """Kill an import some seconds after it created its first table. The engine, in another process, keeps running."""
    data_dir = tmp_path / "data"
    events = [make_event(number % 28 + 1, properties={"n": number}) for number in range(ROWS)]
    path = write_lines(tmp_path / "a.jsonl", events)
    with copied_database(migrated, data_dir) as environment, engine_of_another_process(data_dir):
        run_manage(environment, "create_project", "Home")
        command = [sys.executable, "manage.py", "import_events", str(path), "--project", "1"]
        client = EmbeddedClient(data_dir / FOLDER, may_start=False)
        with subprocess.Popen(command, env=environment, cwd=ROOT) as killed:
            wait_until(lambda: len(list_tables(client)) > len(TABLES), 30)
            time.sleep(seconds)
            killed.kill()
        before = read_version(data_dir)
        finished = run_manage(environment, "import_events", str(path), "--project", "1")
        assert finished.returncode == 0, finished.stderr
        assert f"{path}: {ROWS:,} events" in finished.stdout
        assert read_rows(client, "SELECT count(), uniqExact(properties) FROM events") == [[ROWS, ROWS]]
        assert list_tables(client) == set(TABLES)
        assert read_version(data_dir) > before


def read_version(data_dir: Path) -> int:
    with closing(sqlite3.connect(data_dir / "dashboards.sqlite3")) as opened:
        found = opened.execute("SELECT number FROM events_dataversion").fetchone()
    return int(found[0]) if found else 0


def test_tables_of_killed_imports_are_dropped(store: EngineClient, home: Project) -> None:
    for name in (f"{STAGING}1", f"{TABLE}1_a"):
        store.execute(f"CREATE TABLE {name} (a Int64) ENGINE = MergeTree ORDER BY tuple()")
    assert drop_abandoned_tables(store) == [f"{STAGING}1", f"{TABLE}1_a"]
    assert list_tables(store) == set(TABLES)


class KillingClient(EmbeddedClient):
    """A client that runs `left` statements, and kills the engine before the next statement."""

    left = 0

    def _exchange(self, request: dict[str, Any], body: bytes, timeout: float) -> tuple[dict[str, Any], bytes]:
        if request["operation"] == "run":
            self.left -= 1
            if self.left == -1:
                os.kill(get_pid(self.folder), signal.SIGKILL)
        return super()._exchange(request, body, timeout)


def test_engine_that_is_killed_before_any_statement_loses_no_acknowledged_row(own: EmbeddedClient) -> None:
    """Kill the engine before each statement in turn, while the rows of a small file are still in memory."""
    project = make_project("Home")
    create_store_if_missing()
    client, refused = KillingClient(own.folder), []
    for number in itertools.count():
        path = write_lines(own.folder / f"{number}.jsonl", [make_event(1, uuid=str(uuid4())) for _ in range(10)])
        client.left = number
        with import_lock(lambda: None):
            try:
                assert Importer(client, EVENTS, project.pk).import_file(path).rows == 10
            except EngineUnavailable as error:
                refused.append(error.detail)
                assert Importer(own, EVENTS, project.pk).import_file(path).rows == 10
        assert own.read(COUNT).rows == [[10 * (number + 1)]]
        if client.left >= 0:
            break
    assert number >= 7
    assert refused.count(LOST) >= 4


def test_second_import_waits_for_the_first(data_dir: Path, settings: Settings) -> None:
    order: list[str] = []
    with import_lock(lambda: order.append("not reached")):
        thread = threading.Thread(target=run_second, args=(order,))
        thread.start()
        wait_until(lambda: order == ["waits"])
        order.append("first")
    thread.join()
    assert order == ["waits", "first", "second"]
    assert os.stat(data_dir / "import.lock").st_mode & 0o777 == 0o600


def run_second(order: list[str]) -> None:
    with import_lock(lambda: order.append("waits")):
        order.append("second")
