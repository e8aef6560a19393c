"""Query overrides of a dashboard, applied to queries of each kind."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queries.overrides import (
    INSIGHT_QUERIES,
    VariableValues,
    apply_overrides_to_filters,
    has_overrides,
    merge_filters_and_variables,
)

OWN = [{"key": "plan", "value": "free"}]
ADDED = [{"key": "country", "value": "NL"}]
DATES = {"date_from": "-30d", "date_to": None}


def apply_checked(query: dict[str, Any], filters: dict[str, Any], *variables: dict[str, Any]) -> dict[str, Any]:
    """Return the query with overrides applied, after checking that the original query has not changed."""
    before = copy.deepcopy(query)
    after = merge_filters_and_variables(query, filters, [VariableValues(each) for each in variables])
    assert query == before
    return after


@pytest.mark.parametrize("kind", sorted(INSIGHT_QUERIES))
def test_insight_queries_get_the_date_range_and_properties(kind: str) -> None:
    query = {"kind": kind, "dateRange": {"date_from": "-7d", "date_to": "-1d", "explicitDate": True}, "properties": OWN}
    assert apply_checked(query, {"date_from": "-30d", "properties": ADDED}) == {
        "kind": kind,
        "dateRange": {"date_from": "-30d", "date_to": None, "explicitDate": True},
        "properties": {
            "type": "AND",
            "values": [{"type": "AND", "values": OWN}, {"type": "AND", "values": ADDED}],
        },
    }


@pytest.mark.parametrize("wrapper", ["InsightVizNode", "DataTableNode", "DataVisualizationNode"])
def test_nested_query_nodes_are_overridden(wrapper: str) -> None:
    query = {"kind": wrapper, "source": {"kind": "TrendsQuery"}, "display": {"a": 1}}
    assert apply_checked(query, {"date_to": "2026-01-01"}) == {
        "kind": wrapper,
        "source": {"kind": "TrendsQuery", "dateRange": {"date_from": None, "date_to": "2026-01-01"}},
        "display": {"a": 1},
    }


def test_property_groups_remain_groups() -> None:
    group = {"type": "OR", "values": [{"type": "AND", "values": OWN}]}
    query = {"kind": "TrendsQuery", "properties": group}
    both = [group, {"type": "AND", "values": ADDED}]
    assert apply_checked(query, {"properties": ADDED})["properties"] == {"type": "AND", "values": both}
    assert apply_checked(query, {"properties": group})["properties"] == {"type": "AND", "values": [group, group]}


@pytest.mark.parametrize("own", [None, [], {}])
def test_query_without_properties_gets_those_of_the_dashboard(own: Any) -> None:
    assert apply_checked({"kind": "FunnelsQuery", "properties": own}, {"properties": ADDED})["properties"] == ADDED


def test_breakdown_applies_to_kinds_that_support_it() -> None:
    filters = {"breakdown_filter": {"breakdown": "$browser"}}
    assert apply_checked({"kind": "TrendsQuery"}, filters)["breakdownFilter"] == {"breakdown": "$browser"}
    assert "breakdownFilter" not in apply_checked({"kind": "PathsQuery"}, filters)


def test_sql_query_keeps_both_in_its_filters() -> None:
    query = {"kind": "HogQLQuery", "query": "SELECT 1 WHERE {filters}", "filters": {"properties": OWN}}
    assert apply_checked(
        {"kind": "DataVisualizationNode", "source": query}, {"date_from": "-1d", "properties": ADDED}
    ) == {
        "kind": "DataVisualizationNode",
        "source": {
            **query,
            "filters": {"properties": [*OWN, *ADDED], "dateRange": {"date_from": "-1d", "date_to": None}},
        },
    }


def test_sql_query_gets_values_of_its_variables() -> None:
    mine = {"code_name": "country", "variableId": "id-1", "value": "x"}
    query = {"kind": "HogQLQuery", "query": "SELECT {variables.country}", "variables": {"id-1": mine, "id-3": mine}}
    variables = {"id-1": {"code_name": "country", "value": "y"}, "id-2": {"value": "z"}, "id-3": {"isNull": True}}
    assert apply_checked(query, {}, variables) == {
        **query,
        "variables": {"id-1": {**mine, "value": "y"}, "id-3": {**mine, "isNull": True}},
    }


@pytest.mark.parametrize(
    ("layers", "value"),
    [
        ([{"new": {"code_name": "country", "value": "DE"}}], "DE"),
        ([{"country": {"value": "DE"}}], "DE"),
        ([{"country": "DE"}], "DE"),
        ([{"v1": "DE"}], "DE"),
        ([{"v1": {"value": "id"}, "new": {"code_name": "country", "value": "name"}}], "id"),
        ([{"v1": {"value": "DE"}}, {"country": "FR"}], "FR"),
        ([{"v1": {"value": "DE"}}, {"v9": {"code_name": "country", "value": "FR"}}], "FR"),
        ([{"country": {"code_name": "other", "value": "DE"}}], "own"),
        ([{"other": {"value": "DE"}}], "own"),
        ([{"v1": None}], "own"),
        ([{"v1": {"code_name": "country"}}], "own"),
    ],
)
def test_variable_is_found_by_id_or_code_name(layers: list[dict[str, Any]], value: str) -> None:
    mine = {"code_name": "country", "variableId": "v1", "value": "own"}
    after = apply_checked({"kind": "HogQLQuery", "variables": {"v1": mine}}, {}, *layers)
    assert after["variables"] == {"v1": {**mine, "value": value}}


def test_value_removes_is_null() -> None:
    query = {"kind": "HogQLQuery", "variables": {"v1": {"code_name": "a", "isNull": True}}}
    assert apply_checked(query, {}, {"v1": {"value": 0}})["variables"] == {"v1": {"code_name": "a", "value": 0}}
    assert apply_checked(query, {}, {"v1": {"isNull": False}})["variables"] == {
        "v1": {"code_name": "a", "isNull": False}
    }


def test_events_query_has_its_own_date_fields() -> None:
    query = {"kind": "DataTableNode", "source": {"kind": "EventsQuery", "select": ["*"], "after": "-24h"}}
    source = apply_checked(query, {"date_from": "-30d", "date_to": "-1d", "properties": ADDED})["source"]
    assert source == {
        "kind": "EventsQuery",
        "select": ["*"],
        "after": "-30d",
        "before": "-1d",
        "properties": ADDED,
    }


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"kind": None},
        {"kind": "ErrorTrackingQuery", "dateRange": {"date_from": "-7d"}},
        {"kind": ["TrendsQuery"]},
        {"kind": "InsightVizNode"},
        {"kind": "InsightVizNode", "source": None},
        {"kind": "InsightVizNode", "source": [{"kind": "TrendsQuery"}]},
        {"source": {"kind": "TrendsQuery"}},
    ],
)
def test_unknown_queries_are_unchanged(query: dict[str, Any]) -> None:
    assert apply_checked(query, {**DATES, "properties": ADDED}) == query


def test_nesting_depth_is_limited() -> None:
    query: dict[str, Any] = {"kind": "TrendsQuery"}
    for _ in range(60):
        query = {"kind": "InsightVizNode", "source": query}
    assert apply_checked(query, DATES) == query


@pytest.mark.parametrize(
    "filters",
    [{}, {"date_from": None, "date_to": None}, {"date_from": ""}, {"date_from": 5}, {"properties": "x"}, {"other": 1}],
)
def test_filters_without_effect_change_nothing(filters: dict[str, Any]) -> None:
    query = {"kind": "TrendsQuery", "dateRange": {"date_from": "-7d"}, "properties": OWN}
    assert apply_checked(query, filters) == query
    assert apply_overrides_to_filters({"events": [], "date_from": "-7d"}, filters) == {"events": [], "date_from": "-7d"}
    assert has_overrides(filters, []) is False


def test_older_filters_are_rewritten_flat() -> None:
    stored = {"events": [{"id": "$pageview"}], "date_from": "-7d", "properties": OWN}
    assert apply_overrides_to_filters(stored, {"date_from": "-30d", "properties": ADDED}) == {
        "events": [{"id": "$pageview"}],
        "date_from": "-30d",
        "date_to": None,
        "properties": {
            "type": "AND",
            "values": [{"type": "AND", "values": OWN}, {"type": "AND", "values": ADDED}],
        },
    }
    assert apply_overrides_to_filters({}, {"date_from": "-30d"}) == {}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)
KINDS = st.sampled_from(["TrendsQuery", "HogQLQuery", "EventsQuery", "InsightVizNode", "DataTableNode", "Other"]) | JSON
QUERIES = st.fixed_dictionaries(
    {"kind": KINDS},
    optional=dict.fromkeys(("source", "properties", "dateRange", "filters", "variables", "breakdownFilter"), JSON),
)
FILTERS = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("date_from", "date_to", "properties", "breakdown_filter"), JSON)
)


@given(QUERIES, FILTERS, st.dictionaries(st.text(max_size=5), JSON, max_size=3))
def test_any_json_is_accepted(query: dict[str, Any], filters: dict[str, Any], variables: dict[str, Any]) -> None:
    after = apply_checked(query, filters, variables)
    assert after["kind"] == query["kind"]
    assert set(query) <= set(after)
    if not has_overrides(filters, [VariableValues(variables)]):
        assert after == query
