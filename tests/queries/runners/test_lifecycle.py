"""Lifecycles: the shape of results, new persons, options, and values that are refused."""

from typing import Any
from uuid import UUID

import pytest

from queries.runners.compile import compile_query
from queries.runners.context import QueryContext
from queries.runners.errors import InvalidQuery, UnsupportedPart
from tests.queries.hogql.store import EVENT_COLUMNS, MOMENT, Store
from tests.queries.runners.helpers import CONTEXT, run
from tests.queries.runners.small_datasets import insert_events

VIEW = {"kind": "EventsNode", "event": "view"}
MARCH = {"date_from": "2026-03-02", "date_to": "2026-03-04"}
VIEWS = [("ada", "view", "2026-03-01 10:00:00"), ("ada", "view", "2026-03-03 10:00:00")]
VIEWS += [("bob", "view", "2026-03-02 10:00:00"), ("bob", "view", "2026-03-03 10:00:00")]
PERSONS = {"ada": {"created_at": "2026-01-01 00:00:00"}, "bob": {"created_at": "2026-03-02 09:00:00"}}


def lifecycle(**parts: Any) -> dict[str, Any]:
    return {"kind": "LifecycleQuery", "series": [VIEW], "interval": "day", "dateRange": MARCH} | parts


def read_statuses(store: Store, context: QueryContext, query: dict[str, Any]) -> dict[str, list[int]]:
    return {series["status"]: series["data"] for series in run(store, query, context)["results"]}


@pytest.fixture(scope="module")
def views(store: Store) -> QueryContext:
    return insert_events(store, VIEWS, PERSONS)


def test_results_have_the_shape_of_a_response(store: Store, views: QueryContext) -> None:
    results = run(store, lifecycle(), views)["results"]
    assert results[0] == {
        "action": {"id": "view", "name": "view", "type": "events", "order": 0, "math": "total"},
        "label": "view - new",
        "status": "new",
        "data": [1, 0, 0],
        "count": 1,
        "days": ["2026-03-02", "2026-03-03", "2026-03-04"],
        "labels": ["2-Mar-2026", "3-Mar-2026", "4-Mar-2026"],
    }
    assert [series["label"] for series in results[1:]] == ["view - returning", "view - resurrecting", "view - dormant"]
    assert [series["data"] for series in results[1:]] == [[0, 1, 0], [0, 1, 0], [-1, 0, -2]]
    assert [series["count"] for series in results[1:]] == [1, 1, -3]


def test_all_events_and_custom_names(store: Store, views: QueryContext) -> None:
    series = {"kind": "EventsNode", "event": None, "custom_name": "Anything"}
    first, *_ = run(store, lifecycle(series=[series]), views)["results"]
    assert first["label"] == "All events - new"
    assert first["action"] == {
        "id": None,
        "name": "All events",
        "type": "events",
        "order": 0,
        "math": "total",
        "custom_name": "Anything",
    }


def test_nobody_is_there(store: Store, views: QueryContext) -> None:
    found = read_statuses(store, views, lifecycle(series=[{"kind": "EventsNode", "event": "none"}]))
    assert found == {"new": [0, 0, 0], "returning": [0, 0, 0], "resurrecting": [0, 0, 0], "dormant": [0, 0, 0]}


def test_person_is_new_in_the_interval_of_the_creation_only(store: Store) -> None:
    created = {"ada": {"created_at": "2026-03-03 23:00:00"}, "bob": {"created_at": "2026-03-10 00:00:00"}}
    found = read_statuses(store, insert_events(store, VIEWS, created), lifecycle())
    assert (found["new"], found["resurrecting"], found["returning"]) == ([0, 1, 0], [1, 0, 0], [0, 1, 0])


def test_person_of_an_unknown_time_is_new_with_the_first_event(store: Store) -> None:
    created = {name: {"created_at": "1970-01-01 00:00:00"} for name in PERSONS}
    found = read_statuses(store, insert_events(store, VIEWS, created), lifecycle())
    assert found["new"] == [1, 0, 0]


