"""Retention: options that affect counts or only their display, values that are refused, and limits."""

from datetime import UTC, datetime
from typing import Any

import pytest

from queries.exceptions import ResultTooLarge
from queries.runners.compile import compile_query
from queries.runners.context import QueryContext
from queries.runners.errors import InvalidQuery, UnsupportedPart
from tests.queries.hogql.store import Store
from tests.queries.runners.helpers import CONTEXT, run
from tests.queries.runners.small_datasets import insert_events

VIEWS = [("ada", "view", "2026-03-02 10:00:00"), ("ada", "view", "2026-03-04 10:00:00")]
VIEWS += [("ada", "view", "2026-03-04 11:00:00"), ("bob", "view", "2026-03-03 10:00:00")]
VIEW = {"id": "view", "type": "events"}
MARCH = {"date_from": "2026-03-02", "date_to": "2026-03-04"}


def retention(date_range: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
    filters = {"period": "Day", "totalIntervals": 3, "targetEntity": VIEW, "returningEntity": VIEW} | options
    return {"kind": "RetentionQuery", "dateRange": date_range or MARCH, "retentionFilter": filters}


def read_counts(store: Store, context: QueryContext, query: dict[str, Any]) -> list[list[int]]:
    return [[cell["count"] for cell in row["values"]] for row in run(store, query, context)["results"]]


@pytest.fixture(scope="module")
def views(store: Store) -> QueryContext:
    return insert_events(store, VIEWS)


def test_row_has_the_shape_of_a_response(store: Store, views: QueryContext) -> None:
    first, *_ = run(store, retention(totalIntervals=2), views)["results"]
    assert first == {
        "date": "2026-03-02T00:00:00Z",
        "label": "Day 0",
        "values": [{"count": 1, "label": "Day 0"}, {"count": 0, "label": "Day 1"}],
        "breakdown_value": None,
    }


def test_dates_have_the_offset_of_the_zone(store: Store) -> None:
    context = insert_events(store, VIEWS, time_zone="Europe/Berlin")
    date_range = {"date_from": "2026-03-28", "date_to": "2026-03-30"}
    dates = [row["date"] for row in run(store, retention(date_range), context)["results"]]
    assert dates == ["2026-03-28T00:00:00+01:00", "2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00"]


def test_rows_are_padded_with_zeros(store: Store, views: QueryContext) -> None:
    assert read_counts(store, views, retention()) == [[1, 0, 1], [1, 0, 0], [1, 0, 0]]


def test_cumulative_counts_later_returns(store: Store, views: QueryContext) -> None:
    assert read_counts(store, views, retention(cumulative=True)) == [[1, 1, 1], [1, 0, 0], [1, 0, 0]]


@pytest.mark.parametrize(("least", "returned"), [(1, 1), (2, 1), (3, 0)])
def test_minimum_occurrences(store: Store, views: QueryContext, least: int, returned: int) -> None:
    assert read_counts(store, views, retention(minimumOccurrences=least))[0] == [1, 0, returned]


def test_reference_of_percentages_changes_no_count(store: Store, views: QueryContext) -> None:
    assert run(store, retention(retentionReference="previous"), views) == run(store, retention(), views)


def test_days_of_the_week(store: Store, views: QueryContext) -> None:
    tuesdays = MARCH | {"daysOfWeek": [2]}
    assert read_counts(store, views, retention(tuesdays)) == [[0, 0, 0], [1, 0, 0], [0, 0, 0]]


def test_first_event_before_the_range_counts(store: Store, views: QueryContext) -> None:
    later = {"date_from": "2026-03-03", "date_to": "2026-03-04"}
    query = retention(later, retentionType="retention_first_time")
    assert read_counts(store, views, query) == [[1, 0, 0], [0, 0, 0]]


def test_first_event_ever_must_match_the_filters(store: Store) -> None:
    events = [("ada", "view", "2026-03-02 10:00:00", {"plan": "free"})]
    events += [("ada", "view", "2026-03-03 10:00:00", {"plan": "pro"})]
    context = insert_events(store, events)
    pro = {"key": "plan", "type": "event", "operator": "exact", "value": ["pro"]}
    target = VIEW | {"properties": [pro]}
    first = retention(targetEntity=target, retentionType="retention_first_time")
    assert read_counts(store, context, first) == [[0, 0, 0], [1, 0, 0], [0, 0, 0]]
    ever = retention(targetEntity=target, retentionType="retention_first_ever_occurrence")
    assert read_counts(store, context, ever) == [[0, 0, 0], [0, 0, 0], [0, 0, 0]]


def test_default_event_period_and_number_of_intervals(store: Store) -> None:
    events = [("ada", "$pageview", "2026-03-02 10:00:00"), ("ada", "view", "2026-03-03 10:00:00")]
    context = insert_events(store, events, now=datetime(2026, 3, 4, 12, tzinfo=UTC))
    body = run(store, {"kind": "RetentionQuery", "retentionFilter": {}}, context)
    assert [row["date"][:10] for row in body["results"]] == [f"2026-02-{day}" for day in range(25, 29)] + [
        f"2026-03-0{day}" for day in range(1, 5)
    ]
    assert [row["values"][0]["count"] for row in body["results"]] == [0, 0, 0, 0, 0, 1, 0, 0]
    assert body["results"][5]["values"] == [{"count": int(day == 0), "label": f"Day {day}"} for day in range(8)]


def test_no_id_is_all_events(store: Store, views: QueryContext) -> None:
    anything = {"id": None, "type": "events", "name": "All events"}
    assert read_counts(store, views, retention(targetEntity=anything, returningEntity=anything))[0] == [1, 0, 1]


def test_incomplete_period_is_left_out(store: Store) -> None:
    context = insert_events(store, VIEWS, now=datetime(2026, 3, 4, 12, tzinfo=UTC))
    query = retention({"excludeIncompletePeriods": True}, totalIntervals=2)
    assert [row["date"][:10] for row in run(store, query, context)["results"]] == ["2026-03-02", "2026-03-03"]


def test_range_begins_with_the_first_event(store: Store) -> None:
    context = insert_events(store, VIEWS, now=datetime(2026, 3, 4, 12, tzinfo=UTC))
    assert len(run(store, retention({"date_from": "all"}), context)["results"]) == 3


def test_more_intervals_than_bits_of_a_number(store: Store, views: QueryContext) -> None:
    date_range = {"date_from": "2025-12-01", "date_to": "2026-03-04"}
    for kind in ("retention_recurring", "retention_first_time"):
        rows = read_counts(store, views, retention(date_range, totalIntervals=70, retentionType=kind))
        assert (len(rows), [row[:3] for row in rows[-3:]]) == (
            94,
            [[1, 0, 1], [1, 0, 0], [int(kind == "retention_recurring"), 0, 0]],
        )


def test_as_many_cohorts_as_are_allowed(store: Store, views: QueryContext) -> None:
    date_range = {"date_from": "2025-01-15", "date_to": "2026-03-06"}
    rows = read_counts(store, views, retention(date_range, period="Hour", totalIntervals=9))
    assert (len(rows), sum(row[0] for row in rows)) == (416 * 24, 4)


def test_filters_of_the_query_and_of_test_accounts(store: Store) -> None:
    is_real = {"key": "email", "type": "person", "operator": "is_not", "value": ["ada@example.com"]}
    persons = {"ada": {"properties": {"email": "ada@example.com"}}}
    context = insert_events(store, VIEWS, persons, test_account_filters=[is_real])
    for part in ({"filterTestAccounts": True}, {"properties": [is_real]}):
        assert read_counts(store, context, retention() | part) == [[0, 0, 0], [1, 0, 0], [0, 0, 0]]


@pytest.fixture(scope="module")
def plans(store: Store) -> QueryContext:
    """Insert three persons without a plan, two with plan a, and one each with plan b and c."""
    plans = {"ada": "a", "bob": "a", "cy": "b", "dan": "c", "eve": None, "flo": "", "gil": "absent"}
    events = [
        (who, "view", "2026-03-02 10:00:00", {} if plan == "absent" else {"plan": plan}) for who, plan in plans.items()
    ]
    return insert_events(store, events)


def break_down(**options: Any) -> dict[str, Any]:
    return retention(totalIntervals=1) | {"breakdownFilter": {"breakdown": "plan", "breakdown_type": "event"} | options}


def read_values(store: Store, context: QueryContext, query: dict[str, Any]) -> list[tuple[str, int]]:
    """Return the values of a breakdown, with the number of persons in the first cohort."""
    rows = run(store, query, context)["results"]
    return [(row["breakdown_value"], row["values"][0]["count"]) for row in rows if row["label"] == "Day 0"]


def test_values_of_a_breakdown_by_persons_then_by_name(store: Store, plans: QueryContext) -> None:
    assert read_values(store, plans, break_down()) == [("", 3), ("a", 2), ("b", 1), ("c", 1)]


def test_values_after_the_limit_are_one(store: Store, plans: QueryContext) -> None:
    found = read_values(store, plans, break_down(breakdown_limit=2))
    assert found == [("", 3), ("a", 2), ("$$_posthog_breakdown_other_$$", 2)]
    hidden = read_values(store, plans, break_down(breakdown_limit=2, breakdown_hide_other_aggregation=True))
    assert hidden == [("", 3), ("a", 2)]


def test_list_of_one_breakdown(store: Store, plans: QueryContext) -> None:
    query = retention(totalIntervals=1) | {"breakdownFilter": {"breakdowns": [{"property": "plan", "type": "event"}]}}
    assert read_values(store, plans, query) == read_values(store, plans, break_down())


def test_nobody_in_a_breakdown(store: Store, plans: QueryContext) -> None:
    assert run(store, break_down() | {"dateRange": {"date_from": "2025-03-02", "date_to": "2025-03-03"}}, plans) == {
        "results": []
    }


def test_cells_of_all_values_are_limited(store: Store, plans: QueryContext) -> None:
    query = break_down() | {"dateRange": {"date_from": "2025-10-01", "date_to": "2026-12-31"}}
    query["retentionFilter"] = query["retentionFilter"] | {"totalIntervals": 100}
    with pytest.raises(ResultTooLarge):  # 457 rows of 100 cells for each of four values
        run(store, query, plans)


@pytest.mark.parametrize(
    ("part", "attr"),
    [
        ({"timeWindowMode": "24_hour_windows"}, "timeWindowMode"),
        ({"retentionCustomBrackets": [1, 3]}, "retentionCustomBrackets"),
        ({"aggregationType": "sum", "aggregationProperty": "amount"}, "aggregationType"),
        ({"aggregationType": "avg"}, "aggregationType"),
        ({"customAggregationTarget": True}, "customAggregationTarget"),
        ({"targetEntity": {"id": 7, "type": "actions"}}, "targetEntity__type"),
        ({"returningEntity": {"id": "7", "kind": "ActionsNode"}}, "returningEntity__type"),
        ({"returningEntity": {"id": "orders", "type": "data_warehouse"}}, "returningEntity__type"),
    ],
)
def test_unsupported_part_is_refused(part: dict[str, Any], attr: str) -> None:
    with pytest.raises(UnsupportedPart) as caught:
        compile_query(retention(**part), CONTEXT)
    assert caught.value.attr == f"query__retentionFilter__{attr}"


@pytest.mark.parametrize(
    ("part", "attr"),
    [
        ({"aggregation_group_type_index": 0}, "aggregation_group_type_index"),
        ({"breakdownFilter": {"breakdowns": [{"property": "a"}, {"property": "b"}]}}, "breakdownFilter__breakdowns"),
        (
            {"breakdownFilter": {"breakdown": "a", "breakdown_histogram_bin_count": 5}},
            "breakdownFilter__breakdown_histogram_bin_count",
        ),
        ({"breakdownFilter": {"breakdown": [1], "breakdown_type": "cohort"}}, "breakdownFilter__breakdown_type"),
    ],
)
def test_unsupported_part_of_the_query_is_refused(part: dict[str, Any], attr: str) -> None:
    with pytest.raises(UnsupportedPart) as caught:
        compile_query(retention() | part, CONTEXT)
    assert caught.value.attr == f"query__{attr}"


@pytest.mark.parametrize(
    ("part", "attr"),
    [
        ({"period": "day"}, "period"),
        ({"period": ["Day"]}, "period"),
        ({"retentionType": "first"}, "retentionType"),
        ({"retentionReference": "first"}, "retentionReference"),
        ({"timeWindowMode": 24}, "timeWindowMode"),
        ({"totalIntervals": 0}, "totalIntervals"),
        ({"totalIntervals": 101}, "totalIntervals"),
        ({"totalIntervals": "7"}, "totalIntervals"),
        ({"minimumOccurrences": 0}, "minimumOccurrences"),
        ({"minimumOccurrences": 10_001}, "minimumOccurrences"),
        ({"cumulative": "yes"}, "cumulative"),
        ({"targetEntity": "view"}, "targetEntity"),
        ({"targetEntity": {"id": 7}}, "targetEntity__id"),
        ({"targetEntity": {"id": "view", "type": ["events"]}}, "targetEntity__type"),
        ({"returningEntity": {"id": "view", "properties": [7]}}, "returningEntity__properties__0"),
    ],
)
def test_invalid_value_is_refused(part: dict[str, Any], attr: str) -> None:
    with pytest.raises(InvalidQuery) as caught:
        compile_query(retention(**part), CONTEXT)
    assert caught.value.attr == f"query__retentionFilter__{attr}"
    assert not isinstance(caught.value, UnsupportedPart)


@pytest.mark.parametrize(
    ("part", "attr"),
    [
        ({"retentionFilter": []}, "retentionFilter"),
        ({"breakdownFilter": {"breakdown": 7}}, "breakdownFilter__breakdown"),
        ({"breakdownFilter": {"breakdown": "a", "breakdown_limit": 0}}, "breakdownFilter__breakdown_limit"),
        ({"dateRange": {"date_from": "2026-03-02", "date_to": "2026-03-01"}}, "dateRange"),
        ({"dateRange": {"date_from": "2000-01-01", "date_to": "2026-03-01"}}, "dateRange"),  # too many intervals
        ({"dateRange": {"date_to": "1901-01-01"}, "retentionFilter": {"period": "Month"}}, "dateRange__date_to"),
    ],
)
def test_invalid_value_of_the_query_is_refused(part: dict[str, Any], attr: str) -> None:
    query = retention(period="Hour") | part
    with pytest.raises(InvalidQuery) as caught:
        compile_query(query, CONTEXT)
    assert caught.value.attr == f"query__{attr}"


def test_cells_of_a_table_are_limited() -> None:
    date_range = {"date_from": "2024-01-01", "date_to": "2026-12-31"}  # 1,096 days
    with pytest.raises(InvalidQuery, match="more than 100,000 cells"):
        compile_query(retention(date_range, totalIntervals=100), CONTEXT)


def test_result_is_final_when_the_last_interval_has_ended() -> None:
    found = compile_query(retention({"date_from": "2026-03-02", "date_to": "2026-03-04"}, period="Week"), CONTEXT).range
    assert found
    assert [side and side.isoformat() for side in found] == [
        "2026-03-02T00:00:00+01:00",
        "2026-03-08T23:59:59.999999+01:00",
    ]
