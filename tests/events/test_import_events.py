"""`manage.py import_events`: the import of valid files."""

from pathlib import Path

import pytest

from engine.interface import EngineClient
from engine.schema import TABLES
from events.models import EventDefinition, PropertyDefinition
from events.readers import read_data_version, read_property_types
from events.services.store import open_store
from tests.events.import_files import list_tables, make_event, read_rows, run_command, write_lines, write_parquet
from users.models import Project

SELECT_EVENTS = "SELECT event, distinct_id, timestamp, properties FROM events ORDER BY timestamp"
PERSON = "0190b0c5-5a4c-7a33-9d4e-1f2a3b4c5d6e"
UUID = "0190b0c5-5a4c-7a33-9d4e-1f2a3b4c5d6f"
COMPLETE = make_event(
    uuid=UUID,
    person_id=PERSON,
    timestamp="2026-11-01T14:00:00.123456+02:00",
    created_at="2026-11-02 00:00:00",
    properties={"text": "日本 \"x\" 🎈", "price": 1.5},
    person_properties={"plan": "free"},
)  # fmt: skip
COLUMNS = "uuid, person_id, timestamp, created_at, properties, person_properties"
COMPLETE_ROW = [
    UUID,
    PERSON,
    "2026-11-01T12:00:00.123456Z",
    "2026-11-02T00:00:00.000000Z",
    '{"text":"日本 \\"x\\" 🎈","price":1.5}',
    '{"plan":"free"}',
]


@pytest.mark.parametrize("name", ["events.jsonl", "events.ndjson.gz", "a.b.jsonl.zst"])
def test_lines_of_json_are_imported(store: EngineClient, home: Project, tmp_path: Path, name: str) -> None:
    path = write_lines(tmp_path / name, [make_event(1), "", make_event(2, properties=...)])
    content = path.read_bytes()
    printed = run_command("import_events", path, "--project", home.pk)
    assert printed.out.startswith(f"{path}: 2 events\nImported 2 events from 1 file into project {home.pk}, Home, in ")
    assert (printed.err, printed.error) == ("", "")
    assert read_rows(store, SELECT_EVENTS) == [
        ["signed up", "user1", "2026-11-01T12:30:00.250000Z", '{"number":1}'],
        ["signed up", "user2", "2026-11-02T12:30:00.250000Z", "{}"],
    ]
    assert read_rows(store, "SELECT DISTINCT project_id FROM events") == [[home.pk]]
    assert path.read_bytes() == content


def test_all_columns_are_stored(store: EngineClient, home: Project, tmp_path: Path) -> None:
    run_command("import_events", write_lines(tmp_path / "a.jsonl", [COMPLETE]), "--project", home.pk)
    assert read_rows(store, f"SELECT {COLUMNS} FROM events") == [COMPLETE_ROW]


def test_properties_may_be_a_text_of_json(store: EngineClient, home: Project, tmp_path: Path) -> None:
    event = make_event(properties='{"a": [1, null]}', person_properties=None)
    run_command("import_events", write_lines(tmp_path / "a.jsonl", [event]), "--project", home.pk)
    assert read_rows(store, "SELECT properties, person_properties FROM events") == [['{"a": [1, null]}', "{}"]]


def test_csv_is_imported_and_unused_columns_are_named(store: EngineClient, home: Project, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "elements,event,timestamp,distinct_id,properties,team_id\n"
        'x,"two\nlines",2026-11-01T00:00:00Z,u1,"{""a"": ""b,c""}",7\n'
        "\n"
        "x,signed up,2026-11-02,u2,,7\n"
    )
    printed = run_command("import_events", tmp_path / "a.csv", "--project", home.pk)
    assert printed.out.startswith(f"{tmp_path}/a.csv: 2 events; unused columns: elements, team_id\n")
    assert read_rows(store, SELECT_EVENTS) == [
        ["two\nlines", "u1", "2026-11-01T00:00:00.000000Z", '{"a": "b,c"}'],
        ["signed up", "u2", "2026-11-02T00:00:00.000000Z", "{}"],
    ]


@pytest.mark.parametrize(
    "moment", ["toDateTime64('2026-11-01 12:00:00.123456', 6{zone})", "'2026-11-01T12:00:00.123456Z'"]
)
@pytest.mark.parametrize("zone", ["", ", 'UTC'", ", 'Asia/Kolkata'"])
def test_parquet_of_a_batch_export_is_imported(
    store: EngineClient, home: Project, shared_data_dir: Path, moment: str, zone: str
) -> None:
    select = (
        f"SELECT '{UUID}' AS uuid, 'e' AS event, 'u1' AS distinct_id, toNullable('{PERSON}') AS person_id,"
        f" {moment.format(zone=zone)} AS timestamp, CAST(NULL, 'Nullable(String)') AS person_properties,"
        " '{\"a\": 1}' AS properties, [1] AS elements"
    )
    path = write_parquet(store, shared_data_dir, "export.parquet", select)
    printed = run_command("import_events", path, "--project", home.pk)
    assert printed.out.startswith(f"{path}: 1 event; unused columns: elements\n")
    expected = "2026-11-01T06:30:00.123456Z" if "Kolkata" in moment.format(zone=zone) else "2026-11-01T12:00:00.123456Z"
    assert read_rows(store, "SELECT uuid, person_id, timestamp, properties, person_properties FROM events") == [
        [UUID, PERSON, expected, '{"a": 1}', "{}"]
    ]


