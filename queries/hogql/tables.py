"""The tables that HogQL can read, their columns, and the only code that prints the name of a stored table.

`scan` functions return a subquery that reads rows of one project. The project is not an argument, which could be
omitted or wrong, but the placeholder `{project_id:Int64}`, to which every statement binds its own project. `Statement`
checks that nothing else is read (statement.py).
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from queries.hogql.properties import print_property_text
from queries.hogql.values import ValueType

PROJECT_CONDITION = "project_id = {project_id:Int64}"
SESSION_TIMES = ("$start_timestamp", "$end_timestamp")
EVENT_PROPERTIES = "properties"
_PHYSICAL_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_COLUMN_TYPES = {
    "String": ValueType.TEXT,
    "Float64": ValueType.NUMBER,
    "Int64": ValueType.NUMBER,
    "Bool": ValueType.BOOLEAN,
    "DateTime64(6, 'UTC')": ValueType.DATETIME,
    "Date": ValueType.DATE,
    "UUID": ValueType.UUID,
}

HasPersons = Callable[[], bool]
"""A function that returns whether the project has imported persons, according to the store."""
ReadMaterializedColumns = Callable[[], Mapping[str, str]]
"""A function that returns the columns of the store with materialized properties of events, by property."""
Scan = Callable[[Iterable[str]], str]
"""A function that returns the subquery that reads the used columns."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of HogQL. `stored` is its name in the scan, if the names differ."""

    type: ValueType
    nullable: bool = False
    in_star: bool = True
    stored: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table of HogQL. `properties` maps a path such as ("person", "properties") to a JSON column of the scan."""

    name: str
    columns: Mapping[str, Column]
    scan: Scan
    properties: Mapping[tuple[str, ...], str] = field(default_factory=dict)
    paths: Mapping[tuple[str, ...], str] = field(default_factory=dict)
    """Names of several parts and their columns: ("person", "id") is the column person_id."""
    read_materialized_columns: ReadMaterializedColumns = dict


def scan_project_rows(physical: str, columns: Iterable[str]) -> str:
    """Return the subquery that reads columns of the project's rows. No other function prints the name of a stored
    table.
    """
    names = ", ".join(quote_identifier(name) for name in sorted(set(columns))) or "1"
    return f"(SELECT {names} FROM {physical} WHERE {PROJECT_CONDITION})"


def quote_identifier(name: str) -> str:
    """Return the quoted name of a column. The name comes from an import, never from a query.

    Raises ValueError for characters that would have to be escaped.
    """
    if not name or re.search(r"[`\\\x00-\x1f\x7f{}]", name):
        raise ValueError(f"{name!r} is not a valid name of a column")
    return f"`{name}`"


def build_user_table(name: str, physical: str, columns: Mapping[str, str]) -> Table:
    """Return an imported table. `columns` maps the names of columns to their ClickHouse types, which may be Nullable.

    Raises ValueError if the stored name is not a plain identifier, or a column name cannot be quoted.
    """
    if not _PHYSICAL_NAME.fullmatch(physical):
        raise ValueError(f"{physical!r} is not a valid name of a table")
    converted = {column: _build_column(kind) for column, kind in columns.items()}
    for column in converted:
        quote_identifier(column)
    return Table(name, converted, lambda used_columns: scan_project_rows(physical, used_columns))


def _build_column(kind: str) -> Column:
    nullable = kind.startswith("Nullable(")
    inner = kind.removeprefix("Nullable(").removesuffix(")") if nullable else kind
    return Column(_COLUMN_TYPES.get(inner, ValueType.ANY), nullable)


def assume_persons() -> bool:
    return True


def build_events_table(has_persons: HasPersons, read_materialized_columns: ReadMaterializedColumns) -> Table:
    """Return the table of events. `has_persons` is called if a query uses persons, `read_materialized_columns` if it
    uses properties.

    Without imported persons, each event belongs to the person whose id was sent with the event. A join with an empty
    table would double the time of counting unique persons, because the join reads the distinct id of each event.
    """
    return replace(
        EVENTS,
        scan=lambda used_columns: _scan_events(used_columns, has_persons, read_materialized_columns),
        read_materialized_columns=read_materialized_columns,
    )


def build_sessions_table(read_materialized_columns: ReadMaterializedColumns) -> Table:
    """Return the table of sessions, which are aggregated from events."""
    return replace(SESSIONS, scan=lambda used_columns: _scan_sessions(used_columns, read_materialized_columns()))


def print_persons_check() -> str:
    """Return a statement that returns a row if the project has imported persons, and no row otherwise."""
    tables = [
        f"SELECT 1 AS one FROM {scan_project_rows(name, ())} LIMIT 1" for name in ("person_distinct_ids", "persons")
    ]
    return f"SELECT one FROM ({' UNION ALL '.join(tables)}) LIMIT 1"


def _scan_events(
    used_columns: Iterable[str],
    has_persons: HasPersons = assume_persons,
    read_materialized_columns: ReadMaterializedColumns = dict,
) -> str:
    """Return the scan of events. The person of an event is the current owner of the distinct id, after all merges.

    The properties of the person are the properties that were sent with the event, or else the current properties.
    """
    names = set(used_columns)
    of_session = sorted(name for name in names if name.startswith("session."))
    stored = names.difference(of_session)
    if not (of_session or names & _PERSON_COLUMNS):
        return scan_project_rows("events", stored)
    columns = [f"e.{quote_identifier(name)} AS {quote_identifier(name)}" for name in sorted(stored - _PERSON_COLUMNS)]
    texts = _PropertyTexts(read_materialized_columns() if of_session else {})
    session_id = texts.print("$session_id", "e.")
    sources = [f"{scan_project_rows('events', stored | _EVENT_KEYS | texts.used_columns)} AS e"]
    if names & _PERSON_COLUMNS:
        owners, persons = (_JOIN_OWNERS, _JOIN_PERSONS) if has_persons() else (_NO_OWNERS, _NO_PERSONS)
        sources.append(owners.source)
        columns.append(owners.column)
        if "person_properties" in names:
            sources.append(persons.source)
            columns.append(persons.column)
    if of_session:
        session = [name.removeprefix("session.") for name in of_session]
        sessions = _scan_sessions(session, texts.materialized)
        sources.append(f"LEFT ANY JOIN {sessions} AS s ON {session_id} = s.session_id")
        columns += [f"s.`{name}` AS `session.{name}`" for name in session]
    return f"(SELECT {', '.join(columns)} FROM {' '.join(filter(None, sources))})"


class _Join(NamedTuple):
    """A table that is joined to events, and the column that is read from it."""

    source: str
    column: str


_PERSON_COLUMNS = frozenset({"person_id", "person_properties"})
_EVENT_KEYS = frozenset({"distinct_id", "person_id", "person_properties", "properties"})
_PERSON_ID = "ifNull(d.person_id, e.person_id)"
_DISTINCT_IDS = scan_project_rows("person_distinct_ids", ["distinct_id", "person_id"])
_PERSONS = scan_project_rows("persons", ["person_id", "properties"])
_JOIN_OWNERS = _Join(
    f"LEFT ANY JOIN {_DISTINCT_IDS} AS d ON e.distinct_id = d.distinct_id", f"{_PERSON_ID} AS person_id"
)
_JOIN_PERSONS = _Join(
    f"LEFT ANY JOIN {_PERSONS} AS p ON {_PERSON_ID} = p.person_id",
    "if(e.person_properties IN ('', '{}'), ifNull(p.properties, '{}'), e.person_properties) AS person_properties",
)
# The same columns without a join, for a project without imported persons.
_NO_OWNERS = _Join("", "e.person_id AS person_id")
_NO_PERSONS = _Join("", "if(e.person_properties = '', '{}', e.person_properties) AS person_properties")


@dataclass
class _PropertyTexts:
    """Printed expressions for properties of stored events. `used_columns` collects the columns that they read."""

    materialized: Mapping[str, str]
    used_columns: set[str] = field(default_factory=set)

    def print(self, name: str, prefix: str = "") -> str:
        """Return the SQL of the text of a property. The text is empty for events without the property."""
        column = self.materialized.get(name)
        self.used_columns.add(column or EVENT_PROPERTIES)
        if column is not None:
            return f"ifNull({prefix}{quote_identifier(column)}, '')"
        text = print_property_text(f"{prefix}{EVENT_PROPERTIES}", [f"'{name}'"])
        return f"ifNull({text}, '')"


def _scan_sessions(used_columns: Iterable[str], materialized: Mapping[str, str]) -> str:
    """Return the scan of sessions, which are events aggregated by `$session_id`."""
    columns = [f"{_SESSION_COLUMNS[name]} AS `{name}`" for name in sorted({*used_columns, "session_id"})]
    texts = _PropertyTexts(materialized)
    inner = [f"{texts.print(name)} AS {alias}" for name, alias in _SESSION_PROPERTIES.items()]
    rows = scan_project_rows("events", {"event", "distinct_id", "timestamp", *texts.used_columns})
    source = f"(SELECT event, distinct_id, timestamp, {', '.join(inner)} FROM {rows})"
    return f"(SELECT {', '.join(columns)} FROM {source} WHERE sid != '' GROUP BY sid)"


_SESSION_PROPERTIES = {"$session_id": "sid", "$current_url": "url", "$pathname": "pathname"}
_SESSION_COLUMNS = {
    "session_id": "sid",
    "distinct_id": "argMin(distinct_id, timestamp)",
    "$start_timestamp": "min(timestamp)",
    "$end_timestamp": "max(timestamp)",
    "$session_duration": "dateDiff('second', min(timestamp), max(timestamp))",
    "$entry_current_url": "argMin(url, timestamp)",
    "$exit_current_url": "argMax(url, timestamp)",
    "$entry_pathname": "argMin(pathname, timestamp)",
    "$exit_pathname": "argMax(pathname, timestamp)",
    "$pageview_count": "countIf(event = '$pageview')",
    "$autocapture_count": "countIf(event = '$autocapture')",
    "$screen_count": "countIf(event = '$screen')",
    "$is_bounce": "countIf(event IN ('$pageview', '$screen')) <= 1 AND countIf(event = '$autocapture') = 0"
    " AND dateDiff('second', min(timestamp), max(timestamp)) < 10",
}
_SESSION_NUMBERS = ("$session_duration", "$pageview_count", "$autocapture_count", "$screen_count")
_SESSION_TYPES = {
    **dict.fromkeys(SESSION_TIMES, ValueType.DATETIME),
    **dict.fromkeys(_SESSION_NUMBERS, ValueType.NUMBER),
}
SESSIONS = Table(
    "sessions",
    {name: Column(_SESSION_TYPES.get(name, ValueType.TEXT)) for name in _SESSION_COLUMNS}
    | {"$is_bounce": Column(ValueType.BOOLEAN), "id": Column(ValueType.TEXT, in_star=False, stored="session_id")},
    lambda used_columns: _scan_sessions(used_columns, {}),
)
EVENTS = Table(
    "events",
    {
        "uuid": Column(ValueType.UUID),
        "event": Column(ValueType.TEXT),
        "properties": Column(ValueType.TEXT),
        "timestamp": Column(ValueType.DATETIME),
        "distinct_id": Column(ValueType.TEXT),
        "created_at": Column(ValueType.DATETIME),
        "person_id": Column(ValueType.UUID, in_star=False),
        "person_properties": Column(ValueType.TEXT, in_star=False),
    }
    | {
        f"session.{name}": Column(column.type, nullable=True, in_star=False)
        for name, column in SESSIONS.columns.items()
        if column.stored is None
    },
    _scan_events,
    properties={
        ("properties",): "properties",
        ("person", "properties"): "person_properties",
        ("poe", "properties"): "person_properties",
    },
    paths={
        ("person", "id"): "person_id",
        ("session", "id"): "session.session_id",
        **{("session", name): f"session.{name}" for name in _SESSION_COLUMNS},
    },
)
PERSONS = Table(
    "persons",
    {
        "id": Column(ValueType.UUID, stored="person_id"),
        "created_at": Column(ValueType.DATETIME),
        "properties": Column(ValueType.TEXT),
    },
    lambda used_columns: scan_project_rows("persons", used_columns),
    properties={("properties",): "properties"},
)
PERSON_DISTINCT_IDS = Table(
    "person_distinct_ids",
    {"distinct_id": Column(ValueType.TEXT), "person_id": Column(ValueType.UUID)},
    lambda used_columns: scan_project_rows("person_distinct_ids", used_columns),
)
BUILT_IN_TABLES = {table.name: table for table in (EVENTS, PERSONS, SESSIONS, PERSON_DISTINCT_IDS)}
