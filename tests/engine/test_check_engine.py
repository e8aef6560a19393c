"""`manage.py check_engine`, and the choice of the engine by settings."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django import Settings

from dashboards_api.environment import parse_engine_url
from engine.client import find_folder, get_client
from engine.embedded_client import EmbeddedClient
from engine.errors import EngineUnavailable
from engine.files import STORE
from engine.server_client import ServerClient
from engine.store import create_store
from engine.supervision import stop_supervisor
from tests.engine.test_store import STORE_ID


@pytest.fixture
def data(tmp_path: Path, settings: Settings) -> Path:
    settings.DATA_DIR = tmp_path
    settings.ENGINE, settings.ENGINE_URL = True, None
    return tmp_path / "engine"


def check() -> str:
    output = StringIO()
    call_command("check_engine", stdout=output)
    return output.getvalue()


def test_without_data_nothing_is_started(data: Path) -> None:
    assert check() == f"no data: nothing was imported into {data} yet\n"
    assert not data.exists()
    assert find_folder() is None


def test_off_is_said_and_refuses_to_compute(data: Path, settings: Settings) -> None:
    settings.ENGINE = False
    (data / STORE).mkdir(parents=True)
    assert check() == "off (ENGINE=off)\n"
    assert find_folder() is None
    with pytest.raises(EngineUnavailable, match="ENGINE=off"):
        get_client()


def test_working_engine_is_one_line(folder: Path, own: EmbeddedClient, data: Path) -> None:
    assert folder == data
    create_store(own, STORE_ID)
    line = check()
    assert line.startswith("ok: embedded engine 26.")
    assert f"store {STORE_ID}, {data}, " in line
    assert line.endswith(" MB\n")
    assert find_folder() == data


def test_engine_that_does_not_start_is_one_line_and_a_failure(own: EmbeddedClient, data: Path) -> None:
    create_store(own, STORE_ID)
    stop_supervisor(data)
    next((data / STORE).rglob("events.sql")).write_text("ATTACH nonsense")
    output = StringIO()
    with pytest.raises(SystemExit) as raised:
        call_command("check_engine", stdout=output)
    assert raised.value.code == 1
    assert output.getvalue().startswith("unavailable: The engine does not start")
    assert output.getvalue().count("\n") == 1


def test_url_names_a_server(data: Path, settings: Settings) -> None:
    settings.ENGINE_URL = parse_engine_url("clickhouse://user:secret@127.0.0.1:1/db")
    client = get_client()
    assert isinstance(client, ServerClient)
    assert find_folder() is None
    output = StringIO()
    with pytest.raises(SystemExit):
        call_command("check_engine", stdout=output)
    assert output.getvalue() == "unavailable: The ClickHouse server 127.0.0.1:1/db does not respond.\n"
