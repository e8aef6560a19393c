"""`manage.py delete_events`, which deletes all data of one project and no data of other projects."""

from pathlib import Path

import pytest

from engine.files import FOLDER
from engine.interface import EngineClient
from engine.schema import TABLES
from events.models import EventDefinition, ImportedTable, PropertyDefinition
from events.readers import read_data_version
from queries.models import QueryResult
from tests.events.import_files import list_tables, make_event, read_rows, run_command, write_lines
from tests.events.test_import_persons import make_row
from tests.queries.rows import make_result
from users.models import Project

ROWS = "SELECT project_id, count() FROM {} GROUP BY project_id ORDER BY project_id"


@pytest.fixture
def filled(store: EngineClient, home: Project, away: Project, tmp_path: Path) -> EngineClient:
    """Return a store in which two projects have the same data."""
    (tmp_path / "orders.csv").write_text("id\n1\n")
    for project in (home, away):
        events = write_lines(tmp_path / "e.jsonl", [make_event(1), make_event(2)])
        run_command("import_events", events, "--project", project.pk)
        run_command("import_persons", write_lines(tmp_path / "p.jsonl", [make_row("user1")]), "--project", project.pk)
        run_command("import_table", "orders", tmp_path / "orders.csv", "--project", project.pk)
    return store


def test_data_of_one_project_is_deleted(filled: EngineClient, home: Project, away: Project) -> None:
    versions = read_data_version(home.pk), read_data_version(away.pk)
    for project in (home, away):
        make_result(project)
    printed = run_command("delete_events", "--project", home.pk, "--yes")
    assert printed.error == ""
    assert printed.out == (
        f"Deleted 2 events, 1 person, 1 distinct id and 1 imported table (orders) of project {home.pk}, Home,"
        " and the definitions of events and properties.\n"
    )
    for table, count in (("events", 2), ("persons", 1), ("person_distinct_ids", 1)):
        assert read_rows(filled, ROWS.format(table)) == [[away.pk, count]]
    assert list_tables(filled) == {*TABLES, ImportedTable.objects.get().physical_name}
    for model in (EventDefinition, PropertyDefinition, ImportedTable, QueryResult):
        assert set(model.objects.values_list("project", flat=True)) == {away.pk}
    assert read_data_version(home.pk) > versions[0]
    assert read_data_version(away.pk) == versions[1]
    again = run_command("delete_events", "--project", home.pk, "--yes")
    assert again.out.startswith("Deleted 0 events, 0 persons, 0 distinct ids and 0 imported tables of project")


def test_nothing_is_deleted_without_an_answer(filled: EngineClient, home: Project) -> None:
    printed = run_command("delete_events", "--project", home.pk)
    assert printed.error == (
        f"Delete 2 events, 1 person, 1 distinct id and 1 imported table (orders) of project {home.pk}, Home?"
        " Nothing was deleted, because a terminal is required. Use --yes."
    )
    assert read_rows(filled, ROWS.format("events"))[0] == [home.pk, 2]
    assert EventDefinition.objects.filter(project=home).exists()


def test_without_data_and_for_unknown_projects_it_is_one_line(data_dir: Path, home: Project) -> None:
    assert run_command("delete_events", "--project", 4711, "--yes").error == "There is no project 4711."
    printed = run_command("delete_events", "--project", home.pk, "--yes")
    assert printed.error == "No events have been imported yet. Import events with `manage.py import_events`."
    assert not (data_dir / FOLDER).exists()
