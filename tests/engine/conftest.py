"""Real engines, each in its own folder. The tests do not use the main database, so they run once, with SQLite."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.embedded_client import EmbeddedClient
from engine.errors import EngineUnavailable, build_error
from engine.interface import READ_SETTINGS, Limits, make_query_id
from engine.protocol import connect, receive_message, send_message
from engine.supervision import stop_supervisor


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("shared") / "engine"
    yield folder
    stop_supervisor(folder)


@pytest.fixture
def shared(shared_folder: Path) -> EmbeddedClient:
    """Return a shared engine, for tests that leave no data behind."""
    return EmbeddedClient(shared_folder)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Yield a folder whose engine is stopped after the test."""
    yield tmp_path / "engine"
    stop_supervisor(tmp_path / "engine")


@pytest.fixture
def own(folder: Path) -> EmbeddedClient:
    """Return an engine that a test may damage."""
    return EmbeddedClient(folder)


def read_unguarded(folder: Path, sql: str, limits: Limits) -> bytes:
    """Run a read without the client's validation. Raises EngineError."""
    request = {"operation": "run", "sql": sql, "parameters": {}, "readonly": True, "query_id": make_query_id()}
    request |= {"seconds": limits.seconds, "seconds_to_end": 2, "settings": READ_SETTINGS | limits.as_settings()}
    with connect(folder, limits.seconds + 10) as connection:
        send_message(connection, request)
        answer = receive_message(connection)
    assert answer, "the engine ended"
    if problem := answer[0].get("error"):
        raise build_error(problem["code"], problem["message"], reading=True)
    return answer[1]


def get_pid(folder: Path) -> int:
    """Return the id of the process that runs the engine of a folder."""
    with connect(folder, 5) as connection:
        send_message(connection, {"operation": "ping"})
        answer = receive_message(connection)
    assert answer
    return int(answer[0]["pid"])


def has_engine(folder: Path) -> bool:
    """Return whether the engine of a folder responds.

    The socket of an engine exists before the engine accepts connections.
    """
    try:
        return get_pid(folder) > 0
    except OSError:
        return False


def get_parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def is_running(pid: int) -> bool:
    """Return whether a process is running. A zombie process has exited."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_until(condition: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def is_responding(client: EmbeddedClient) -> bool:
    try:
        return client.read("SELECT 1").rows == [[1]]
    except EngineUnavailable:
        return False
