"""The conversion of legacy filters to the equivalent query."""

from typing import Any

import pytest

from queries.legacy_filters.conversion import convert_filters

PAGEVIEW = {"kind": "EventsNode", "event": "$pageview"}
EVENTS = [{"id": "$pageview", "type": "events", "order": 0, "name": None, "math": None, "properties": []}]
FILTER = {"key": "$browser", "type": "event", "value": "Chrome"}


def trends(**fields: Any) -> dict[str, Any]:
    return {"kind": "TrendsQuery", "series": [PAGEVIEW], **fields}


def funnel(**fields: Any) -> dict[str, Any]:
    return {"kind": "FunnelsQuery", "series": [PAGEVIEW], **fields}


TRENDS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, trends()),
    ({"insight": "TRENDS"}, trends()),
    ({"insight": "trends", "interval": "Week"}, trends(interval="week")),
    ({"date_from": "-30d", "date_to": ""}, trends(dateRange={"date_from": "-30d"})),
    ({"date_from": "2026-01-01", "date_to": "2026-01-31", "explicit_date": "true"}, {
        **trends(dateRange={"date_from": "2026-01-01", "date_to": "2026-01-31", "explicitDate": True}),
    }),
    ({"filter_test_accounts": True}, trends(filterTestAccounts=True)),
    ({"filter_test_accounts": "false"}, trends(filterTestAccounts=False)),
    ({"aggregation_group_type_index": 0}, trends(aggregation_group_type_index=0)),
    ({"display": "ActionsPie", "show_legend": True}, trends(trendsFilter={"display": "ActionsPie"})),
    ({"display": "FunnelViz"}, trends()),
    ({"formula": "A / 2", "smoothing_intervals": "7"}, {
        **trends(trendsFilter={"formula": "A / 2", "smoothingIntervals": 7}),
    }),
    ({"compare": True, "compare_to": "-1w"}, trends(compareFilter={"compare": True, "compare_to": "-1w"})),
    ({"compare": "false"}, trends(compareFilter={"compare": False})),
    ({"sampling_factor": 0.1, "funnel_window_days": 7}, trends()),
    ({"shown_as": "Volume"}, trends()),
    ({"shown_as": "Stickiness"}, {
        "kind": "StickinessQuery", "series": [{**PAGEVIEW, "math": "dau"}],
    }),
    ({"shown_as": "Lifecycle", "interval": "day"}, {
        "kind": "LifecycleQuery", "series": [PAGEVIEW], "interval": "day",
    }),
]  # fmt: skip
SERIES: list[tuple[dict[str, Any], list[Any]]] = [
    ({"events": [{"id": None, "name": "All events"}]}, [{"kind": "EventsNode", "name": "All events"}]),
    ({"events": [{"id": "a", "math": "sum", "math_property": "n", "custom_name": "Sum"}]}, [
        {"kind": "EventsNode", "event": "a", "custom_name": "Sum", "math": "sum", "math_property": "n"},
    ]),
    ({"events": [{"id": "a", "math": "hogql", "math_hogql": "count()"}]}, [
        {"kind": "EventsNode", "event": "a", "math": "hogql", "math_hogql": "count()"},
    ]),
    ({"events": [{"id": "b", "order": 2}, {"id": "a", "order": "1"}], "actions": [{"id": "7", "order": 0}]}, [
        {"kind": "ActionsNode", "id": 7}, {"kind": "EventsNode", "event": "a"}, {"kind": "EventsNode", "event": "b"},
    ]),
    ({"events": '[{"id": "a"}]', "actions": [{"id": None, "name": "Choose"}]}, [{"kind": "EventsNode", "event": "a"}]),
    ({"data_warehouse": [{"id": "t", "table_name": "t", "id_field": "i"}], "events": None}, [
        {"kind": "DataWarehouseNode", "id": "t", "id_field": "i", "table_name": "t"},
    ]),
    ({"groups": [{"operator": "OR", "nestedFilters": [{"id": "a"}, {"id": 3, "type": "actions"}]}]}, [
        {"kind": "GroupNode", "operator": "OR", "nodes": [
            {"kind": "EventsNode", "event": "a"}, {"kind": "ActionsNode", "id": 3},
        ]},
    ]),
    ({"events": [{"id": "a", "properties": [{"key": "x", "value": ["1", None]}]}]}, [
        {"kind": "EventsNode", "event": "a", "properties": [{"key": "x", "value": ["1"]}]},
    ]),
    ({"events": [{"id": "a", "properties": {"type": "OR", "values": [FILTER, FILTER]}}]}, [
        {"kind": "EventsNode", "event": "a", "properties": {"type": "OR", "values": [FILTER, FILTER]}},
    ]),
]  # fmt: skip
PROPERTIES: list[tuple[Any, Any]] = [
    ([], None),
    ({}, None),
    ("", None),
    ([FILTER], [FILTER]),
    ('[{"key": "$browser", "type": "event", "value": "Chrome"}]', [FILTER]),
    ({"type": "OR", "values": [{"type": "AND", "values": [FILTER]}]}, {
        "type": "OR", "values": [{"type": "AND", "values": [FILTER]}],
    }),
    ({"$browser": "Chrome"}, [{"key": "$browser", "value": "Chrome", "operator": "exact", "type": "event"}]),
    ({"$browser": "x", "$os__icontains": "y"}, [
        {"key": "$browser", "value": "x", "operator": "exact", "type": "event"},
        {"key": "$os", "value": "y", "operator": "icontains", "type": "event"},
    ]),
    ({"key": "x"}, [{"key": "key", "value": "x", "operator": "exact", "type": "event"}]),
    ({"a__b__is_not": 1}, [{"key": "a__b", "value": 1, "operator": "is_not", "type": "event"}]),
    ({"type": "AND", "values": [{"$browser": "x"}, [FILTER]]}, {"type": "AND", "values": [
        {"type": "AND", "values": [{"key": "$browser", "value": "x", "operator": "exact", "type": "event"}]}, [FILTER],
    ]}),
    ([{"key": "a", "type": "events", "values": ["x"], "operator": None}], [
        {"key": "a", "type": "event", "value": ["x"]},
    ]),
    ([{"key": "a", "type": "static-cohort", "value": 3}], [{"key": "id", "type": "cohort", "value": 3}]),
    ([{"key": "$browser"}], [{"key": "$browser"}]),
]  # fmt: skip
BREAKDOWNS: list[tuple[dict[str, Any], Any]] = [
    ({"breakdown": "$browser"}, {"breakdown": "$browser", "breakdown_type": "event"}),
    ({"breakdown": "plan", "breakdown_type": "person", "breakdown_limit": "5"}, {
        "breakdown": "plan", "breakdown_type": "person", "breakdown_limit": 5,
    }),
    ({"breakdown": "n", "breakdown_type": "events", "breakdown_histogram_bin_count": 4}, {
        "breakdown": "n", "breakdown_type": "event", "breakdown_histogram_bin_count": 4,
    }),
    ({"breakdown": "u", "breakdown_normalize_url": True, "breakdown_hide_other_aggregation": True}, {
        "breakdown": "u", "breakdown_type": "event", "breakdown_normalize_url": True,
        "breakdown_hide_other_aggregation": True,
    }),
    ({"breakdown": '["a", null, "b"]'}, {"breakdown": ["a", "b"], "breakdown_type": "event"}),
    ({"breakdown": [3], "breakdown_type": "cohort"}, {"breakdown": [3], "breakdown_type": "cohort"}),
    ({"breakdown": None, "breakdown_type": "undefined"}, None),
    ({"breakdown_type": "event", "breakdown_limit": 5}, None),
    ({"breakdowns": [{"property": "a"}, {"property": "b", "type": "person"}], "breakdown_limit": 3}, {
        "breakdown_limit": 3, "breakdowns": [{"property": "a", "type": "event"}, {"property": "b", "type": "person"}],
    }),
]  # fmt: skip
FUNNELS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, funnel()),
    ({"funnel_viz_type": "time_to_convert", "bin_count": "auto", "funnel_order_type": "strict"}, {
        **funnel(funnelsFilter={"funnelVizType": "time_to_convert", "funnelOrderType": "strict"}),
    }),
    ({"display": "ActionsLineGraph", "bin_count": "9"}, {
        **funnel(funnelsFilter={"funnelVizType": "trends", "binCount": 9}),
    }),
    ({"display": "ActionsLineGraph", "funnel_viz_type": "steps"}, funnel(funnelsFilter={"funnelVizType": "steps"})),
    ({"funnel_window_days": 7}, {
        **funnel(funnelsFilter={"funnelWindowInterval": 7, "funnelWindowIntervalUnit": "day"}),
    }),
    ({"funnel_window_interval": "3", "funnel_window_interval_unit": "hour", "funnel_window_days": 7}, {
        **funnel(funnelsFilter={"funnelWindowInterval": 3, "funnelWindowIntervalUnit": "hour"}),
    }),
    ({"exclusions": [{"id": "x", "type": "events", "funnel_from_step": 0, "funnel_to_step": "1"}]}, {
        **funnel(funnelsFilter={"exclusions": [
            {"kind": "EventsNode", "event": "x", "funnelFromStep": 0, "funnelToStep": 1},
        ]}),
    }),
    ({"exclusions": [{"id": 4, "type": "actions"}]}, {
        **funnel(funnelsFilter={"exclusions": [{"kind": "ActionsNode", "id": 4}]}),
    }),
    ({"funnel_from_step": 1, "funnel_to_step": 2, "breakdown": "a", "breakdown_attribution_type": "step",
      "breakdown_attribution_value": "1", "breakdown_histogram_bin_count": 4}, {
        **funnel(
            funnelsFilter={
                "funnelFromStep": 1, "funnelToStep": 2, "breakdownAttributionType": "step",
                "breakdownAttributionValue": 1,
            },
            breakdownFilter={"breakdown": "a", "breakdown_type": "event"},
        ),
    }),
    ({"breakdowns": [{"property": "a", "type": "person"}]}, {
        **funnel(breakdownFilter={"breakdown": "a", "breakdown_type": "person"}),
    }),
    ({"funnel_aggregate_by_hogql": "properties.x", "compare": True}, {
        **funnel(funnelsFilter={"funnelAggregateByHogQL": "properties.x"}),
    }),
]  # fmt: skip
OTHERS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"insight": "FUNNELS", "events": [{"id": "a", "math": "total"}, {"id": "b", "math": "first_time_for_user"}]}, {
        "kind": "FunnelsQuery",
        "series": [
            {"kind": "EventsNode", "event": "a"}, {"kind": "EventsNode", "event": "b", "math": "first_time_for_user"},
        ],
    }),
    ({"insight": "RETENTION"}, {"kind": "RetentionQuery"}),
    ({"insight": "RETENTION", "period": "Week", "total_intervals": "4", "retention_type": "retention_first_time",
      "retention_reference": "previous", "cumulative": True, "date_to": "2026-01-31", "interval": "day",
      "target_entity": {"id": "a", "type": "events", "math": "dau"}, "returning_entity": '{"id": "b"}'}, {
        "kind": "RetentionQuery",
        "dateRange": {"date_to": "2026-01-31"},
        "retentionFilter": {
            "period": "Week", "totalIntervals": 4, "retentionType": "retention_first_time",
            "retentionReference": "previous", "cumulative": True, "targetEntity": {"id": "a", "type": "events"},
            "returningEntity": {"id": "b"},
        },
    }),
    ({"insight": "RETENTION", "returning_entity": {"id": "a", "properties": [FILTER]}}, {
        "kind": "RetentionQuery",
        "retentionFilter": {"returningEntity": {"id": "a", "properties": [FILTER]}},
    }),
    ({"insight": "LIFECYCLE", "events": EVENTS, "toggledLifecycles": ["new"], "breakdown": "x"}, {
        "kind": "LifecycleQuery", "series": [PAGEVIEW], "lifecycleFilter": {"toggledLifecycles": ["new"]},
    }),
    ({"insight": "STICKINESS", "events": [{"id": "a", "math": "sum"}, {"id": "b", "math": "weekly_active"}],
      "compare": True, "stickiness_days": 3, "display": "ActionsBar"}, {
        "kind": "StickinessQuery",
        "series": [
            {"kind": "EventsNode", "event": "a", "math": "dau"},
            {"kind": "EventsNode", "event": "b", "math": "weekly_active"},
        ],
        "stickinessFilter": {"display": "ActionsBar"},
        "compareFilter": {"compare": True},
    }),
    ({"insight": "PATHS", "include_event_types": ["$pageview"], "step_limit": 5, "properties": [FILTER]}, {
        "kind": "PathsQuery", "properties": [FILTER],
        "pathsFilter": {"includeEventTypes": ["$pageview"], "stepLimit": 5},
    }),
    ({"insight": "SESSIONS", "session": "avg", "events": EVENTS}, {"kind": "SESSIONS"}),
    ({"insight": "QueryValidation"}, {"kind": "QUERYVALIDATION"}),
    ({"insight": ["TRENDS"]}, {"kind": "UNKNOWN"}),
]  # fmt: skip


