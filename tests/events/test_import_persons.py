"""`manage.py import_persons`: the persons that distinct ids belong to, and their properties."""

from pathlib import Path
from typing import Any

from engine.interface import EngineClient
from events.models import PropertyDefinition
from events.readers import read_data_version, read_property_types
from tests.events.import_files import make_event, read_rows, run_command, write_lines, write_parquet
from users.models import Project

ANN = "0190b0c5-5a4c-7a33-9d4e-000000000001"
BEN = "0190b0c5-5a4c-7a33-9d4e-000000000002"
SELECT_PERSONS = "SELECT person_id, properties, created_at FROM persons ORDER BY person_id"
SELECT_IDS = "SELECT distinct_id, person_id FROM person_distinct_ids ORDER BY distinct_id"


def make_row(distinct_id: str, person_id: str = ANN, **values: Any) -> dict[str, Any]:
    return {"distinct_id": distinct_id, "person_id": person_id, "created_at": "2026-11-01T00:00:00Z", **values}


def test_persons_and_their_distinct_ids_are_imported(store: EngineClient, home: Project, tmp_path: Path) -> None:
    rows = [
        make_row("a1", properties={"plan": "free", "age": 30}),
        make_row("a2", properties={"plan": "paid", "age": 31}),
        make_row("b1", BEN),
    ]
    path = write_lines(tmp_path / "persons.jsonl", rows)
    printed = run_command("import_persons", path, "--project", home.pk)
    assert printed.out.startswith(f"{path}: 3 persons\n")
    assert read_rows(store, SELECT_IDS) == [["a1", ANN], ["a2", ANN], ["b1", BEN]]
    moment = "2026-11-01T00:00:00.000000Z"
    assert read_rows(store, SELECT_PERSONS) == [[ANN, '{"plan":"paid","age":31}', moment], [BEN, "{}", moment]]
    assert read_property_types(home.pk).person == {"age": "Numeric", "plan": "String"}
    assert PropertyDefinition.objects.get(name="age").last_seen_at
    assert read_data_version(home.pk) > 0


def test_person_without_a_time_is_stored_with_an_unknown_one(
    store: EngineClient, home: Project, tmp_path: Path
) -> None:
    path = write_lines(tmp_path / "persons.jsonl", [{"distinct_id": "a1", "person_id": ANN}])
    run_command("import_persons", path, "--project", home.pk)
    assert read_rows(store, SELECT_PERSONS) == [[ANN, "{}", "1970-01-01T00:00:00.000000Z"]]


def test_later_import_replaces_persons(store: EngineClient, home: Project, away: Project, tmp_path: Path) -> None:
    first = write_lines(tmp_path / "1.jsonl", [make_row("a1", properties={"n": 1}), make_row("b1", BEN)])
    merged = write_lines(tmp_path / "2.jsonl", [make_row("b1", properties={"n": 2})])
    for path in (first, first, merged):
        run_command("import_persons", path, "--project", home.pk)
    run_command("import_persons", first, "--project", away.pk)
    of_home = f"WHERE project_id = {home.pk} ORDER BY 1"
    assert read_rows(store, f"SELECT distinct_id, person_id FROM person_distinct_ids {of_home}") == [
        ["a1", ANN],
        ["b1", ANN],
    ]
    assert read_rows(store, f"SELECT person_id, properties FROM persons {of_home}") == [[ANN, '{"n":2}'], [BEN, "{}"]]


def test_columns_of_a_batch_export_are_recognised(store: EngineClient, home: Project, shared_data_dir: Path) -> None:
    select = (
        f"SELECT 1 AS team_id, 'a1' AS distinct_id, '{ANN}' AS person_id, '{{\"n\": 1}}' AS properties,"
        " 3 AS person_version, false AS is_deleted, toDateTime64('2026-11-01', 6, 'UTC') AS created_at"
    )
    path = write_parquet(store, shared_data_dir, "persons.parquet", select)
    printed = run_command("import_persons", path, "--project", home.pk)
    assert printed.out.startswith(f"{path}: 1 person; unused columns: team_id, person_version, is_deleted\n")
    assert read_rows(store, SELECT_PERSONS) == [[ANN, '{"n": 1}', "2026-11-01T00:00:00.000000Z"]]


def test_bad_row_keeps_its_file_out(store: EngineClient, home: Project, tmp_path: Path) -> None:
    rows = [make_row("a1"), make_row("a2", ""), make_row("a3", "x"), make_row("a4", properties=[1])]
    path = write_lines(tmp_path / "persons.jsonl", rows)
    printed = run_command("import_persons", path, "--project", home.pk)
    assert printed.err.splitlines()[:3] == [
        f"{path}:2: person_id is missing.",
        f"{path}:3: person_id is not a UUID.",
        f"{path}:4: properties is not a JSON object.",
    ]
    assert (read_rows(store, SELECT_PERSONS), read_rows(store, SELECT_IDS)) == ([], [])
    run_command("import_persons", path, "--project", home.pk, "--skip-bad")
    assert read_rows(store, SELECT_IDS) == [["a1", ANN]]


def test_events_are_those_of_the_imported_person(store: EngineClient, home: Project, tmp_path: Path) -> None:
    """Join the current person of an event, as the printer of HogQL does.

    The event itself has an earlier person or no person.
    """
    run_command("import_events", write_lines(tmp_path / "e.jsonl", [make_event(1)]), "--project", home.pk)
    run_command("import_persons", write_lines(tmp_path / "p.jsonl", [make_row("user1")]), "--project", home.pk)
    joined = (
        "SELECT ifNull(d.person_id, e.person_id) FROM events AS e"
        " LEFT ANY JOIN person_distinct_ids AS d ON e.distinct_id = d.distinct_id"
    )
    assert read_rows(store, joined) == [[ANN]]
