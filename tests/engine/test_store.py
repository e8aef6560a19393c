"""The tables of the store, writes to them, and the id that ties a store to a database."""

import gzip
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from engine.embedded_client import EmbeddedClient
from engine.errors import EngineError, EngineUnavailable
from engine.interface import FileImport
from engine.schema import TABLES, build_create_statements
from engine.store import check_store, create_store, read_store_id

EVENTS = (
    "project_id",
    "uuid",
    "event",
    "distinct_id",
    "person_id",
    "timestamp",
    "created_at",
    "properties",
    "person_properties",
)
STORE_ID = uuid.UUID("0190b0c5-5a4c-7a33-9d4e-1f2a3b4c5d6e")
NOON = datetime(2026, 11, 29, 12, 0, 0, 123456, UTC)


def make_event(number: int, *, event: str = "page viewed", properties: str | None = None) -> list[Any]:
    properties = properties or f'{{"number": {number}}}'
    return [1, uuid.UUID(int=number), event, f"user{number % 7}", uuid.UUID(int=0), NOON, NOON, properties, "{}"]


@pytest.fixture
def store(shared: EmbeddedClient) -> EmbeddedClient:
    """Return a shared engine with empty tables."""
    create_store(shared, STORE_ID)
    shared.execute("TRUNCATE TABLE events")
    return shared


def test_new_store_has_the_tables_and_an_id_that_stays(own: EmbeddedClient) -> None:
    assert read_store_id(own) is None
    check_store(own, None)
    for _ in range(2):
        create_store(own, STORE_ID)
        assert read_store_id(own) == STORE_ID
        check_store(own, STORE_ID)
    assert {name for [name] in own.execute("SHOW TABLES").rows} == set(TABLES)


def test_store_whose_creation_was_cut_off_is_completed(own: EmbeddedClient) -> None:
    for statement in build_create_statements(durable=True)[1:]:
        own.execute(statement)
    create_store(own, STORE_ID)
    check_store(own, STORE_ID)
    assert own.read("SELECT count() FROM events").rows == [[0]]


def test_second_installation_on_a_store_is_refused(store: EmbeddedClient) -> None:
    with pytest.raises(EngineUnavailable, match="belongs to another database"):
        create_store(store, uuid.uuid4())
    check_store(store, STORE_ID)


def test_store_of_another_database_is_refused(store: EmbeddedClient) -> None:
    with pytest.raises(EngineUnavailable, match="belongs to another database"):
        check_store(store, uuid.uuid4())
    with pytest.raises(EngineUnavailable, match=r"belongs to another database\. Use an empty store"):
        check_store(store, None)


def test_empty_store_beside_a_database_that_has_one_is_refused(own: EmbeddedClient) -> None:
    with pytest.raises(EngineUnavailable, match="is empty, but the database refers to a store"):
        check_store(own, uuid.uuid4())


def test_rows_are_inserted_as_they_are(store: EmbeddedClient) -> None:
    text = '{"quote": "it\'s \\"x\\"", "tab": "\\t", "text": "日本 🎈", "number": 1e300, "null": null}'
    assert store.insert_rows("events", EVENTS, [make_event(1, properties=text)]) == 1
    [row] = store.read("SELECT uuid, timestamp, properties FROM events").rows
    assert row == [str(uuid.UUID(int=1)), "2026-11-29T12:00:00.123456Z", text]


def test_event_that_is_inserted_again_counts_once(store: EmbeddedClient) -> None:
    for _ in range(3):
        store.insert_rows("events", EVENTS, [make_event(1), make_event(2)])
    assert store.read("SELECT count() FROM events").rows == [[2]]


def test_latest_version_of_a_person_counts(store: EmbeddedClient) -> None:
    for version, text in ((2, "new"), (1, "old")):
        row = [1, uuid.UUID(int=5), text, NOON, version]
        store.insert_rows("persons", ["project_id", "person_id", "properties", "created_at", "version"], [row])
    assert store.read("SELECT properties FROM persons").rows == [["new"]]


