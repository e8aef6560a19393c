"""Maths of series, each tested alone."""

from typing import Any

import pytest

from queries.runners.maths import READERS
from tests.queries.hogql.store import Store
from tests.queries.runners.insights import Event, ask_data, build_trends, make_project, refuse

EVENTS: list[Event] = [
    ("2026-02-20 10:00:00", "cat", "view", {}),
    ("2026-02-25 10:00:00", "ann", "view", {"amount": 9}),
    ("2026-03-01 10:00:00", "ann", "view", {"amount": 1, "$session_id": "s1"}),
    ("2026-03-01 10:01:00", "ann", "view", {"amount": "3", "$session_id": "s1"}),
    ("2026-03-01 11:00:00", "ben", "view", {"amount": 8, "$session_id": "s2"}),
    ("2026-03-01 11:00:30", "ben", "buy", {"amount": None, "$session_id": "s2"}),
    ("2026-03-03 10:00:00", "ben", "buy", {"amount": "x"}),
]
PERSONS = {"ann": {"age": 20}, "ben": {"age": 30}}
AMOUNT = {"math_property": "amount"}
DURATION = {"math_property": "$session_duration"}
DATA: list[tuple[dict[str, Any], list[float]]] = [
    ({}, [4, 0, 1]),
    ({"math": None}, [4, 0, 1]),
    ({"math": "total"}, [4, 0, 1]),
    ({"math": "dau"}, [2, 0, 1]),
    ({"math": "weekly_active"}, [2, 2, 2]),
    ({"math": "monthly_active"}, [3, 3, 3]),
    ({"math": "unique_session"}, [2, 0, 0]),
    ({"math": "first_time_for_user"}, [1, 0, 0]),
    ({"math": "first_time_for_user", "event": "buy"}, [1, 0, 0]),
    ({"math": "first_matching_event_for_user", "event": "view"}, [1, 0, 0]),
    ({"math": "sum", **AMOUNT}, [12, 0, 0]),
    ({"math": "avg", **AMOUNT}, [4, 0, 0]),
    ({"math": "min", **AMOUNT}, [1, 0, 0]),
    ({"math": "max", **AMOUNT}, [8, 0, 0]),
    ({"math": "median", **AMOUNT}, [3, 0, 0]),
    ({"math": "p75", **AMOUNT}, [5.5, 0, 0]),
    ({"math": "p90", **AMOUNT}, [7, 0, 0]),
    ({"math": "p95", **AMOUNT}, [7.5, 0, 0]),
    ({"math": "p99", **AMOUNT}, [7.9, 0, 0]),
    ({"math": "sum", "math_property": "age", "math_property_type": "person_properties"}, [100, 0, 30]),
    ({"math": "sum", "math_property": "missing"}, [0, 0, 0]),
    ({"math": "sum", **AMOUNT, "math_multiplier": 0.5}, [6, 0, 0]),
    ({"math": "median", **AMOUNT, "math_multiplier": -1}, [-3, 0, 0]),
    ({"math": "avg", **DURATION}, [45, 0, 0]),  # two sessions of 60 and 30 seconds
    ({"math": "max", **DURATION, "math_multiplier": 1000}, [60_000, 0, 0]),
    ({"math": "avg_count_per_actor"}, [2, 0, 1]),
    ({"math": "min_count_per_actor"}, [2, 0, 1]),
    ({"math": "max_count_per_actor", "event": "view"}, [2, 0, 0]),
    ({"math": "median_count_per_actor", "event": "view"}, [1.5, 0, 0]),
    ({"math": "p75_count_per_actor", "event": "view"}, [1.75, 0, 0]),
    ({"math": "p90_count_per_actor", "event": "view"}, [1.9, 0, 0]),
    ({"math": "p95_count_per_actor", "event": "view"}, [1.95, 0, 0]),
    ({"math": "p99_count_per_actor", "event": "view"}, [1.99, 0, 0]),
    ({"math": "hogql", "math_hogql": "sum(toFloat(properties.amount)) / count()"}, [3, 0, 0]),
    ({"math": "hogql", "math_hogql": "uniq(person_id) * 10 + 1"}, [21, 0, 11]),
    ({"math": "hogql", "math_hogql": "countIf(event = 'buy')"}, [1, 0, 1]),
]


@pytest.fixture(scope="module")
def project(store: Store) -> int:
    return make_project(store, EVENTS, PERSONS)


