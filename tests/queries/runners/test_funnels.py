"""FunnelsQuery: rules that golden cases do not hold, and queries that are refused."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid5

import orjson
import pytest

from engine.interface import Limits
from queries.runners.compile import compile_query
from queries.runners.context import QueryContext
from queries.runners.errors import InvalidQuery, UnsupportedPart
from tests.queries.hogql.store import EVENT_COLUMNS, MOMENT, Store
from tests.queries.runners.helpers import compute, run

DAY = datetime(2026, 3, 1, tzinfo=UTC)
RANGE = {"date_from": "2026-03-01", "date_to": "2026-03-31"}
BOT_EVENTS = 20_000
_projects = count(2_000_000)

# A person, the name of an event, seconds since the first day, and properties.
Item = tuple[str, str, float, dict[str, Any]]
Ask = Callable[..., Any]


def event(person: str, name: str, second: float, **properties: Any) -> Item:
    return (person, name, second, properties)


def insert(store: Store, items: Sequence[Item]) -> QueryContext:
    """Insert events into a project of their own."""
    project_id = next(_projects)
    rows = []
    for number, (person, name, second, properties) in enumerate(items):
        time = DAY + timedelta(seconds=second)
        columns = [UUID(int=number + 1), name, person, uuid5(UUID(int=project_id), person), time, MOMENT]
        rows.append([project_id, *columns, orjson.dumps(properties).decode(), ""])
    store.client.insert_rows("events", EVENT_COLUMNS, rows)
    return QueryContext(project_id, now=DAY + timedelta(days=31))


def build(*steps: str | None, **fields: Any) -> dict[str, Any]:
    """Return a FunnelsQuery of events. Fields of its `funnelsFilter` begin with `funnel` or `breakdownAttribution`."""
    options = {name: fields.pop(name) for name in list(fields) if name.startswith(("funnel", "breakdownAttr", "bin"))}
    if "exclusions" in fields:
        options["exclusions"] = fields.pop("exclusions")
    series = [{"kind": "EventsNode", "event": step} for step in steps]
    return {"kind": "FunnelsQuery", "series": series, "funnelsFilter": options, "dateRange": RANGE, **fields}


def exclude(name: str, first: int, second: int) -> dict[str, Any]:
    return {"kind": "EventsNode", "event": name, "funnelFromStep": first, "funnelToStep": second}


@pytest.fixture
def ask(store: Store) -> Ask:
    """Return a function that inserts events, and returns the results of a query about them."""

    def ask(items: Sequence[Item], *steps: str | None, **fields: Any) -> Any:
        return run(store, build(*steps, **fields), insert(store, items))["results"]

    return ask


def list_counts(steps: list[dict[str, Any]]) -> list[int]:
    return [step["count"] for step in steps]


def list_values(funnels: list[list[dict[str, Any]]]) -> dict[str, list[int]]:
    return {"::".join(steps[0]["breakdown_value"]): list_counts(steps) for steps in funnels}


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


def test_several_breakdowns(ask: Ask) -> None:
    items = [event("ann", "a", 0, plan="x", size=1), event("ben", "a", 0, size=2), event("cid", "a", 0)]
    found = ask(items, "a", "b", breakdownFilter={"breakdown": ["plan", "size"]})
    assert list_values(found) == {"::": [1, 0], "::2": [1, 0], "x::1": [1, 0]}
    breakdowns = [{"property": "plan", "type": "event"}, {"property": "upper(event)", "type": "hogql"}]
    found = ask(items, "a", "b", breakdownFilter={"breakdowns": breakdowns, "breakdown_limit": 1})
    assert list_values(found) == {"::A": [2, 0], "Other": [1, 0]}


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
    """Return a valid query with one value more."""
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
