"""`manage.py import_table`: a file becomes a table that HogQL reads by its name."""

import stat
from pathlib import Path

import pytest

from engine.client import get_folder
from engine.files import INCOMING
from engine.interface import EngineClient
from engine.schema import TABLES
from events.models import ImportedTable
from events.readers import read_data_version, read_tables
from events.services.column_types import convert_column
from events.services.staging import get_incoming_folder
from events.services.tables import BUILT_IN_NAMES
from queries.hogql.tables import BUILT_IN_TABLES, build_user_table
from queries.hogql.values import ValueType
from tests.events.import_files import list_tables, read_rows, run_command, write_lines, write_parquet
from users.models import Project

CSV = "id,amount,paid,day,at,note\n1,2.5,true,2026-11-01,2026-11-01T10:00:00+02:00,a\n2,,false,1970-01-01,,\n"
COLUMNS = {
    "id": "Nullable(Int64)",
    "amount": "Nullable(Float64)",
    "paid": "Nullable(Bool)",
    "day": "Nullable(Date)",
    "at": "Nullable(DateTime64(6, 'UTC'))",
    "note": "Nullable(String)",
}
ROWS: list[list[object]] = [
    [1, 2.5, True, "2026-11-01", "2026-11-01T08:00:00.000000Z", "a"],
    [2, None, False, "1970-01-01", None, None],
]


def read_table(client: EngineClient, project: Project, name: str = "orders") -> list[list[object]]:
    [physical] = [table.physical_name for table in read_tables(project.pk) if table.name == name]
    return read_rows(client, f"SELECT * EXCEPT project_id FROM {physical} WHERE project_id = {project.pk} ORDER BY 1")


@pytest.mark.parametrize("name", ["orders.csv", "orders.jsonl"])
def test_file_becomes_a_table(store: EngineClient, home: Project, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(CSV)
    if name.endswith(".jsonl"):
        write_lines(path, [{name: row[at] for at, name in enumerate(COLUMNS)} for row in ROWS])
    printed = run_command("import_table", "orders", path, "--project", home.pk)
    assert printed.out.startswith(f"Imported 2 rows into the table orders of project {home.pk}, Home, in ")
    assert printed.out.endswith(" seconds. Columns: id, amount, paid, day, at, note.\n")
    [table] = read_tables(home.pk)
    assert (table.name, table.columns) == ("orders", COLUMNS)
    assert read_table(store, home) == ROWS
    assert read_data_version(home.pk) > 0
    types = {name: column.type for name, column in build_user_table(*table).columns.items()}
    assert list(types.values()) == [
        ValueType.NUMBER,
        ValueType.NUMBER,
        ValueType.BOOLEAN,
        ValueType.DATE,
        ValueType.DATETIME,
        ValueType.TEXT,
    ]


def test_types_of_parquet_are_those_of_hogql(store: EngineClient, home: Project, shared_data_dir: Path) -> None:
    select = (
        "SELECT toUInt8(1) AS small, toInt64(-5) AS whole, toDecimal64(1.25, 2) AS price,"
        " toDate32('2149-06-06') AS day,"
        " toDateTime64('2026-11-01 10:00:00.123456789', 9, 'UTC') AS at, [1, 2] AS list,"
        " CAST('x', 'LowCardinality(Nullable(String))') AS text, CAST(NULL, 'Nullable(Int32)') AS none"
    )
    path = write_parquet(store, shared_data_dir, "types.parquet", select)
    assert run_command("import_table", "orders", path, "--project", home.pk).error == ""
    assert read_table(store, home) == [[1, -5, 1.25, "2149-06-06", "2026-11-01T10:00:00.123456Z", "[1,2]", "x", None]]


@pytest.mark.parametrize(
    ("kind", "stored"),
    [
        ("Nullable(UInt64)", "Nullable(Int64)"),
        ("LowCardinality(Nullable(String))", "Nullable(String)"),
        ("Decimal(18, 4)", "Nullable(Float64)"),
        ("Int128", "Nullable(Float64)"),
        ("Date", "Nullable(Date)"),
        ("DateTime('Europe/Berlin')", "Nullable(DateTime64(6, 'UTC'))"),
        ("UUID", "Nullable(UUID)"),
        ("Map(String, Int8)", "Nullable(String)"),
        ("Nullable(Nothing)", "Nullable(String)"),
    ],
)
def test_types_are_converted(kind: str, stored: str) -> None:
    assert convert_column("a", kind).type == stored


def test_new_import_replaces_the_table(store: EngineClient, home: Project, away: Project, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id\n1\n")
    (tmp_path / "b.csv").write_text("id,name\n2,x\n3,y\n")
    for project in (home, away):
        run_command("import_table", "orders", tmp_path / "a.csv", "--project", project.pk)
    before = ImportedTable.objects.get(project=home)
    version = read_data_version(home.pk)
    run_command("import_table", "orders", tmp_path / "b.csv", "--project", home.pk)
    after = ImportedTable.objects.get(project=home)
    assert (after.pk, after.row_count, after.created_at) == (before.pk, 2, before.created_at)
    assert after.updated_at > before.updated_at
    assert read_table(store, home) == [[2, "x"], [3, "y"]]
    assert read_table(store, away) == [[1]]
    assert read_data_version(home.pk) > version
    used = set(ImportedTable.objects.values_list("physical_name", flat=True))
    assert list_tables(store) == {*TABLES, *used}
    assert before.physical_name not in used


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("id,project_id\n1,2\n", "the column name project_id is reserved. Rename the column."),
        ("id,a`b\n1,2\n", "'a`b' cannot be the name of a column."),
        ("id\n1\n" + "1\n" * 30_000 + "x\n", "Expected end of line: (at row 30002)"),
        ("day\n" + "2026-01-01\n" * 30_000 + "1950-01-01\n", "A date of the column day is not between 1970 and 2149"),
        ("id\n9223372036854775807\n18446744073709551615\n", "Value in column UInt64 cannot be safely converted"),
        ("id,n\n1,2\n1,2,3\n", "Rows have different amount of values"),
        ("", "The table structure cannot be extracted"),
    ],
    ids=["project", "quote", "late-text", "date", "integer", "more-values", "empty"],
)
def test_bad_file_keeps_the_earlier_table(
    store: EngineClient, home: Project, tmp_path: Path, content: str, problem: str
) -> None:
    (tmp_path / "good.csv").write_text("id\n7\n")
    (tmp_path / "bad.csv").write_text(content)
    run_command("import_table", "orders", tmp_path / "good.csv", "--project", home.pk)
    tables = list_tables(store)
    printed = run_command("import_table", "orders", tmp_path / "bad.csv", "--project", home.pk)
    assert printed.error.startswith(f"{tmp_path}/bad.csv: ")
    assert problem in printed.error
    assert "\n" not in printed.error
    assert "incoming" not in printed.error
    assert read_table(store, home) == [[7]]
    assert list_tables(store) == tables


