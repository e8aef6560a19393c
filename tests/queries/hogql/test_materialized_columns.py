"""Materialized columns of properties, which avoid parsing JSON and do not change results."""

import os
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import orjson
import pytest

from engine.materialized_columns import add_materialized_columns, drop_materialized_columns, read_materialized_columns
from queries.hogql.properties import PropertyType
from queries.runners.compile import compile_query
from queries.runners.context import QueryContext
from tests.queries.hogql.documented import FURTHER, TYPICAL, list_queries
from tests.queries.hogql.helpers import NOW, PROPERTY_TYPES, print_text, read
from tests.queries.hogql.store import EVENT_COLUMNS, EVENTS, OURS, Store, build_event, fill
from tests.queries.hogql.test_documented import VALUES

NAMES = [
    "$browser",
    "$pathname",
    "$session_id",
    "$current_url",
    "amount",
    "beta",
    "due",
    "tags",
    "nested",
    "nothing",
    "quoted",
    "it's a.b%d",
    "a.b",
    "a",
    "café",
]
DOCUMENTED = [*list_queries(TYPICAL), *(list_queries(FURTHER) if os.environ.get("CHECK_FULL") else [])]
OF_PROPERTIES = [text for text in DOCUMENTED if "properties" in text]
TYPES = [None, *PropertyType]


