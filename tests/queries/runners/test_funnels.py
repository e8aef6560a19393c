"""FunnelsQuery: rules that no golden case covers, and queries that are refused."""

from typing import Any

import pytest

from engine.interface import Limits
from tests.queries.hogql.store import Store
from tests.queries.runners.funnels import (
    Ask,
    build,
    event,
    exclude,
    insert,
    list_counts,
    list_values,
    make_ask,
)
from tests.queries.runners.helpers import compute, run

BOT_EVENTS = 20_000


@pytest.fixture
def ask(store: Store) -> Ask:
    return make_ask(store)


def test_step_has_the_fields_of_posthog(ask: Ask) -> None:
    found = ask([event("ann", "a", 0), event("ann", "b", 60)], "a", "b")
    shared: dict[str, Any] = {"custom_name": None, "people": [], "type": "events"}
    assert found == [
        {
            **shared,
            "action_id": "a",
            "name": "a",
            "order": 0,
            "count": 1,
            "average_conversion_time": None,
            "median_conversion_time": None,
        },
        {
            **shared,
            "action_id": "b",
            "name": "b",
            "order": 1,
            "count": 1,
            "average_conversion_time": 60.0,
            "median_conversion_time": 60.0,
        },
    ]


def test_names_of_steps(store: Store) -> None:
    query = build("a", None)
    query["series"][0]["custom_name"] = "Begin"
    nodes = [{"kind": "EventsNode", "event": "b"}, {"kind": "EventsNode", "event": "c"}]
    query["series"].append({"kind": "GroupNode", "operator": "OR", "nodes": nodes})
    context = insert(store, [event("ann", "a", 0)])
    found = run(store, query, context)["results"]
    fields = [(step["name"], step["custom_name"], step["action_id"], step["type"]) for step in found]
    assert fields == [
        ("a", "Begin", "a", "events"),
        ("All events", None, None, "events"),
        ("b, c", None, "b, c", "group"),
    ]
    query["funnelsFilter"]["funnelOrderType"] = "unordered"
    assert [step["name"] for step in run(store, query, context)["results"]] == [
        *("Completed 1 step", "Completed 2 steps", "Completed 3 steps"),
    ]


@pytest.mark.parametrize("order", ["ordered", "strict", "unordered"])
def test_steps_may_happen_at_the_same_instant(ask: Ask, order: str) -> None:
    items = [event("ann", "c", 5), event("ann", "b", 5), event("ann", "a", 5)]
    found = ask(items, "a", "b", "c", funnelOrderType=order)
    assert list_counts(found) == [1, 1, 1]
    assert [step["average_conversion_time"] for step in found] == [None, 0.0, 0.0]


def test_event_at_the_same_instant_is_not_between_strict_steps(ask: Ask) -> None:
    items = [event("ann", "a", 5), event("ann", "noise", 5), event("ann", "b", 6)]
    assert list_counts(ask(items, "a", "b", funnelOrderType="strict")) == [1, 1]
    items.append(event("ann", "noise", 5.5))
    assert list_counts(ask(items, "a", "b", funnelOrderType="strict")) == [1, 0]


@pytest.mark.parametrize("order", ["ordered", "strict", "unordered"])
def test_repeated_step_needs_another_event(ask: Ask, order: str) -> None:
    items = [event("ann", "a", 1), event("ben", "a", 1), event("ben", "a", 2)]
    assert list_counts(ask(items, "a", "a", funnelOrderType=order)) == [2, 1]


def test_event_of_an_unordered_funnel_counts_for_a_step_that_is_missing(ask: Ask) -> None:
    items = [event("ann", "b", 1), event("ann", "a", 2), event("ben", "a", 1), event("ben", "a", 2)]
    assert list_counts(ask(items, None, "a", "b", funnelOrderType="unordered")) == [2, 2, 0]
    assert list_counts(ask([*items, event("ann", "b", 3)], None, "a", "b", funnelOrderType="unordered")) == [2, 2, 1]


