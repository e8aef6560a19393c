"""Stickiness: the shape of results, options, and values that are refused."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from queries.runners.compile import compile_query
from queries.runners.context import QueryContext
from queries.runners.errors import InvalidQuery, UnsupportedPart
from tests.queries.hogql.store import Store
from tests.queries.runners.helpers import CONTEXT, run
from tests.queries.runners.small_datasets import insert_events

VIEW = {"kind": "EventsNode", "event": "view"}
MARCH = {"date_from": "2026-03-02", "date_to": "2026-03-04"}
# Ada views on three days, twice on the second. Bob views on the last day, and once before the range.
VIEWS = [("ada", "view", f"2026-03-0{day} 10:00:00") for day in (2, 3, 4)] + [("ada", "view", "2026-03-03 11:00:00")]
VIEWS += [("bob", "view", "2026-03-04 10:00:00"), ("bob", "view", "2026-03-01 10:00:00")]
VIEWS += [("bob", "search", "2026-03-02 10:00:00")]


def stickiness(**parts: Any) -> dict[str, Any]:
    return {"kind": "StickinessQuery", "series": [VIEW], "interval": "day", "dateRange": MARCH} | parts


def read_data(store: Store, context: QueryContext, query: dict[str, Any]) -> list[list[int]]:
    return [series["data"] for series in run(store, query, context)["results"]]


@pytest.fixture(scope="module")
def views(store: Store) -> QueryContext:
    return insert_events(store, VIEWS)


def test_result_has_the_shape_of_a_response(store: Store, views: QueryContext) -> None:
    series = VIEW | {"custom_name": "Visits"}
    assert run(store, stickiness(series=[series]), views)["results"] == [
        {
            "action": {"id": "view", "name": "view", "custom_name": "Visits", "type": "events", "order": 0},
            "label": "view",
            "count": 2,
            "data": [1, 0, 1],
            "days": [1, 2, 3],
            "labels": ["1 day", "2 days", "3 days"],
        }
    ]


def test_several_series(store: Store, views: QueryContext) -> None:
    series = [VIEW, {"kind": "EventsNode", "event": "search"}, {"kind": "EventsNode", "event": None}]
    results = run(store, stickiness(series=series), views)["results"]
    assert [item["data"] for item in results] == [[1, 0, 1], [1, 0, 0], [0, 1, 1]]
    assert [item["label"] for item in results] == ["view", "search", "All events"]
    assert [item["action"]["order"] for item in results] == [0, 1, 2]


def test_cumulative_counts_persons_with_at_least_so_many_intervals(store: Store, views: QueryContext) -> None:
    result, *_ = run(store, stickiness(stickinessFilter={"computedAs": "cumulative"}), views)["results"]
    assert (result["data"], result["count"]) == ([2, 1, 1], 2)
    assert result["labels"] == ["1 day or more", "2 days or more", "3 days or more"]


@pytest.mark.parametrize(
    ("operator", "value", "data"),
    [
        ("gte", 2, [1, 0, 0]),
        ("lte", 1, [1, 1, 0]),
        ("exact", 1, [1, 1, 0]),
        ("gte", 0, [1, 0, 1]),
        ("exact", 0, [0, 0, 0]),
    ],
)
def test_criterion_of_an_interval(
    store: Store, views: QueryContext, operator: str, value: int, data: list[int]
) -> None:
    criteria = {"stickinessCriteria": {"operator": operator, "value": value}}
    assert read_data(store, views, stickiness(stickinessFilter=criteria)) == [data]


@pytest.mark.parametrize(("size", "data"), [(1, [1, 0, 1]), (2, [1, 1]), (3, [2]), (100, [2])])
def test_joined_intervals_are_counted_from_the_end(
    store: Store, views: QueryContext, size: int, data: list[int]
) -> None:
    assert read_data(store, views, stickiness(intervalCount=size)) == [data]


def test_comparison_follows_each_series(store: Store, views: QueryContext) -> None:
    series = [VIEW, {"kind": "EventsNode", "event": "search"}]
    results = run(store, stickiness(series=series, compareFilter={"compare": True}), views)["results"]
    assert [(item["label"], item["compare_label"], item["data"]) for item in results] == [
        ("view", "current", [1, 0, 1]),
        ("view", "previous", [1, 0, 0]),
        ("search", "current", [1, 0, 0]),
        ("search", "previous", [0, 0, 0]),
    ]
    assert all(item["compare"] for item in results)


def test_comparison_with_a_given_offset(store: Store, views: QueryContext) -> None:
    compare = {"compare": True, "compare_to": "-1d"}
    assert read_data(store, views, stickiness(compareFilter=compare)) == [[1, 0, 1], [1, 1, 0]]


def test_days_of_the_week(store: Store, views: QueryContext) -> None:
    assert read_data(store, views, stickiness(dateRange=MARCH | {"daysOfWeek": [2, 3]})) == [[1, 1, 0]]


def test_more_intervals_than_bits_of_a_number(store: Store, views: QueryContext) -> None:
    query = stickiness(interval="hour", dateRange={"date_from": "2026-03-01", "date_to": "2026-03-04"})
    assert [(len(data), data[:5], sum(data)) for data in read_data(store, views, query)] == [(96, [0, 1, 0, 1, 0], 2)]


@pytest.mark.parametrize("hours", [63, 64, 65])
def test_first_and_last_interval_around_the_bits_of_a_number(store: Store, hours: int) -> None:
    last = datetime(2026, 3, 2, tzinfo=UTC) + timedelta(hours=hours - 1)
    events = [("ada", "view", time) for time in ("2026-03-02 00:00:00", f"{last:%Y-%m-%d %H:59:59}")]
    context = insert_events(store, events)
    query = stickiness(interval="hour", dateRange={"date_from": "2026-03-02", "date_to": f"{last:%Y-%m-%dT%H:59:59}"})
    assert read_data(store, context, query) == [[0, 1, *([0] * (hours - 2))]]


@pytest.mark.parametrize("math", ["total", "dau", None])
def test_math_that_counts_persons(store: Store, views: QueryContext, math: str | None) -> None:
    assert read_data(store, views, stickiness(series=[VIEW | {"math": math}])) == [[1, 0, 1]]


@pytest.mark.parametrize(
    ("part", "attr"),
    [
        ({"series": [VIEW | {"math": "hogql", "math_hogql": "distinct_id"}]}, "series__0__math"),
        ({"series": [VIEW, VIEW | {"math": "unique_group"}]}, "series__1__math"),
        ({"series": [VIEW | {"math": ["total"]}]}, "series__0__math"),
        ({"series": [{"kind": "ActionsNode", "id": 7}]}, "series__0__kind"),
        ({"aggregation_group_type_index": 0}, "aggregation_group_type_index"),
    ],
)
def test_unsupported_part_is_refused(part: dict[str, Any], attr: str) -> None:
    with pytest.raises(UnsupportedPart) as caught:
        compile_query(stickiness(**part), CONTEXT)
    assert caught.value.attr == f"query__{attr}"


@pytest.mark.parametrize(
    ("part", "attr"),
    [
        ({"series": []}, "series"),
        ({"interval": "fortnight"}, "interval"),
        ({"intervalCount": 0}, "intervalCount"),
        ({"intervalCount": 1.5}, "intervalCount"),
        ({"stickinessFilter": 1}, "stickinessFilter"),
        ({"stickinessFilter": {"computedAs": "total"}}, "stickinessFilter__computedAs"),
        ({"stickinessFilter": {"stickinessCriteria": 3}}, "stickinessFilter__stickinessCriteria"),
        (
            {"stickinessFilter": {"stickinessCriteria": {"operator": "gt", "value": 3}}},
            "stickinessFilter__stickinessCriteria__operator",
        ),
        (
            {"stickinessFilter": {"stickinessCriteria": {"operator": "gte", "value": -1}}},
            "stickinessFilter__stickinessCriteria__value",
        ),
        ({"compareFilter": {"compare": True, "compare_to": "last week"}}, "compareFilter__compare_to"),
        ({"dateRange": {"date_from": "2026-03-02", "date_to": "2026-03-01"}}, "dateRange"),
    ],
)
def test_invalid_value_is_refused(part: dict[str, Any], attr: str) -> None:
    with pytest.raises(InvalidQuery) as caught:
        compile_query(stickiness(**part), CONTEXT)
    assert caught.value.attr == f"query__{attr}"
    assert not isinstance(caught.value, UnsupportedPart)
