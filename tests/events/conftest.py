"""A real engine, shared by the tests of a process. Its tables are emptied before each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from engine.client import get_client
from engine.embedded_client import EmbeddedClient
from engine.files import FOLDER
from engine.interface import EngineClient
from engine.supervision import stop_supervisor
from events.services.store import create_store_if_missing


@pytest.fixture(scope="session")
def shared_data_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("shared-data")
    yield folder
    stop_supervisor(folder / FOLDER)


@pytest.fixture
def engine(shared_data_dir: Path, settings: Settings, db: None) -> EngineClient:
    """Return the engine of the settings, without tables."""
    settings.DATA_DIR, settings.ENGINE, settings.ENGINE_URL = shared_data_dir, True, None
    client = get_client()
    for [name] in client.execute("SHOW TABLES").rows:
        client.execute(f"DROP TABLE `{name}` SYNC")
    return client


@pytest.fixture
def store(engine: EngineClient) -> EngineClient:
    """Return the engine of the settings, with an empty store."""
    return create_store_if_missing()


@pytest.fixture
def data_dir(tmp_path: Path, settings: Settings, db: None) -> Iterator[Path]:
    """Yield a DATA_DIR that a test may damage, without data and without an engine."""
    settings.DATA_DIR, settings.ENGINE, settings.ENGINE_URL = tmp_path, True, None
    yield tmp_path
    stop_supervisor(tmp_path / FOLDER)


@pytest.fixture
def own(data_dir: Path) -> EmbeddedClient:
    return EmbeddedClient(data_dir / FOLDER)