@pytest.mark.parametrize("order", ["ordered", "strict", "unordered"])
@pytest.mark.parametrize(("microseconds", "converted"), [(0, 1), (1, 0)])
def test_end_of_the_window_is_included(ask: Ask, order: str, microseconds: int, converted: int) -> None:
    items = [event("ann", "a", 0), event("ann", "b", 60 + microseconds / 1e6)]
    options = {"funnelWindowInterval": 1, "funnelWindowIntervalUnit": "minute", "funnelOrderType": order}
    assert list_counts(ask(items, "a", "b", **options)) == [1, converted]


def test_first_of_the_attempts_that_get_furthest_counts(ask: Ask) -> None:
    items = [event("ann", name, second) for name, second in (("a", 0), ("a", 10), ("b", 25), ("a", 30), ("b", 31))]
    assert ask(items, "a", "b", "c")[1]["average_conversion_time"] == 25.0
    short = {"funnelWindowInterval": 20, "funnelWindowIntervalUnit": "second"}
    assert ask(items, "a", "b", "c", **short)[1]["average_conversion_time"] == 15.0


@pytest.mark.parametrize(
    ("second", "expected"),
    [(0, [1, 1, 1]), (5, []), (10, []), (15, []), (20, [1, 1, 1]), (25, [1, 1, 1])],
)
def test_exclusion_is_strictly_between_its_steps(ask: Ask, second: int, expected: list[int]) -> None:
    items = [event("ann", name, time) for name, time in (("a", 0), ("b", 10), ("c", 20), ("x", second))]
    assert list_counts(ask(items, "a", "b", "c", exclusions=[exclude("x", 0, 2)])) == expected


def test_exclusion_between_later_steps_leaves_shorter_attempts(ask: Ask) -> None:
    items = [event("ann", name, time) for name, time in (("a", 0), ("b", 10), ("x", 15), ("c", 20), ("a", 30))]
    assert list_counts(ask(items, "a", "b", "c", exclusions=[exclude("x", 1, 2)])) == [1, 0, 0]
    assert list_counts(ask(items, "a", "b", "c", exclusions=[exclude("x", 0, 1)])) == [1, 1, 1]


def test_exclusion_spoils_until_the_window_ends(ask: Ask) -> None:
    options = {"funnelWindowInterval": 10, "funnelWindowIntervalUnit": "second", "exclusions": [exclude("x", 0, 1)]}
    assert ask([event("ann", "a", 0), event("ann", "x", 9)], "a", "b", **options) == []
    assert list_counts(ask([event("ann", "a", 0), event("ann", "x", 10)], "a", "b", **options)) == [1, 0]


def test_exclusion_ends_an_unordered_attempt(ask: Ask) -> None:
    items = [event("ann", name, time) for name, time in (("b", 0), ("x", 5), ("a", 10), ("c", 20))]
    options = {"funnelOrderType": "unordered", "exclusions": [exclude("x", 0, 2)]}
    assert list_counts(ask(items, "a", "b", "c", **options)) == [1, 1, 0]
    assert list_counts(ask(items[:2], "a", "b", "c", **options)) == [1, 0, 0]


def test_filters_of_the_query_hide_noise_and_exclusions(ask: Ask) -> None:
    items = [event("ann", name, time, kept=name != "x") for name, time in (("a", 0), ("x", 5), ("b", 10))]
    shown = [{"key": "kept", "type": "event", "value": ["true"], "operator": "exact"}]
    assert list_counts(ask(items, "a", "b", funnelOrderType="strict")) == [1, 0]
    assert list_counts(ask(items, "a", "b", funnelOrderType="strict", properties=shown)) == [1, 1]
    assert ask(items, "a", "b", exclusions=[exclude("x", 0, 1)]) == []
    assert list_counts(ask(items, "a", "b", exclusions=[exclude("x", 0, 1)], properties=shown)) == [1, 1]


