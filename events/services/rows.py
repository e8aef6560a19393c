"""SQL that reads the rows of a file into a staging table, with the problem of each bad row.

All columns of a file are read as text. A bad value therefore makes only its row bad, whereas ClickHouse would refuse
the whole file, and all formats are validated in the same way. An empty string, null and a missing value are equivalent.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.interface import ROW_NUMBER, FileImport, Setting, build_insert
from engine.parameters import quote_identifier, quote_text
from events.models import PropertyOwner
from events.models.definitions import NAME_MAX_LENGTH
from events.services.source_files import Format

MAX_JSON_BYTES = 10_000_000
# The problems of rows that are neither good nor bad: empty lines, and the marker row of each staging table.
BLANK = "blank"
KEPT = "kept"
PROBLEM = "problem"
ROW = "row"
STAGING_COLUMNS = f"{PROBLEM} LowCardinality(String), {ROW} UInt64"
# A timestamp without a UTC offset is in UTC. The engine's parser also accepts invalid times, such as 25:00.
MOMENT_PATTERN = r"^\d{4}-\d\d-\d\d([T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?( ?(Z|UTC|[+-]\d\d(:?\d\d)?))?)?$"
SETTINGS: Mapping[str, Setting] = {
    "session_timezone": "UTC",
    "input_format_null_as_default": 1,
    "input_format_skip_unknown_fields": 1,
    "input_format_with_names_use_header": 1,
    "input_format_parquet_allow_missing_columns": 1,
    "max_parsing_threads": 1,  # a thread that parses Parquet needs 100 MB; other work uses other threads
    "input_format_csv_allow_variable_number_of_columns": 1,
}


@dataclass(frozen=True)
class Kind:
    """A kind of rows: the columns to read from a file, the columns of the tables, and the problems of bad rows."""

    noun: str
    source: tuple[str, ...]
    required: tuple[str, ...]
    columns: str
    select: Mapping[str, str]
    problems: Sequence[tuple[str, str]]
    properties: Mapping[PropertyOwner, str]
    moves: Mapping[str, Mapping[str, str]]
    """The target tables of the rows, with their columns except `project_id` as expressions over the staging table."""
    has_events: bool = False

    def build_moves(self, staging: str, project_id: int, version: int) -> list[str]:
        """Return the statements that make the rows of a staging table visible."""
        return [
            f"{build_insert(table, ['project_id', *columns])} SELECT {project_id}, "
            f"{', '.join(columns.values()).replace('<version>', str(version))} FROM {staging} WHERE problem = ''"
            for table, columns in self.moves.items()
        ]

    def build_import(self, path: Path, format: Format, project_id: int) -> FileImport:
        """Return the import of a file into a staging table."""
        if format is Format.JSONL:
            fields = ", ".join(f"{name} String" for name in self.source)
            document = f"JSONExtract(line, {quote_text(f'Tuple({fields})')})"
            sources = {name: f"tupleElement({document}, {quote_text(name)})" for name in self.source}
            problems = [("trimBoth(line) = ''", BLANK), ("JSONType(line) != 'Object'", "not a JSON object")]
            structure = "line String"
        else:
            sources = {name: quote_identifier(name) for name in self.source}
            blank = " AND ".join(f"{name} = ''" for name in sources.values())
            problems = [(blank, BLANK)] if format is Format.CSV else []
            structure = ", ".join(f"{name} String" for name in sources.values())
        select = {
            PROBLEM: build_problem([*problems, *self.problems]),
            ROW: f"assumeNotNull({ROW_NUMBER})",
            **self.select,
        }
        filled = {name: fill_placeholders(expression, sources, project_id) for name, expression in select.items()}
        return FileImport(path, format, structure, filled, SETTINGS)


def fill_placeholders(expression: str, sources: Mapping[str, str], project_id: int) -> str:
    """Replace each `<name>` with the source of the column, and `<project>` with the id of the project."""
    for name, source in sources.items():
        expression = expression.replace(f"<{name}>", source)
    return expression.replace("<project>", str(project_id))


def build_problem(problems: Iterable[tuple[str, str]]) -> str:
    """Return an SQL expression for the message of the first true condition, or for an empty string."""
    cases = ", ".join(f"{condition}, {quote_text(text)}" for condition, text in problems)
    return f"multiIf({cases}, '')"


def parse_moment(name: str) -> str:
    parsed = f"parseDateTime64BestEffortOrNull(<{name}>, 6, 'UTC')"
    return f"if(match(<{name}>, {quote_text(MOMENT_PATTERN)}), {parsed}, NULL)"


def check_moment(name: str) -> tuple[str, str]:
    """Return the possible problem of a timestamp: invalid, or outside the years that table keys and buckets support."""
    text = "is not a time between 1970 and 2099, such as 2026-11-30T09:15:00Z"
    parsed = f"toYear(ifNull({parse_moment(name)}, toDateTime64(0, 6, 'UTC') - INTERVAL 1 SECOND))"
    return f"<{name}> != '' AND {parsed} NOT BETWEEN 1970 AND 2099", f"{name} {text}"


def check_required(name: str) -> tuple[str, str]:
    return f"<{name}> = ''", f"{name} is missing"


def check_uuid(name: str) -> tuple[str, str]:
    return f"<{name}> != '' AND toUUIDOrNull(<{name}>) IS NULL", f"{name} is not a UUID"


def check_name(name: str) -> list[tuple[str, str]]:
    """Return the possible problems of a name. The main database cannot store the null character."""
    return [
        check_required(name),
        (f"lengthUTF8(<{name}>) > {NAME_MAX_LENGTH}", f"{name} is longer than {NAME_MAX_LENGTH} characters"),
        (f"position(<{name}>, char(0)) > 0", f"{name} contains a null character"),
        (f"NOT isValidUTF8(<{name}>)", f"{name} is not UTF-8"),
    ]


def check_properties(name: str) -> list[tuple[str, str]]:
    """Return the possible problems of a JSON column. A row that is not UTF-8 could not be read back."""
    return [
        (f"length(<{name}>) > {MAX_JSON_BYTES}", f"{name} is larger than {MAX_JSON_BYTES:,} bytes"),
        (f"<{name}> != '' AND JSONType(<{name}>) != 'Object'", f"{name} is not a JSON object"),
        (f"NOT isValidUTF8(<{name}>)", f"{name} is not UTF-8"),
    ]


def build_uuid(*parts: str) -> str:
    """Return an SQL expression for a deterministic UUID, which depends only on `parts`."""
    return f"reinterpretAsUUID(sipHash128({', '.join(parts)}))"


def build_default_person(name: str = "distinct_id") -> str:
    return build_uuid("'person'", "toInt64(<project>)", f"<{name}>")


EVENTS_SOURCE = (
    "uuid",
    "event",
    "distinct_id",
    "person_id",
    "timestamp",
    "created_at",
    "properties",
    "person_properties",
)
EVENTS = Kind(
    noun="event",
    source=EVENTS_SOURCE,
    required=("event", "distinct_id", "timestamp"),
    columns=(
        "uuid UUID, event LowCardinality(String), distinct_id String, person_id UUID, timestamp DateTime64(6, 'UTC'),"
        " created_at DateTime64(6, 'UTC'), properties String, person_properties String"
    ),
    select={
        "uuid": "if(<uuid> = '', "
        + build_uuid("'event'", "toInt64(<project>)", "<event>", "<distinct_id>", "<timestamp>", "<properties>")
        + ", toUUIDOrZero(<uuid>))",
        "event": "<event>",
        "distinct_id": "<distinct_id>",
        "person_id": f"if(<person_id> = '', {build_default_person()}, toUUIDOrZero(<person_id>))",
        "timestamp": f"ifNull({parse_moment('timestamp')}, toDateTime64(0, 6, 'UTC'))",
        "created_at": f"ifNull({parse_moment('created_at')}, now64(6, 'UTC'))",
        "properties": "if(<properties> = '', '{}', <properties>)",
        "person_properties": "if(<person_properties> = '', '{}', <person_properties>)",
    },
    problems=[
        *check_name("event"),
        *check_name("distinct_id"),
        check_required("timestamp"),
        check_moment("timestamp"),
        check_moment("created_at"),
        check_uuid("uuid"),
        check_uuid("person_id"),
        *check_properties("properties"),
        *check_properties("person_properties"),
    ],
    properties={PropertyOwner.EVENT: "properties", PropertyOwner.PERSON: "person_properties"},
    moves={"events": {name: name for name in EVENTS_SOURCE}},
    has_events=True,
)
# The last row of a person or a distinct id replaces earlier rows, because `version` increases with each row and import.
PERSONS = Kind(
    noun="person",
    source=("distinct_id", "person_id", "properties", "created_at"),
    required=("distinct_id", "person_id"),
    columns="distinct_id String, person_id UUID, created_at DateTime64(6, 'UTC'), properties String",
    select={
        "distinct_id": "<distinct_id>",
        "person_id": "toUUIDOrZero(<person_id>)",
        # 1970 represents an unknown time, for which lifecycle queries use the first event of the person.
        "created_at": f"ifNull({parse_moment('created_at')}, toDateTime64(0, 6, 'UTC'))",
        "properties": "if(<properties> = '', '{}', <properties>)",
    },
    problems=[
        *check_name("distinct_id"),
        check_required("person_id"),
        check_uuid("person_id"),
        check_moment("created_at"),
        *check_properties("properties"),
    ],
    properties={PropertyOwner.PERSON: "properties"},
    moves={
        "persons": {
            "person_id": "person_id",
            "properties": "properties",
            "created_at": "created_at",
            "version": "<version> + row",
        },
        "person_distinct_ids": {
            "distinct_id": "distinct_id",
            "person_id": "person_id",
            "version": "<version> + row",
        },
    },
)