@pytest.fixture(scope="module")
def columns(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Yield a store with columns for all properties. All events but one were inserted before the columns existed."""
    store = Store(tmp_path_factory.mktemp("columns") / "engine")
    fill(store, OURS)
    add_materialized_columns(store.client, NAMES)
    later = build_event(OURS, "", 0)
    later[1], later[-2] = (
        str(later[1])[:-1] + "f",
        orjson.dumps({"it's a.b%d": "odd", "café": 3, "$browser": 7}).decode(),
    )
    store.client.insert_rows("events", EVENT_COLUMNS, [later])
    yield store
    store.close()


def read_columns(store: Store) -> dict[str, str]:
    return read_materialized_columns(store.client)


@pytest.mark.parametrize("text", OF_PROPERTIES)
def test_results_of_columns_are_those_of_the_json(columns: Store, text: str) -> None:
    expected = read(columns, text, VALUES)
    found = read(columns, text, VALUES, read_materialized_columns=lambda: read_columns(columns))
    assert sorted(found, key=str) == sorted(expected, key=str)


@pytest.mark.parametrize("name", NAMES)
def test_column_has_the_values_of_the_json_in_every_type(columns: Store, name: str) -> None:
    escaped = name.replace("'", "''")
    text = f"select properties['{escaped}'], properties['{escaped}'] is null, uuid from events order by uuid"
    for kind in TYPES:
        types = PROPERTY_TYPES if kind is None else type(PROPERTY_TYPES)(event={name: kind})
        read_all: dict[str, Any] = {"read_materialized_columns": lambda: read_columns(columns), "property_types": types}
        assert "JSONExtract" not in print_text(text, **read_all).sql
        rows = read(columns, text, **read_all)
        assert rows == read(columns, text, property_types=types)
        assert len(rows) == len(EVENTS) + 1


def test_values_of_events_before_and_after_the_column_are_stored(columns: Store) -> None:
    names = "`mat_$browser`, `mat_it's a%2Eb%25d`, `mat_café`"
    sql = f"SELECT {names} FROM events WHERE event = '$pageview' ORDER BY timestamp, uuid DESC"
    assert columns.client.read(sql).rows == [
        ["7", "odd", "3"],
        ["Firefox", None, None],
        ["Firefox", None, None],
        ["Safari", None, None],
        ["", None, None],
    ]


def test_filters_and_breakdowns_of_insights_use_columns(columns: Store) -> None:
    query: dict[str, Any] = {
        "kind": "TrendsQuery",
        "series": [{"kind": "EventsNode", "event": "$pageview"}],
        "dateRange": {"date_from": "2026-03-28", "date_to": "2026-03-30"},
        "breakdownFilter": {"breakdown": "$browser", "breakdown_type": "event"},
        "properties": [{"key": "$pathname", "value": "/x", "operator": "is_not", "type": "event"}],
    }
    context = QueryContext(OURS, now=NOW, property_types=PROPERTY_TYPES)
    plain = compile_query(query, context)
    other = compile_query(
        query,
        QueryContext(
            OURS, now=NOW, property_types=PROPERTY_TYPES, read_materialized_columns=lambda: read_columns(columns)
        ),
    )
    assert "JSONExtract" in plain.statement.sql
    assert "JSONExtract" not in other.statement.sql
    assert "`properties`" not in other.statement.sql
    shaped = [
        compiled.shape(result.types, result.rows)["results"]
        for compiled in (plain, other)
        for result in [columns.client.read(compiled.statement.sql, dict(compiled.statement.parameters))]
    ]
    assert shaped[0] == shaped[1]
    days = [date(2026, 3, 28) + timedelta(days=number) for number in range(3)]
    assert {series["breakdown_value"]: series["data"] for series in shaped[1]} == {
        "Firefox": [2, 0, 0],
        "7": [1, 0, 0],
        "Safari": [0, 1, 0],
        "$$_posthog_breakdown_null_$$": [0, 1, 0],
    }
    assert shaped[1][0]["days"] == [day.isoformat() for day in days]


@pytest.mark.parametrize(
    "text",
    [
        "select session_id, $entry_pathname, $exit_current_url, $pageview_count from sessions order by 1",
        "select event, session.id, session.$exit_pathname from events order by timestamp, uuid",
    ],
)
def test_sessions_are_read_from_columns(columns: Store, text: str) -> None:
    statement = print_text(text, read_materialized_columns=lambda: read_columns(columns))
    assert "JSONExtract" not in statement.sql
    rows = columns.read(statement)
    assert rows == read(columns, text)
    assert "s1" in rows[0]


def test_nested_properties_and_those_of_persons_are_read_from_the_json(columns: Store) -> None:
    text = "select properties.nested.key, person.properties.amount from events where person.properties.amount = 1"
    sql = print_text(text, read_materialized_columns=lambda: read_columns(columns)).sql
    assert "mat_" not in sql


def test_columns_are_asked_for_only_by_queries_that_use_properties() -> None:
    asked = []

    def read_none() -> dict[str, str]:
        asked.append(True)
        return {}

    print_text("select uniq(person_id), properties from events group by 2", read_materialized_columns=read_none)
    assert asked == []
    print_text("select properties.a from events", read_materialized_columns=read_none)
    assert asked == [True]


@pytest.mark.parametrize(
    "text",
    [
        "select properties.$browser, count() from events group by properties",
        "select properties, count() from events group by 1 having properties.$browser = 'Firefox'",
        "select JSONExtract(properties, 'a', 'Nullable(String)'), count() from events group by properties.a",
    ],
)
def test_grouped_json_is_read_from_the_json(columns: Store, text: str) -> None:
    statement = print_text(text, read_materialized_columns=lambda: read_columns(columns))
    assert "mat_" not in statement.sql
    assert sorted(columns.read(statement), key=str) == sorted(read(columns, text), key=str)


def test_columns_of_other_programs_are_not_used(tmp_path_factory: pytest.TempPathFactory) -> None:
    store = Store(tmp_path_factory.mktemp("others") / "engine")
    try:
        for column in (
            "`mat_a` String MATERIALIZED JSONExtractString(properties, 'a')",
            "`mat_b` Nullable(String) MATERIALIZED JSONExtract(properties, 'c', 'Nullable(String)')",
            "`mat_d{e` Nullable(String) MATERIALIZED JSONExtract(properties, 'd{e', 'Nullable(String)')",
            "`mat_f` Nullable(String) MATERIALIZED JSONExtract(properties, 'f', 'Nullable(String)')",
        ):
            store.client.execute(f"ALTER TABLE events ADD COLUMN {column}")
        assert read_columns(store) == {"f": "mat_f"}
    finally:
        store.close()


def test_dropped_column_is_computed_of_the_json_again(tmp_path_factory: pytest.TempPathFactory) -> None:
    store = Store(tmp_path_factory.mktemp("dropped") / "engine")
    try:
        fill(store, OURS)
        add_materialized_columns(store.client, ["$browser", "amount"])
        assert read_columns(store) == {"$browser": "mat_$browser", "amount": "mat_amount"}
        drop_materialized_columns(store.client, ["$browser"])
        assert read_columns(store) == {"amount": "mat_amount"}
        text = "select properties.$browser, count() from events group by 1 order by 2 desc, 1"
        rows = read(store, text, read_materialized_columns=lambda: read_columns(store))
        assert rows == [["Firefox", 2], [None, 2], ["", 1], ["Safari", 1]]
    finally:
        store.close()
