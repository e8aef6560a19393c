"""A query worker in the process of the test, with real child processes and a real engine, on SQLite only."""

from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic

import pytest
from pytest_django import Settings

from engine.interface import EngineClient
from queries.worker import Worker
from tests.events.conftest import engine, shared_data_dir, store

__all__ = ["engine", "shared_data_dir", "store"]


@pytest.fixture
def worker(store: EngineClient, shared_data_dir: Path, settings: Settings) -> Iterator[Worker]:
    """Yield a query worker with one slot, whose child processes read the settings from the environment."""
    settings.QUERY_TIMEOUT = 8
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATA_DIR", str(shared_data_dir))
        patch.setenv("ENGINE", "on")
        created = Worker(1)
        created.next_pruning = monotonic() + 3600
        yield created
        created.stop()


def run_until(worker: Worker, condition: Callable[[], bool], seconds: float = 30) -> None:
    """Run the loop of a query worker until a condition holds."""
    deadline = monotonic() + seconds
    while not condition():
        assert monotonic() < deadline, "it did not happen in time"
        worker.work_once()
        worker.wait()