def test_rates_by_interval(ask: Ask) -> None:
    day = 86_400
    items = [event("ann", "a", 0, plan="x"), event("ann", "b", day), event("ben", "a", 5), event("ben", "a", 29 * day)]
    [found] = ask(items, "a", "b", funnelVizType="trends", interval="week")
    assert found == {
        "count": 5,
        "data": [50, 0, 0, 0, 0],
        "days": ["2026-03-01", "2026-03-08", "2026-03-15", "2026-03-22", "2026-03-29"],
        "labels": ["1-Mar-2026", "8-Mar-2026", "15-Mar-2026", "22-Mar-2026", "29-Mar-2026"],
    }
    options = {"funnelVizType": "trends", "interval": "week", "breakdownFilter": {"breakdown": "plan"}}
    by_value = ask(items, "a", "b", **options)
    assert {item["breakdown_value"][0]: item["data"] for item in by_value} == {"": [0] * 5, "x": [100, 0, 0, 0, 0]}


def test_intervals_whose_window_has_not_ended_can_be_hidden(store: Store) -> None:
    context = insert(store, [event("ann", "a", 0)])
    query = build("a", "b", funnelVizType="trends", interval="week")
    query["funnelsFilter"]["hideIncompleteConversionWindowPeriods"] = True
    [found] = run(store, query, context)["results"]
    assert found["days"] == ["2026-03-01", "2026-03-08"]


def test_times_in_bins(ask: Ask) -> None:
    assert ask([event("ann", "a", 0)], "a", "b", funnelVizType="time_to_convert") == {
        "bins": [],
        "average_conversion_time": None,
        "median_conversion_time": None,
    }
    items = [event(f"p{number}", name, number * (name == "b")) for number in range(27) for name in "ab"]
    found = ask(items, "a", "b", funnelVizType="time_to_convert")
    assert found["bins"] == [[0, 9], [9, 9], [18, 9], [27, 0]]
    assert found["average_conversion_time"] == found["median_conversion_time"] == 13.0
    same = ask([event("ann", "a", 0), event("ann", "b", 7.5)], "a", "b", funnelVizType="time_to_convert", binCount=2)
    assert same["bins"] == [[7, 1], [8, 0], [9, 0]]


@pytest.mark.parametrize("order", ["ordered", "strict", "unordered"])
def test_funnel_may_have_32_steps(ask: Ask, order: str) -> None:
    names = [f"step {number}" for number in range(32)]
    items = [event("ann", name, number) for number, name in enumerate(names)]
    found = ask(items, *names, funnelOrderType=order, exclusions=[exclude("x", 0, 31)])
    assert list_counts(found) == [1] * 32


@pytest.mark.parametrize("order", ["ordered", "strict", "unordered"])
def test_events_of_centuries_do_not_fit_into_one_number(ask: Ask, order: str) -> None:
    names = "abcdefghijkl"
    items = [event("ann", name, second) for second, name in enumerate(names)] + [event("ben", "a", 0)]
    dates = {"date_from": "1905-01-01", "date_to": "2290-01-01"}
    options = {"funnelOrderType": order, "dateRange": dates, "interval": "month"}
    assert list_counts(ask(items, *names, **options)) == [2, *[1] * 11]
    plans = {"breakdownFilter": {"breakdown": "plan"}, "breakdownAttributionType": "last_touch"}
    assert list_values(ask(items, *names, **options, **plans)) == {"": [2, *[1] * 11]}


@pytest.mark.parametrize("order", ["ordered", "strict", "unordered"])
@pytest.mark.parametrize(
    ("names", "converted"), [(("a", "b", "c"), 0), (("a", "a", "c"), 0), ((None, "b", None), 1)], ids=str
)
def test_many_events_of_one_person_take_seconds(
    store: Store, order: str, names: tuple[str | None, ...], converted: int
) -> None:
    items = [event("bot", "abx"[number % 3], number / 10) for number in range(BOT_EVENTS)]
    query = build(*names, funnelOrderType=order, funnelVizType="trends", exclusions=[exclude("y", 0, 2)])
    _, result = compute(store, query, insert(store, items), Limits(seconds=3))
    [[began, points]] = result.rows
    assert (began, [reached for _, *reached in points]) == (1, [[1, converted]])
