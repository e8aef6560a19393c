"""`manage.py import_events` with bad files. Without --skip-bad, a file with a bad row is not imported."""

from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from engine.files import FOLDER
from engine.interface import EngineClient
from engine.schema import TABLES
from events.models import EventDefinition, PropertyDefinition, Store
from events.readers import read_data_version
from events.services import definitions
from tests.events.import_files import (
    list_tables,
    make_event,
    read_rows,
    run_command,
    write_lines,
    write_parquet,
)
from users.models import Project

COUNT = "SELECT count() FROM events"
BAD_ROWS: list[tuple[Any, str]] = [
    (make_event(event=...), "event is missing"),
    (make_event(event=None), "event is missing"),
    (make_event(event="x" * 401), "event is longer than 400 characters"),
    (make_event(event="a\0b"), "event contains a null character"),
    (make_event(distinct_id=""), "distinct_id is missing"),
    (make_event(timestamp=...), "timestamp is missing"),
    *(
        (make_event(timestamp=moment), "timestamp is not a time between 1970 and 2099, such as 2026-11-30T09:15:00Z")
        for moment in (
            "yesterday",
            "12",
            1700000000,
            "2026-02-30",
            "2026-01-01T25:00:00Z",
            "1969-12-31T23:59:59Z",
            "2100-01-01T00:00:00Z",
            "2026-01-01T00:00:00Z; x",
            "0001-01-01",
        )
    ),
    (make_event(created_at="x"), "created_at is not a time between 1970 and 2099, such as 2026-11-30T09:15:00Z"),
    (make_event(uuid="5"), "uuid is not a UUID"),
    (make_event(person_id="5"), "person_id is not a UUID"),
    (make_event(properties=[1]), "properties is not a JSON object"),
    (make_event(properties='{"a": '), "properties is not a JSON object"),
    (make_event(person_properties="x"), "person_properties is not a JSON object"),
    ('{"event": "a"', "not a JSON object"),
    ("[1]", "not a JSON object"),
    ("signed up", "not a JSON object"),
    ('{"event": "a\udcff", "distinct_id": "u", "timestamp": "2026-01-01"}', "not a JSON object"),
]


@pytest.mark.parametrize(("row", "problem"), BAD_ROWS)
def test_bad_row_keeps_its_file_out(store: EngineClient, home: Project, tmp_path: Path, row: Any, problem: str) -> None:
    path = write_lines(tmp_path / "a.jsonl", [make_event(1), "", row, make_event(2)])
    printed = run_command("import_events", path, "--project", home.pk)
    assert printed.err == f"{path}:3: {problem}.\n{path}: no row of this file was imported.\n"
    assert printed.error == "1 file could not be imported."
    assert read_rows(store, COUNT) == [[0]]
    assert list_tables(store) == set(TABLES)
    assert not EventDefinition.objects.exists()
    assert not PropertyDefinition.objects.exists()
    assert read_data_version(home.pk) == 0


def test_bad_rows_are_skipped_if_that_is_wanted(store: EngineClient, home: Project, tmp_path: Path) -> None:
    rows = [make_event(1), *(row for row, _ in BAD_ROWS), make_event(2)]
    path = write_lines(tmp_path / "a.jsonl", rows)
    printed = run_command("import_events", path, "--project", home.pk, "--skip-bad")
    assert printed.error == ""
    assert f"{path}: 2 events, {len(BAD_ROWS)} bad rows skipped\n" in printed.out
    lines = printed.err.splitlines()
    assert lines[:-1] == [f"{path}:{number}: {problem}." for number, (_, problem) in enumerate(BAD_ROWS[:10], start=2)]
    assert lines[-1] == f"{path}: {len(BAD_ROWS) - 10} more bad rows."
    assert read_rows(store, COUNT) == [[2]]
    assert list(EventDefinition.objects.values_list("name", flat=True)) == ["signed up"]


def test_lines_of_csv_are_counted_as_an_editor_does(store: EngineClient, home: Project, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        'event,timestamp,distinct_id\n"two\nlines",2026-01-01,u1\n\n"three\n\nlines",soon,u1\nx,2026-01-01,\n'
    )
    printed = run_command("import_events", tmp_path / "a.csv", "--project", home.pk)
    assert [line.partition(": ")[0] for line in printed.err.splitlines()] == [
        f"{tmp_path}/a.csv:5",
        f"{tmp_path}/a.csv:8",
        f"{tmp_path}/a.csv",
    ]
    assert read_rows(store, COUNT) == [[0]]


