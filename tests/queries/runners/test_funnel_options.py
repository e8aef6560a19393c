"""Options of funnels that are refused, and the fields that the errors name."""

from typing import Any

import pytest

from queries.runners.compile import compile_query
from queries.runners.context import QueryContext
from queries.runners.errors import InvalidQuery, UnsupportedPart
from tests.queries.runners.funnels import (
    build,
    exclude,
)


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"funnelOrderType": "sorted"}, "funnelOrderType"),
        ({"funnelOrderType": 1}, "funnelOrderType"),
        ({"funnelVizType": "pie"}, "funnelVizType"),
        ({"funnelWindowInterval": 0}, "funnelWindowInterval"),
        ({"funnelWindowInterval": "14"}, "funnelWindowInterval"),
        ({"funnelWindowInterval": 10**9}, "funnelWindowInterval"),
        ({"funnelWindowIntervalUnit": "year"}, "funnelWindowIntervalUnit"),
        ({"funnelFromStep": 2}, "funnelFromStep"),
        ({"funnelFromStep": -1}, "funnelFromStep"),
        ({"funnelToStep": 3}, "funnelToStep"),
        ({"funnelFromStep": 1, "funnelToStep": 1}, "funnelToStep"),
        ({"binCount": 91}, "binCount"),
        ({"breakdownAttributionType": "none"}, "breakdownAttributionType"),
        ({"breakdownAttributionType": "step", "breakdownAttributionValue": 3}, "breakdownAttributionValue"),
        (
            {
                "funnelOrderType": "unordered",
                "breakdownAttributionType": "step",
                "breakdownAttributionValue": 1,
            },
            "breakdownAttributionValue",
        ),
        ({"exclusions": {}}, "exclusions"),
        ({"exclusions": [exclude("x", 0, 1)] * 21}, "exclusions"),
        ({"exclusions": ["x"]}, "exclusions__0"),
        ({"exclusions": [exclude("x", 1, 1)]}, "exclusions__0__funnelToStep"),
        ({"exclusions": [exclude("x", 0, 3)]}, "exclusions__0__funnelToStep"),
        ({"exclusions": [exclude("x", 2, 2)]}, "exclusions__0__funnelFromStep"),
        ({"funnelOrderType": "unordered", "exclusions": [exclude("x", 0, 1)]}, "exclusions__0__funnelToStep"),
        ({"funnelOrderType": "unordered", "exclusions": [exclude("x", 1, 2)]}, "exclusions__0__funnelFromStep"),
    ],
)
def test_invalid_options_are_refused_with_their_path(fields: dict[str, Any], path: str) -> None:
    with pytest.raises(InvalidQuery) as caught:
        compile_query(build("a", "b", "c", **fields), QueryContext(1))
    assert caught.value.attr == f"query__funnelsFilter__{path}"


@pytest.mark.parametrize("number", [0, 1, 33])
def test_funnel_has_2_to_32_steps(number: int) -> None:
    with pytest.raises(InvalidQuery) as caught:
        compile_query(build(*["a"] * number), QueryContext(1))
    assert caught.value.attr == "query__series"


def add(path: str, value: Any) -> dict[str, Any]:
    """Return a valid query with one additional value."""
    query: Any = build("a", "b")
    *parents, name = [int(part) if part.isdigit() else part for part in path.split("__")]
    place = query
    for parent in parents:
        place = place.setdefault(parent, {}) if isinstance(place, dict) else place[parent]
    place[name] = value
    return dict(query)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("funnelsFilter__funnelAggregateByHogQL", "properties.$session_id"),
        ("series__1__optionalInFunnel", True),
        ("series__0__math", "first_time_for_user"),
        ("compareFilter__compare", True),
        ("aggregation_group_type_index", 0),
        ("breakdownFilter", {"breakdown": [1], "breakdown_type": "cohort"}),
    ],
)
def test_unsupported_parts_are_refused(path: str, value: Any) -> None:
    with pytest.raises(UnsupportedPart) as caught:
        compile_query(add(path, value), QueryContext(1))
    assert caught.value.attr is not None
    assert caught.value.attr.startswith(f"query__{path}")


def test_unordered_steps_that_share_too_many_events_are_refused() -> None:
    query = build(*["a"] * 6, funnelOrderType="unordered")
    for number, step in enumerate(query["series"]):
        step["properties"] = [{"key": "page", "type": "event", "operator": "exact", "value": [f"/{number}"]}]
    with pytest.raises(UnsupportedPart) as caught:
        compile_query(query, QueryContext(1))
    assert caught.value.attr == "query__series"
    query["funnelsFilter"]["funnelOrderType"] = "ordered"
    assert compile_query(query, QueryContext(1)).kind == "FunnelsQuery"


def test_times_to_convert_by_each_value_are_refused() -> None:
    options = {"funnelVizType": "time_to_convert", "breakdownAttributionType": "all_events"}
    with pytest.raises(UnsupportedPart) as caught:
        compile_query(build("a", "b", breakdownFilter={"breakdown": "plan"}, **options), QueryContext(1))
    assert caught.value.attr == "query__funnelsFilter__breakdownAttributionType"