@pytest.mark.parametrize(("node", "data"), DATA)
def test_data(store: Store, project: int, node: dict[str, Any], data: list[float]) -> None:
    assert ask_data(store, project, node) == pytest.approx(data)


def test_each_math_is_tested() -> None:
    assert {node.get("math") for node, _ in DATA} >= READERS.keys()


TOTALS: list[tuple[dict[str, Any], float]] = [
    ({}, 5),
    ({"math": "dau"}, 2),
    ({"math": "weekly_active"}, 2),  # counted from 25 February
    ({"math": "monthly_active"}, 3),
    ({"math": "unique_session"}, 2),
    ({"math": "first_time_for_user"}, 1),
    ({"math": "median", **AMOUNT}, 3),
    ({"math": "avg_count_per_actor"}, 2.5),
]


@pytest.mark.parametrize(("node", "number"), TOTALS)
def test_total(store: Store, project: int, node: dict[str, Any], number: float) -> None:
    assert ask_data(store, project, node, trendsFilter={"display": "BoldNumber"}) == number


def test_first_time_is_that_of_the_name_and_first_match_that_of_the_filters(store: Store, project: int) -> None:
    node = {"event": "view", "properties": [{"key": "amount", "operator": "lt", "value": 5}]}
    assert ask_data(store, project, node | {"math": "first_time_for_user"}) == [0, 0, 0]
    assert ask_data(store, project, node | {"math": "first_matching_event_for_user"}) == [1, 0, 0]


def test_range_that_ends_at_midnight_looks_back_from_there(store: Store, project: int) -> None:
    """Query a range whose last interval consists only of its first microsecond, which belongs to the next day."""
    dates = {"date_from": "2026-03-03T22:00:00", "date_to": "2026-03-04T00:00:00"}
    node = {"math": "weekly_active"}
    assert ask_data(store, project, node, dateRange=dates, interval="hour") == [2, 2, 2]
    later = {"date_from": "2026-03-07T22:00:00", "date_to": "2026-03-08T00:00:00"}
    assert ask_data(store, project, node | {"event": "view"}, dateRange=later, interval="hour") == [2, 2, 0]


@pytest.mark.parametrize("math", ["weekly_active", "dau"])
def test_week_counts_its_persons_once(store: Store, project: int, math: str) -> None:
    dates = {"date_from": "2026-02-22", "date_to": "2026-03-07"}
    assert ask_data(store, project, {"math": math}, dateRange=dates, interval="week") == [1, 2]


@pytest.mark.parametrize(
    ("node", "place"),
    [
        ({"math": "mode"}, "math"),
        ({"math": 1}, "math"),
        ({"math": ""}, "math"),
        ({"math": "sum_count_per_actor"}, "math"),
        ({"math": "sum"}, "math_property"),
        ({"math": "sum", "math_property": 1}, "math_property"),
        ({"math": "sum", "math_property": "x", "math_property_type": "group_properties"}, "math_property_type"),
        ({"math": "sum", "math_property": "x", "math_multiplier": "2"}, "math_multiplier"),
        ({"math": "sum", "math_property": "x", "math_multiplier": True}, "math_multiplier"),
        ({"math": "sum", "math_property": "x", "math_multiplier": 10**400}, "math_multiplier"),
        ({"math": "hogql"}, "math_hogql"),
        ({"math": "hogql", "math_hogql": ""}, "math_hogql"),
        ({"math": "hogql", "math_hogql": ["count()"]}, "math_hogql"),
        ({"math": "hogql", "math_hogql": "properties.amount"}, "math_hogql"),
        ({"math": "hogql", "math_hogql": "1 + 1"}, "math_hogql"),
    ],
)
def test_invalid_math_is_refused(node: dict[str, Any], place: str) -> None:
    assert refuse(build_trends(node)) == ("invalid_query", f"query__series__0__{place}")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("sum(", "invalid_syntax"),
        ("count() from events", "invalid_syntax"),
        ("count(); select 1", "invalid_syntax"),
        ("count(evnt)", "unknown_column"),
        ("frobnicate(count())", "unknown_function"),
        ("count() over ()", "invalid_query"),
        ("(select count() from events)", "invalid_query"),
        ("count({variables.x})", "unknown_placeholder"),
    ],
)
def test_expression_is_checked_as_hogql(text: str, code: str) -> None:
    assert refuse(build_trends({"math": "hogql", "math_hogql": text}))[0] == code