@pytest.mark.parametrize(("filters", "query"), TRENDS)
def test_trends(filters: dict[str, Any], query: dict[str, Any]) -> None:
    assert convert_filters({"events": EVENTS, **filters}) == query


@pytest.mark.parametrize(("filters", "series"), SERIES)
def test_series(filters: dict[str, Any], series: list[Any]) -> None:
    assert convert_filters(filters) == {"kind": "TrendsQuery", "series": series}


@pytest.mark.parametrize(("properties", "expected"), PROPERTIES)
def test_properties(properties: Any, expected: Any) -> None:
    converted = convert_filters({"events": EVENTS, "properties": properties})
    assert converted == (trends() if expected is None else trends(properties=expected))


@pytest.mark.parametrize(("filters", "breakdown"), BREAKDOWNS)
def test_breakdowns(filters: dict[str, Any], breakdown: Any) -> None:
    converted = convert_filters({"events": EVENTS, **filters})
    assert converted == (trends() if breakdown is None else trends(breakdownFilter=breakdown))


@pytest.mark.parametrize(("filters", "query"), FUNNELS)
def test_funnels(filters: dict[str, Any], query: dict[str, Any]) -> None:
    assert convert_filters({"insight": "FUNNELS", "events": EVENTS, **filters}) == query


@pytest.mark.parametrize(("filters", "query"), OTHERS)
def test_other_insights(filters: dict[str, Any], query: dict[str, Any]) -> None:
    assert convert_filters(filters) == query


@pytest.mark.parametrize("filters", [None, {}, [], "TRENDS", 5, {"date_from": "-7d"}, {"events": []}, {"insight": ""}])
def test_filters_of_no_insight(filters: Any) -> None:
    assert convert_filters(filters) is None