def test_rows_of_parquet_have_a_number(
    store: EngineClient, home: Project, shared_data_dir: Path, tmp_path: Path
) -> None:
    select = (
        "SELECT if(number IN (1234, 250000), '', 'e') AS event, 'u' AS distinct_id, '2026-01-01' AS timestamp"
        " FROM numbers(300000)"
    )
    path = write_parquet(store, shared_data_dir, "bad.parquet", select)
    printed = run_command("import_events", path, "--project", home.pk)
    assert printed.err.splitlines()[:2] == [
        f"{path}, row 1235: event is missing.",
        f"{path}, row 250001: event is missing.",
    ]
    assert read_rows(store, COUNT) == [[0]]


def test_text_that_is_not_utf8_is_refused(store: EngineClient, home: Project, shared_data_dir: Path) -> None:
    select = "SELECT 'e' AS event, unhex('ff') AS distinct_id, '2026-01-01' AS timestamp"
    path = write_parquet(store, shared_data_dir, "bytes.parquet", select)
    assert f"{path}, row 1: distinct_id is not UTF-8." in run_command("import_events", path, "--project", home.pk).err


def test_good_files_beside_a_bad_one_are_kept(store: EngineClient, home: Project, tmp_path: Path) -> None:
    files = [
        write_lines(tmp_path / "1.jsonl", [make_event(1)]),
        write_lines(tmp_path / "2.jsonl", [make_event(2), {}]),
        tmp_path / "missing.jsonl",
        write_lines(tmp_path / "3.jsonl", [make_event(3)]),
    ]
    printed = run_command("import_events", *files, "--project", home.pk)
    assert printed.error == "2 files could not be imported."
    assert f"{tmp_path}/missing.jsonl: No such file or directory." in printed.err
    assert read_rows(store, "SELECT distinct_id FROM events ORDER BY 1") == [["user1"], ["user3"]]


def test_files_that_cannot_be_read_are_one_line(store: EngineClient, home: Project, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    (tmp_path / "a.parquet").write_text("no parquet")
    (tmp_path / "a.jsonl.gz").write_text("no gzip")
    (tmp_path / "a.jsonl.zst").write_text("no zstd")
    (tmp_path / "a.parquet.gz").write_text("x")
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "a.csv").write_text("event,time\na,b\n")
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "latin.csv").write_bytes("event,distinct_id,timestamp\ncaf\xe9,1,2026-01-01\n".encode("latin-1"))
    files = sorted(tmp_path.iterdir())
    printed = run_command("import_events", *files, "--project", home.pk)
    lines = [line for line in printed.err.splitlines() if "no row of this file" not in line]
    assert [line[: line.index(": ")] for line in lines] == [
        str(path) if path.name != "latin.csv" else f"{path}:2" for path in files
    ]
    assert f"{tmp_path}/a.csv: there is no column distinct_id or timestamp. The file has: event, time." in lines
    assert f"{tmp_path}/latin.csv:2: event is not UTF-8." in lines
    assert "must end" not in printed.err
    assert read_rows(store, COUNT) == [[0]]


def test_empty_file_has_no_events(store: EngineClient, home: Project, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("")
    printed = run_command("import_events", tmp_path / "a.jsonl", "--project", home.pk)
    assert printed.error == ""
    assert "a.jsonl: 0 events\n" in printed.out


def test_unknown_project_is_one_line_and_nothing_is_created(data_dir: Path) -> None:
    printed = run_command("import_events", data_dir / "a.jsonl", "--project", 4711)
    assert printed.error == "There is no project 4711."
    assert not (data_dir / FOLDER).exists()
    assert not Store.objects.exists()


def test_engine_that_is_off_is_one_line(data_dir: Path, home: Project, settings: Settings, tmp_path: Path) -> None:
    settings.ENGINE = False
    path = write_lines(tmp_path / "a.jsonl", [make_event()])
    assert run_command("import_events", path, "--project", home.pk).error == "The engine is turned off: ENGINE=off."


def test_definitions_are_bounded(
    store: EngineClient, home: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(definitions, "MAX_DEFINITIONS", 3)
    events = [make_event(number, event=f"e{number}", properties={f"p{number}": 1, "all": 1}) for number in range(1, 6)]
    first = write_lines(tmp_path / "1.jsonl", [*events, make_event(6, event="e5")])
    printed = run_command("import_events", first, "--project", home.pk)
    assert "2 names of events have no definition" in printed.err
    assert "4 names of properties have no definition" in printed.err
    assert list(EventDefinition.objects.order_by("name").values_list("name", flat=True)) == ["e1", "e2", "e5"]
    assert list(PropertyDefinition.objects.order_by("name").values_list("name", flat=True)) == ["all", "number", "p1"]
    assert read_rows(store, COUNT) == [[6]]
