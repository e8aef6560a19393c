"""JSON values of a wrong type instead of a name are refused, and the error names the field."""

from typing import Any

import pytest

from queries.runners.compile import compile_query
from queries.runners.errors import InvalidQuery
from tests.queries.runners.helpers import CONTEXT

SERIES = [{"kind": "EventsNode", "event": "a"}, {"kind": "EventsNode", "event": "b"}]
EXCLUSION = {"event": "x", "funnelFromStep": 0, "funnelToStep": 1}


@pytest.mark.parametrize("value", [[0], {"a": 1}, [[]], 5, True])
@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"kind": "TrendsQuery", "series": [{"kind": "?"}]}, "series__0__kind"),
        ({"kind": "FunnelsQuery", "series": [*SERIES, {"kind": "?"}]}, "series__2__kind"),
        ({"kind": "LifecycleQuery", "series": [{"kind": "?"}]}, "series__0__kind"),
        ({"kind": "StickinessQuery", "series": [{"kind": "?"}]}, "series__0__kind"),
        (
            {"kind": "FunnelsQuery", "series": SERIES, "funnelsFilter": {"exclusions": [{**EXCLUSION, "kind": "?"}]}},
            "funnelsFilter__exclusions__0__kind",
        ),
        (
            {"kind": "TrendsQuery", "series": SERIES, "breakdownFilter": {"breakdown": "a", "breakdown_type": "?"}},
            "breakdownFilter__breakdown_type",
        ),
        (
            {"kind": "TrendsQuery", "series": [{"event": "a", "math": "?", "math_group_type_index": 1}]},
            "series__0__math",
        ),
        ({"kind": "StickinessQuery", "series": [{"event": "a", "math": "?"}]}, "series__0__math"),
        ({"kind": "TrendsQuery", "series": SERIES, "trendsFilter": {"display": "?"}}, "trendsFilter__display"),
    ],
)
def test_value_of_a_wrong_type_is_refused(query: dict[str, Any], field: str, value: Any) -> None:
    with pytest.raises(InvalidQuery) as caught:
        compile_query(put(query, value), CONTEXT)
    assert caught.value.attr == f"query__{field}"


def put(query: Any, value: Any) -> Any:
    """Return a query in which a value replaces the string `?`."""
    match query:
        case dict():
            return {name: put(item, value) for name, item in query.items()}
        case list():
            return [put(item, value) for item in query]
        case "?":
            return value
        case _:
            return query