def test_importing_again_changes_nothing(store: EngineClient, home: Project, away: Project, tmp_path: Path) -> None:
    lines = write_lines(tmp_path / "a.jsonl", [make_event(1), make_event(1, properties={"number": 2}), COMPLETE])
    run_command("import_events", lines, "--project", home.pk)
    before = read_rows(store, "SELECT uuid, person_id FROM events ORDER BY uuid")
    run_command("import_events", lines, lines, "--project", home.pk)
    assert read_rows(store, "SELECT uuid, person_id FROM events ORDER BY uuid") == before
    assert len({uuid for uuid, _ in before}) == 3
    assert {person for _, person in before if person != PERSON} == {before[0][1], before[1][1]} - {PERSON}
    run_command("import_events", lines, "--project", away.pk)
    others = read_rows(store, f"SELECT uuid, person_id FROM events WHERE project_id = {away.pk}")
    assert {uuid for uuid, _ in others} & {uuid for uuid, _ in before} == {UUID}
    assert {person for _, person in others} & {person for _, person in before} == {PERSON}


def test_definitions_are_those_of_the_events(store: EngineClient, home: Project, tmp_path: Path) -> None:
    values = [
        {"amount": 1, "is_paid": True, "at": "2026-01-01T00:00:00Z", "plan": "free", "mixed": 1, "none": None},
        {"amount": 2.5, "is_paid": "false", "at": "2026-01-01", "plan": "1", "mixed": "x", "list": [1]},
        {"amount": "3", "at": "soon", "mixed": "y", "": 1, "null\0": 1, "x" * 401: 1},
    ]
    events = [
        make_event(number, event=f"e{number % 2}", properties=found, person_properties={"age": 3})
        for number, found in enumerate(values, start=1)
    ]
    run_command("import_events", write_lines(tmp_path / "a.jsonl", events), "--project", home.pk)
    types = read_property_types(home.pk)
    assert types.event == {
        "amount": "Numeric",
        "at": "DateTime",
        "is_paid": "Boolean",
        "list": "String",
        "mixed": "String",
        "none": "String",
        "plan": "String",
    }
    assert types.person == {"age": "Numeric"}
    seen = EventDefinition.objects.filter(project=home).order_by("name").values_list("name", "last_seen_at")
    assert [(name, moment.isoformat()) for name, moment in seen if moment] == [
        ("e0", "2026-11-02T12:30:00.250000+00:00"),
        ("e1", "2026-11-03T12:30:00.250000+00:00"),
    ]
    amount = PropertyDefinition.objects.get(project=home, owner="event", name="amount")
    assert (amount.numeric_count, amount.string_count) == (2, 1)
    assert amount.last_seen_at
    assert amount.last_seen_at.isoformat() == "2026-11-03T12:30:00.250000+00:00"


def test_rare_property_of_a_large_file_has_its_type(store: EngineClient, home: Project, tmp_path: Path) -> None:
    """The types of the properties in a large file are determined from a sample."""
    lines = [make_event(number % 28 + 1, properties={"n": number}) for number in range(25_000)]
    lines[7]["properties"] = {"rare": True}
    run_command("import_events", write_lines(tmp_path / "a.jsonl", lines), "--project", home.pk)
    assert read_property_types(home.pk).event == {"n": "Numeric", "rare": "Boolean"}
    assert PropertyDefinition.objects.get(name="n").numeric_count == 25_000
    assert PropertyDefinition.objects.get(name="rare").boolean_count == 1


def test_data_version_rises_with_each_import(store: EngineClient, home: Project, away: Project, tmp_path: Path) -> None:
    path = write_lines(tmp_path / "a.jsonl", [make_event()])
    versions = [read_data_version(home.pk)]
    for _ in range(2):
        run_command("import_events", path, "--project", home.pk)
        versions.append(read_data_version(home.pk))
    assert versions[0] < versions[1] < versions[2]
    assert read_data_version(away.pk) == 0


def test_events_of_many_months_are_imported(store: EngineClient, home: Project, tmp_path: Path) -> None:
    events = [make_event(timestamp=f"{year}-01-01T00:00:00Z") for year in range(1970, 2100)]
    run_command("import_events", write_lines(tmp_path / "a.jsonl", events), "--project", home.pk)
    assert read_rows(store, "SELECT count(), min(timestamp), max(timestamp) FROM events") == [
        [130, "1970-01-01T00:00:00.000000Z", "2099-01-01T00:00:00.000000Z"]
    ]


def test_first_import_creates_the_store(data_dir: Path, home: Project, tmp_path: Path) -> None:
    path = write_lines(tmp_path / "a.jsonl", [make_event()])
    assert run_command("import_events", path, "--project", home.pk).error == ""
    client = open_store()
    assert list_tables(client) == set(TABLES)
    assert read_rows(client, "SELECT count() FROM events") == [[1]]