def test_person_without_a_row_is_new_with_the_first_event_of_any_kind(store: Store) -> None:
    context = QueryContext(210_001)
    times = {"view": "2026-03-03 10:00:00", "signup": "2026-03-02 10:00:00"}
    rows = [
        [context.project_id, UUID(int=number), name, f"d{number}", UUID(int=9), time, MOMENT, "{}", ""]
        for number, (name, time) in enumerate(times.items())
    ]
    store.client.insert_rows("events", EVENT_COLUMNS, rows)
    assert read_statuses(store, context, lifecycle())["resurrecting"] == [0, 1, 0]
    signups = lifecycle(series=[{"kind": "EventsNode", "event": "signup"}])
    assert read_statuses(store, context, signups)["new"] == [1, 0, 0]
    later = lifecycle(dateRange={"date_from": "2026-03-03", "date_to": "2026-03-03"})
    assert read_statuses(store, context, later)["resurrecting"] == [1]


def test_first_and_last_interval_count_as_a_whole(store: Store, views: QueryContext) -> None:
    week = lifecycle(interval="week", dateRange={"date_from": "2026-03-04", "date_to": "2026-03-05"})
    assert read_statuses(store, views, week)["new"] == [1]


def test_range_as_the_origin_of_history(store: Store, views: QueryContext) -> None:
    found = read_statuses(store, views, lifecycle(lifecycleFilter={"onlyUseInsightDates": True}))
    assert found == {"new": [1, 0, 0], "returning": [0, 1, 0], "resurrecting": [0, 1, 0], "dormant": [0, 0, -2]}


@pytest.mark.parametrize(
    "part",
    [
        {"lifecycleFilter": {"toggledLifecycles": ["new"], "stacked": False}},
        {"dateRange": MARCH | {"daysOfWeek": [1]}},
    ],
)
def test_option_that_changes_no_count(store: Store, views: QueryContext, part: dict[str, Any]) -> None:
    assert run(store, lifecycle(**part), views) == run(store, lifecycle(), views)


def test_hours_have_times(store: Store, views: QueryContext) -> None:
    query = lifecycle(interval="hour", dateRange={"date_from": "2026-03-02T09:00:00", "date_to": "2026-03-02T11:00:00"})
    first, *_ = run(store, query, views)["results"]
    assert first["days"] == ["2026-03-02 09:00:00", "2026-03-02 10:00:00", "2026-03-02 11:00:00"]
    assert first["labels"] == ["2-Mar 09:00", "2-Mar 10:00", "2-Mar 11:00"]


def test_more_intervals_than_bits_of_a_number(store: Store, views: QueryContext) -> None:
    long = read_statuses(store, views, lifecycle(dateRange={"date_from": "2025-12-01", "date_to": "2026-03-04"}))
    assert {status: data[-3:] for status, data in long.items()} == read_statuses(store, views, lifecycle())
    assert {status: sum(data[:-3]) for status, data in long.items()} == {
        "new": 0,
        "returning": 0,
        "resurrecting": 1,
        "dormant": 0,
    }


@pytest.mark.parametrize(
    ("part", "attr"),
    [
        ({"series": [{"kind": "ActionsNode", "id": 7}]}, "series__0__kind"),
        ({"aggregation_group_type_index": 0}, "aggregation_group_type_index"),
    ],
)
def test_unsupported_part_is_refused(part: dict[str, Any], attr: str) -> None:
    with pytest.raises(UnsupportedPart) as caught:
        compile_query(lifecycle(**part), CONTEXT)
    assert caught.value.attr == f"query__{attr}"


@pytest.mark.parametrize(
    ("part", "attr"),
    [
        ({"series": []}, "series"),
        ({"series": [VIEW, VIEW]}, "series"),
        ({"interval": "fortnight"}, "interval"),
        ({"lifecycleFilter": []}, "lifecycleFilter"),
        ({"lifecycleFilter": {"onlyUseInsightDates": "yes"}}, "lifecycleFilter__onlyUseInsightDates"),
        ({"interval": "hour", "dateRange": {"date_from": "2000-01-01", "date_to": "2026-03-01"}}, "dateRange"),
    ],
)
def test_invalid_value_is_refused(part: dict[str, Any], attr: str) -> None:
    with pytest.raises(InvalidQuery) as caught:
        compile_query(lifecycle(**part), CONTEXT)
    assert caught.value.attr == f"query__{attr}"


def test_result_is_final_when_the_last_interval_has_ended() -> None:
    found = compile_query(lifecycle(interval="month"), CONTEXT).range
    assert found
    assert [side and side.isoformat() for side in found] == [
        "2026-03-01T00:00:00+01:00",
        "2026-03-31T23:59:59.999999+02:00",
    ]
