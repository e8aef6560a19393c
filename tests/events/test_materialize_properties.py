"""`manage.py materialize_properties`, which adds columns for properties to the store and drops such columns."""

from pathlib import Path

import pytest

from engine.interface import EngineClient
from engine.materialized_columns import MAX_MATERIALIZED_COLUMNS, read_materialized_columns
from engine.schema import TABLES
from tests.events.import_files import list_tables, make_event, read_rows, run_command, write_lines
from users.models import Project

VALUES = "SELECT distinct_id, `mat_number` FROM events ORDER BY distinct_id"


@pytest.fixture
def filled(store: EngineClient, home: Project, tmp_path: Path) -> EngineClient:
    file = write_lines(tmp_path / "events.jsonl", [make_event(1), make_event(2, properties={"number": "two"})])
    assert run_command("import_events", file, "--project", home.pk).error == ""
    return store


def test_property_becomes_a_column_of_earlier_and_later_events(
    filled: EngineClient, home: Project, tmp_path: Path
) -> None:
    printed = run_command("materialize_properties", "number", "number", "other")
    assert printed.error == ""
    first, *columns = printed.out.splitlines()
    assert first.startswith("Stored 2 properties in ")
    assert [line.split("\t")[0] for line in columns] == ["number", "other"]
    assert read_rows(filled, VALUES) == [["user1", "1"], ["user2", "two"]]
    more = write_lines(tmp_path / "more.jsonl", [make_event(3, properties={"number": None})])
    assert run_command("import_events", more, "--project", home.pk).error == ""
    assert read_rows(filled, VALUES) == [["user1", "1"], ["user2", "two"], ["user3", None]]
    again = run_command("materialize_properties", "number")
    assert again.error == ""
    assert list(read_materialized_columns(filled)) == ["number", "other"]


def test_columns_are_listed_and_dropped(filled: EngineClient) -> None:
    assert run_command("materialize_properties").out == "There are no materialized columns.\n"
    run_command("materialize_properties", "number", "other")
    assert run_command("materialize_properties").out.splitlines() == ["number\t0.0 MB", "other\t0.0 MB"]
    dropped = run_command("materialize_properties", "--drop", "number").out.splitlines()
    assert dropped[0].startswith("Dropped 1 property in ")
    assert dropped[1:] == ["other\t0.0 MB"]
    assert read_materialized_columns(filled) == {"other": "mat_other"}


@pytest.mark.parametrize("name", ["", "a`b", "a{b", "a}b", "a\\b", "a\nb", "x" * 201])
def test_name_that_cannot_be_quoted_is_refused(filled: EngineClient, name: str) -> None:
    printed = run_command("materialize_properties", "number", name)
    assert f"{name!r} cannot become a column" in printed.error
    assert read_materialized_columns(filled) == {}


def test_number_of_columns_is_limited(filled: EngineClient) -> None:
    names = [f"p{number}" for number in range(MAX_MATERIALIZED_COLUMNS)]
    assert run_command("materialize_properties", *names).error == ""
    printed = run_command("materialize_properties", "p0", "more")
    assert printed.error.startswith(f"A store can have at most {MAX_MATERIALIZED_COLUMNS} materialized columns")
    assert list(read_materialized_columns(filled)) == names


def test_property_without_a_column_cannot_be_dropped(filled: EngineClient) -> None:
    printed = run_command("materialize_properties", "--drop", "number")
    assert printed.error == "number: there is no materialized column of this name."
    assert run_command("materialize_properties", "--drop").error == "--drop requires the names of properties."


def test_columns_are_part_of_the_only_table_of_events(filled: EngineClient) -> None:
    run_command("materialize_properties", "a.b", "a")
    assert list(read_materialized_columns(filled)) == ["a.b", "a"]
    assert list_tables(filled) == set(TABLES)
    [[settings]] = read_rows(
        filled, "SELECT engine_full FROM system.tables WHERE database = currentDatabase() AND name = 'events'"
    )
    assert "fsync_after_insert = 1" in settings


def test_view_is_refused(filled: EngineClient) -> None:
    filled.execute("RENAME TABLE events TO stored")
    filled.execute("CREATE VIEW events AS SELECT * FROM stored")
    printed = run_command("materialize_properties", "number")
    assert printed.error == "events has the table engine View and cannot be copied. Add the columns on the server."
    assert list_tables(filled) == {*TABLES, "stored"}


def test_without_data_it_is_one_line(data_dir: Path) -> None:
    printed = run_command("materialize_properties", "number")
    assert printed.error == "No events have been imported yet. Import events with `manage.py import_events`."
