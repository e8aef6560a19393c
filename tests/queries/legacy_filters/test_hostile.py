"""Legacy filters of any shape, whose queries are either compiled or refused with a domain error."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboards_api.errors import DomainError
from queries.cache_keys import build_cache_key
from queries.legacy_filters.conversion import INSIGHTS, convert_filters
from queries.runners.compile import compile_query
from queries.runners.compiled import CompiledQuery
from queries.runners.context import QueryContext
from queries.runners.kinds import check_query_kind
from users.models import Project

CONTEXT = QueryContext(1)
NAMES = [
    *("insight", "shown_as", "events", "actions", "groups", "data_warehouse", "properties", "interval", "date_from"),
    *("date_to", "explicit_date", "filter_test_accounts", "aggregation_group_type_index", "display", "formula"),
    *("smoothing_intervals", "compare", "compare_to", "breakdown", "breakdown_type", "breakdowns", "breakdown_limit"),
    *("breakdown_histogram_bin_count", "breakdown_hide_other_aggregation", "breakdown_normalize_url", "exclusions"),
    *("funnel_viz_type", "funnel_order_type", "funnel_window_days", "funnel_window_interval", "funnel_from_step"),
    *("target_entity", "returning_entity", "period", "total_intervals", "retention_type", "cumulative", "bin_count"),
    *("toggledLifecycles", "include_event_types", "step_limit", "computed_as"),
]
KEYS = ["key", "type", "value", "values", "operator", "id", "order", "math", "properties", "nestedFilters", "$os__gt"]
WORDS = [
    "",
    "AND",
    "OR",
    "event",
    "cohort",
    "$pageview",
    "sum",
    "-7d",
    "exact",
    "5",
    "true",
    "[1]",
    '{"a": [null]}',
    "[",
]
SCALARS = st.none() | st.booleans() | st.integers(-5, 50) | st.floats(allow_nan=False) | st.sampled_from(WORDS)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=8,
)
INSIGHT_NAMES = st.sampled_from([*INSIGHTS, "SESSIONS", "", None]) | VALUES
FILTERS = st.fixed_dictionaries(
    {"insight": INSIGHT_NAMES}, optional={name: VALUES for name in NAMES if name != "insight"}
)


def check(filters: Any) -> DomainError | CompiledQuery | None:
    """Return the error or the compiled query of filters, or None if the filters have no query."""
    query = convert_filters(filters)
    if query is None:
        return None
    assert build_cache_key(query, Project(pk=1))
    try:
        check_query_kind(query)
        return compile_query(query, CONTEXT)
    except DomainError as error:
        return error


@settings(max_examples=300, deadline=None)
@given(FILTERS)
def test_filters_of_any_shape(filters: Any) -> None:
    check(filters)


@settings(max_examples=100, deadline=None)
@given(VALUES)
def test_any_json(value: Any) -> None:
    check(value)


@pytest.mark.parametrize("name", NAMES)
def test_value_of_a_wrong_type(name: str) -> None:
    values: list[Any] = [True, -1, 1e300, "x", "[", "[[]]", [], [None], [[]], {}, {"a": {}}, [{"type": []}]]
    for value in values:
        for insight in INSIGHTS:
            check({"insight": insight, "events": [{"id": "a"}], name: value})


@pytest.mark.parametrize(
    ("filters", "code", "attr"),
    [
        ({"insight": "PATHS"}, "unsupported_query_kind", "query"),
        ({"insight": "SESSIONS"}, "unsupported_query_kind", "query"),
        ({"insight": 5}, "unsupported_query_kind", "query"),
        ({"insight": "HogQLQuery"}, "unsupported_query_kind", "query"),
        ({"actions": [{"id": 3}]}, "unsupported_query_part", "query__series__0__kind"),
        ({"insight": "TRENDS"}, "invalid_query", "query__series"),
        ({"events": "all"}, "invalid_query", "query__series"),
        ({"events": ["$pageview"]}, "invalid_query", "query__series__0"),
        ({"events": [{"id": 5}]}, "invalid_query", "query__series__0__event"),
        ({"events": [{}], "interval": 5}, "invalid_query", "query__interval"),
        ({"events": [{}], "filter_test_accounts": []}, "invalid_query", "query__filterTestAccounts"),
        ({"events": [{}], "aggregation_group_type_index": "0"}, "unsupported_query_part", None),
        ({"events": [{}], "properties": {"a__b": 1}}, "unsupported_filter", "query__properties__0__operator"),
        ({"events": [{}], "properties": 5}, "invalid_query", "query__properties"),
        ({"events": [{}], "breakdown": [3], "breakdown_type": "cohort"}, "unsupported_query_part", None),
        ({"events": [{}], "display": "Pie"}, "invalid_query", "query__trendsFilter__display"),
        ({"events": [{}], "formula": "A +"}, "invalid_query", "query__trendsFilter__formula"),
        ({"events": [{"math": "unique_group"}]}, "unsupported_query_part", "query__series__0__math"),
        ({"insight": "RETENTION", "target_entity": "x"}, "invalid_query", "query__retentionFilter__targetEntity"),
    ],
)
def test_filters_without_a_meaning_are_errors(filters: Any, code: str, attr: str | None) -> None:
    error = check(filters)
    assert isinstance(error, DomainError)
    assert error.code == code
    assert attr in (None, error.attr)


def test_deep_json_in_a_text_stays_a_text() -> None:
    """Do not parse the text, since the encoder of cache keys would fail at 254 levels."""
    deep = "[" * 300 + "]" * 300
    error = check({"events": deep})
    assert isinstance(error, DomainError)
    assert convert_filters({"events": deep}) == {"kind": "TrendsQuery", "series": deep}


def test_filters_of_many_entities_are_converted_once() -> None:
    converted = convert_filters({"events": [{"id": str(number)} for number in range(5_000)]})
    assert converted
    assert len(converted["series"]) == 5_000
    assert isinstance(check({"events": [{"id": "a"}] * 5_000}), DomainError)