def test_one_bad_row_keeps_all_out(store: EmbeddedClient) -> None:
    bad = make_event(2)
    bad[5] = "no moment"
    with pytest.raises(EngineError, match="row 2"):
        store.insert_rows("events", EVENTS, [make_event(1), bad, make_event(3)])
    assert store.read("SELECT count() FROM events").rows == [[0]]
    assert store.insert_rows("events", EVENTS, []) == 0


def write_files(folder: Path) -> list[tuple[Path, str]]:
    lines = "".join(f'{{"event": "e{number}", "at": "2026-01-0{number}T00:00:00Z"}}\n' for number in (1, 2))
    (folder / "plain file's.jsonl").write_text(lines)
    (folder / "packed.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    (folder / "table.csv").write_text("event,at\ne1,2026-01-01T00:00:00Z\ne2,2026-01-02T00:00:00Z\n")
    return [
        (folder / "plain file's.jsonl", "JSONEachRow"),
        (folder / "packed.jsonl.gz", "JSONEachRow"),
        (folder / "table.csv", "CSVWithNames"),
    ]


def build_import(path: Path, name: str) -> FileImport:
    select = {"project_id": "1", "uuid": "generateUUIDv4()", "event": "event", "timestamp": "at", "properties": "''"}
    return FileImport(path, name, "event String, at DateTime64(6, 'UTC'), missing Nullable(String)", select)


def test_files_are_inserted_and_left_alone(store: EmbeddedClient, tmp_path: Path) -> None:
    for path, name in write_files(tmp_path):
        content = path.read_bytes()
        store.insert_file("events", build_import(path, name))
        rows = store.read("SELECT event, timestamp FROM events ORDER BY event").rows
        assert rows == [["e1", "2026-01-01T00:00:00.000000Z"], ["e2", "2026-01-02T00:00:00.000000Z"]]
        assert path.read_bytes() == content
        assert list((store.folder / "incoming").glob("*.jsonl*")) == []
        store.execute("TRUNCATE TABLE events")


def test_parquet_file_is_inserted(store: EmbeddedClient) -> None:
    path = store.folder / "tmp" / "events.parquet"
    select = "SELECT 'e1' AS event, toDateTime64('2026-01-01 00:00:00', 6, 'UTC') AS at"
    store.execute(f"{select} INTO OUTFILE '{path}' TRUNCATE FORMAT Parquet")
    store.insert_file("events", build_import(path, "Parquet"))
    assert store.read("SELECT event, timestamp FROM events").rows == [["e1", "2026-01-01T00:00:00.000000Z"]]


def test_columns_of_a_file_are_described(store: EmbeddedClient, tmp_path: Path) -> None:
    for path, name in write_files(tmp_path):
        columns = store.describe_file(path, name)
        assert list(columns) == ["event", "at"]
        assert "String" in columns["event"]
        assert "DateTime" in columns["at"]


def test_events_of_many_months_are_inserted_at_once(store: EmbeddedClient) -> None:
    rows = [make_event(number) for number in range(150)]
    for number, row in enumerate(rows):
        row[5] = datetime(2000 + number // 12, number % 12 + 1, 1, tzinfo=UTC)
    assert store.insert_rows("events", EVENTS, rows) == 150
    assert store.read("SELECT count() FROM events").rows == [[150]]


def test_file_that_ends_early_is_no_damage_of_the_store(store: EmbeddedClient, tmp_path: Path) -> None:
    (tmp_path / "cut.jsonl").write_text('{"event": "e1", "at": "2026-01-01T00:00:00Z"}\n{"event": "e2", "a')
    with pytest.raises(EngineError) as raised:
        store.insert_file("events", build_import(tmp_path / "cut.jsonl", "JSONEachRow"))
    assert not isinstance(raised.value, EngineUnavailable)
