"""Creation and opening of the store. A lost store, or the store of another database, is an error."""

import shutil
from pathlib import Path
from uuid import uuid4

import pytest
from pytest_django import Settings

from dashboards_api.environment import parse_engine_url
from engine.embedded_client import EmbeddedClient
from engine.errors import EngineUnavailable
from engine.interface import EngineClient
from engine.schema import build_create_statements
from engine.store import create_store, read_store_id
from engine.supervision import stop_supervisor
from events.exceptions import NoData
from events.models import Store
from events.services.store import create_store_if_missing, open_store


def test_without_an_import_there_is_no_data_and_nothing_is_started(data_dir: Path) -> None:
    with pytest.raises(NoData) as raised:
        open_store()
    assert raised.value.code == "no_data"
    assert isinstance(raised.value, EngineUnavailable)
    assert list(data_dir.iterdir()) == []


def test_first_import_creates_the_store(engine: EngineClient) -> None:
    create_store_if_missing()
    row = Store.objects.get()
    assert (row.pk, row.is_confirmed) == (1, True)
    assert read_store_id(open_store()) == row.store_id
    create_store_if_missing()
    assert Store.objects.get().store_id == row.store_id


@pytest.mark.parametrize("statements", [0, 2, 4])
def test_interrupted_creation_is_completed(engine: EngineClient, statements: int) -> None:
    row = Store.objects.create(pk=1)
    for statement in build_create_statements(durable=True)[:statements]:
        engine.execute(statement)
    with pytest.raises(NoData):
        open_store()
    create_store_if_missing()
    assert read_store_id(open_store()) == row.store_id
    assert Store.objects.get().is_confirmed


def test_creation_that_was_not_confirmed_is_completed(engine: EngineClient) -> None:
    row = Store.objects.create(pk=1)
    create_store(engine, row.store_id)
    create_store_if_missing()
    assert read_store_id(open_store()) == row.store_id


def test_store_of_another_database_is_refused(engine: EngineClient) -> None:
    create_store(engine, uuid4())
    with pytest.raises(EngineUnavailable, match=r"belongs to another database\. Use an empty store"):
        create_store_if_missing()
    assert not Store.objects.exists()
    for is_confirmed in (False, True):
        Store.objects.update_or_create(pk=1, defaults={"is_confirmed": is_confirmed})
        with pytest.raises(EngineUnavailable, match=r"belongs to another database\. Its id is"):
            create_store_if_missing()
    with pytest.raises(EngineUnavailable, match=r"belongs to another database\. Its id is"):
        open_store()


def test_lost_store_is_never_made_anew(own: EmbeddedClient) -> None:
    create_store_if_missing()
    open_store()
    stop_supervisor(own.folder)
    shutil.rmtree(own.folder)
    for open_ in (open_store, create_store_if_missing):
        with pytest.raises(EngineUnavailable, match="is empty, but the database refers to a store") as raised:
            open_()
        assert raised.value.code == "engine_unavailable"
    assert read_store_id(own) is None


def test_engine_that_is_off_is_unavailable(data_dir: Path, settings: Settings) -> None:
    Store.objects.create(pk=1, is_confirmed=True)
    settings.ENGINE = False
    with pytest.raises(EngineUnavailable, match="ENGINE=off"):
        open_store()


def test_server_that_does_not_answer_is_unavailable(data_dir: Path, settings: Settings) -> None:
    Store.objects.create(pk=1, is_confirmed=True)
    settings.ENGINE_URL = parse_engine_url("clickhouse://user:secret@127.0.0.1:1/db")
    with pytest.raises(EngineUnavailable, match="does not respond"):
        open_store()