def test_field_that_the_first_lines_lack_is_an_error(store: EngineClient, home: Project, tmp_path: Path) -> None:
    path = write_lines(tmp_path / "a.jsonl", [*({"a": number} for number in range(40_000)), {"a": 1, "late": 2}])
    printed = run_command("import_table", "orders", path, "--project", home.pk)
    assert "late" in printed.error
    assert read_tables(home.pk) == []


@pytest.mark.parametrize("name", ["events", "Persons", "a.b", "1a", "", "a" * 64, "a;b"])
def test_name_that_hogql_cannot_have_is_refused(store: EngineClient, home: Project, tmp_path: Path, name: str) -> None:
    (tmp_path / "a.csv").write_text("id\n1\n")
    printed = run_command("import_table", name, tmp_path / "a.csv", "--project", home.pk)
    assert "name of a" in printed.error
    assert read_tables(home.pk) == []


def test_built_in_tables_are_those_of_hogql() -> None:
    assert set(BUILT_IN_TABLES) <= BUILT_IN_NAMES


def test_files_of_killed_imports_are_removed(store: EngineClient, home: Project, tmp_path: Path) -> None:
    left = get_incoming_folder() / "left.tsv"
    left.write_text("1")
    (tmp_path / "a.csv").write_text("id\n1\n")
    run_command("import_table", "orders", tmp_path / "a.csv", "--project", home.pk)
    assert list((get_folder() / INCOMING).iterdir()) == []
    assert stat.S_IMODE((get_folder() / INCOMING).stat().st_mode) == 0o700


def test_days_before_1970_are_moments(store: EngineClient, home: Project, tmp_path: Path) -> None:
    """The type Date of ClickHouse begins in 1970, so the column has the type DateTime64."""
    (tmp_path / "a.csv").write_text("day\n2026-01-01\n1950-01-01\n")
    run_command("import_table", "orders", tmp_path / "a.csv", "--project", home.pk)
    assert read_tables(home.pk)[0].columns == {"day": "Nullable(DateTime64(6, 'UTC'))"}
    assert read_table(store, home) == [["1950-01-01T00:00:00.000000Z"], ["2026-01-01T00:00:00.000000Z"]]
