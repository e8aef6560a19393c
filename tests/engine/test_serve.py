"""`manage.py serve` starts the engine and the query worker if there is data, and stops them with the service.

The engine never runs in a web process. `queries.supervisor`, a child of the server, runs the engine and the query
worker.
"""

import re
import time
from pathlib import Path

from engine.embedded_client import EmbeddedClient
from engine.store import create_store
from engine.supervision import stop_supervisor
from tests.engine.conftest import get_parent, get_pid, is_running, wait_until
from tests.engine.test_store import STORE_ID
from tests.live.conftest import Service, empty_database


def list_descendants(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [descendant for child in children for descendant in (int(child), *list_descendants(int(child)))]


def has_chdb(pid: int) -> bool:
    return "_chdb" in Path(f"/proc/{pid}/maps").read_text()


def list_commands(service: Service) -> list[str]:
    pids = list_descendants(service.process.pid)
    return [Path(f"/proc/{pid}/cmdline").read_bytes().decode() for pid in pids]


def answers(folder: Path) -> bool:
    try:
        return get_pid(folder) > 0
    except OSError:
        return False


def test_engine_and_worker_of_a_service_run_beside_it_and_end_with_it(tmp_path: Path) -> None:
    with empty_database(tmp_path / "data") as environment:
        folder = tmp_path / "data" / "engine"
        create_store(EmbeddedClient(folder), STORE_ID)
        stop_supervisor(folder)
        check_off(environment, tmp_path / "off.log")
        service = Service(environment, tmp_path / "on.log").wait()
        wait_until(lambda: answers(folder), 30)
        engine = get_pid(folder)
        wait_until(lambda: any("query_worker" in command for command in list_commands(service)), 30)
        wait_until(lambda: "query worker started" in (tmp_path / "on.log").read_text(), 30)
        assert get_parent(get_parent(get_parent(engine))) == service.process.pid
        everything = [service.process.pid, *list_descendants(service.process.pid)]
        assert [pid for pid in everything if has_chdb(pid)] == [engine]
        started = time.monotonic()
        assert service.stop() == 0
        assert time.monotonic() - started < 10
        assert [pid for pid in everything if is_running(pid)] == []
        assert '"event":"engine_started"' in (tmp_path / "on.log").read_text()


def check_off(environment: dict[str, str], log: Path) -> None:
    """Check that with ENGINE=off neither an engine nor a query worker runs, even if there is data."""
    service = Service({**environment, "ENGINE": "off"}, log).wait()
    parts = re.compile("engine.supervisor|queries.supervisor|query_worker")
    try:
        assert [command for command in list_commands(service) if parts.search(command)] == []
    finally:
        assert service.stop() == 0
    assert "engine_started" not in log.read_text()
