"""Funnels by the values of a breakdown, on a real engine."""

from typing import Any

import pytest

from queries.runners.errors import UnsupportedPart
from tests.queries.hogql.store import Store
from tests.queries.runners.funnels import (
    Ask,
    event,
    list_values,
    make_ask,
)


@pytest.fixture
def ask(store: Store) -> Ask:
    return make_ask(store)


ATTRIBUTED = [
    *(event("ann", "a", 0), event("ann", "a", 1, plan="x"), event("ann", "b", 2, plan="y")),
    *(event("ben", "a", 0, plan="y"), event("cid", "a", 0)),
]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, {"x": [1, 1], "": [1, 0], "y": [1, 0]}),
        ({"breakdownAttributionType": "last_touch"}, {"y": [2, 1], "": [1, 0]}),
        ({"breakdownAttributionType": "all_events"}, {"": [2, 0], "x": [1, 0], "y": [1, 0]}),
        ({"breakdownAttributionType": "step"}, {"": [2, 1], "x": [1, 1], "y": [1, 0]}),
        ({"breakdownAttributionType": "step", "breakdownAttributionValue": 1}, {"y": [1, 1]}),
    ],
)
def test_attribution(ask: Ask, options: dict[str, Any], expected: dict[str, list[int]]) -> None:
    found = ask(ATTRIBUTED, "a", "b", breakdownFilter={"breakdown": "plan"}, **options)
    assert list_values(found) == expected
    assert found[0][0]["breakdown"] == found[0][0]["breakdown_value"]


def test_first_event_of_an_unordered_attempt_has_the_value(ask: Ask) -> None:
    items = [event("ann", "b", 0, plan="x"), event("ann", "a", 1, plan="y")]
    options = {"funnelOrderType": "unordered", "breakdownAttributionType": "step"}
    found = ask(items, "a", "b", breakdownFilter={"breakdown": "plan"}, **options)
    assert list_values(found) == {"x": [1, 1], "y": [1, 0]}


def test_values_with_more_conversions_are_first_and_the_rest_is_one(ask: Ask) -> None:
    persons = {"w": 4, "x": 1, "y": 2, "z": 3}
    items = []
    for plan, number in persons.items():
        for person in range(number):
            items += [event(f"{plan}{person}", "a", 0, plan=plan), event(f"{plan}{person}", "b", number, plan=plan)]
    items += [event("v", "a", 0, plan="v")]
    found = ask(items, "a", "b", breakdownFilter={"breakdown": "plan", "breakdown_limit": 2})
    assert list_values(found) == {"w": [4, 4], "Other": [4, 3], "z": [3, 3]}
    assert list(list_values(found)) == ["w", "Other", "z"]
    assert found[1][1]["average_conversion_time"] == pytest.approx(5 / 3)
    assert found[1][1]["median_conversion_time"] == 2.0
    hidden = {"breakdown": "plan", "breakdown_limit": 2, "breakdown_hide_other_aggregation": True}
    assert list_values(ask(items, "a", "b", breakdownFilter=hidden)) == {"w": [4, 4], "z": [3, 3]}


def test_bins_are_refused(ask: Ask) -> None:
    with pytest.raises(UnsupportedPart, match="Histogram bins are not supported") as caught:
        ask([], "a", "b", breakdownFilter={"breakdown": "size", "breakdown_histogram_bin_count": 4})
    assert caught.value.attr == "query__breakdownFilter__breakdown_histogram_bin_count"


def test_several_breakdowns(ask: Ask) -> None:
    items = [event("ann", "a", 0, plan="x", size=1), event("ben", "a", 0, size=2), event("cid", "a", 0)]
    found = ask(items, "a", "b", breakdownFilter={"breakdown": ["plan", "size"]})
    assert list_values(found) == {"::": [1, 0], "::2": [1, 0], "x::1": [1, 0]}
    breakdowns = [{"property": "plan", "type": "event"}, {"property": "upper(event)", "type": "hogql"}]
    found = ask(items, "a", "b", breakdownFilter={"breakdowns": breakdowns, "breakdown_limit": 1})
    assert list_values(found) == {"::A": [2, 0], "Other": [1, 0]}
