"""Breakdowns of series: values, their limit, and bins of numbers."""

from typing import Any

import pytest

from queries.results.labels import BREAKDOWN_NULL, BREAKDOWN_OTHER
from tests.queries.hogql.store import Store
from tests.queries.runners.helpers import run
from tests.queries.runners.insights import Event, ask, ask_data, build_trends, make_context, make_project, refuse

EVENTS: list[Event] = [
    *[("2026-03-01 10:00:00", "ann", "view", {"plan": "a", "size": 1, "$session_id": "s1"})] * 3,
    ("2026-03-01 10:01:00", "ann", "view", {"plan": "b", "size": 2, "$session_id": "s1"}),
    ("2026-03-02 10:00:00", "ben", "view", {"plan": "b", "size": 3}),
    ("2026-03-02 10:00:00", "ben", "view", {"plan": 1, "size": 4}),
    ("2026-03-02 11:00:00", "ben", "view", {"plan": True, "size": "x"}),
    ("2026-03-03 10:00:00", "ben", "view", {"plan": "", "size": "inf"}),
    ("2026-03-03 11:00:00", "cat", "view", {"plan": None}),
    ("2026-03-03 12:00:00", "cat", "view", {}),
]
PERSONS = {"ann": {"team": "red"}, "ben": {"team": "blue"}}
A, B, ONE, TRUE = {"a": [3, 0, 0]}, {"b": [1, 1, 0]}, {"1": [0, 1, 0]}, {"true": [0, 1, 0]}
NULL = {BREAKDOWN_NULL: [0, 0, 3]}


@pytest.fixture(scope="module")
def project(store: Store) -> int:
    return make_project(store, EVENTS, PERSONS)


def list_values(found: dict[str, Any]) -> list[tuple[str, Any]]:
    return list(found.items())


def test_values_come_by_their_total_then_by_name_and_null_last(store: Store, project: int) -> None:
    found = ask_data(store, project, breakdownFilter={"breakdown": "plan"})
    assert list_values(found) == list_values({**A, **B, **ONE, **TRUE, **NULL})


LIMITS: list[tuple[int, bool, dict[str, Any]]] = [
    (5, False, {**A, **B, **ONE, **TRUE, **NULL}),
    (4, False, {**A, **B, **ONE, **TRUE, BREAKDOWN_OTHER: [0, 0, 3]}),
    (2, False, {**A, **B, BREAKDOWN_OTHER: [0, 2, 3]}),
    (2, True, {**A, **B}),
    (1, False, {**A, BREAKDOWN_OTHER: [1, 3, 3]}),
]


@pytest.mark.parametrize(("limit", "hides", "expected"), LIMITS)
def test_values_beyond_the_limit_are_one(
    store: Store, project: int, limit: int, hides: bool, expected: dict[str, Any]
) -> None:
    options = {"breakdown": "plan", "breakdown_limit": limit, "breakdown_hide_other_aggregation": hides}
    body = run(store, build_trends(breakdownFilter=options), make_context(project))
    assert [(item["label"], item["data"]) for item in body["results"]] == list_values(expected)
    assert body["hasMore"] is (limit < 5)


def test_limit_is_25_and_250_on_a_map(store: Store) -> None:
    events: list[Event] = [("2026-03-01 10:00:00", "ann", "view", {"country": f"c{n}"}) for n in range(260)]
    project = make_project(store, events)
    options = {"breakdown": "country"}
    assert len(ask(store, project, breakdownFilter=options)) == 26
    assert len(ask(store, project, breakdownFilter=options, trendsFilter={"display": "WorldMap"})) == 251
    assert len(ask(store, project, breakdownFilter=options | {"breakdown_limit": 1_000})) == 260


KINDS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (
        {"breakdown": "team", "breakdown_type": "person"},
        {"red": [4, 0, 0], "blue": [0, 3, 1], BREAKDOWN_NULL: [0, 0, 2]},
    ),
    ({"breakdown": "$session_duration", "breakdown_type": "session"}, {"60": [4, 0, 0], BREAKDOWN_NULL: [0, 3, 3]}),
    ({"breakdown": "toUpper", "breakdown_type": None}, {BREAKDOWN_NULL: [4, 3, 3]}),
    (
        {"breakdown": "if(properties.plan = 'a', 'yes', 'no')", "breakdown_type": "hogql"},
        {"no": [1, 3, 3], "yes": [3, 0, 0]},
    ),
    ({"breakdown": "toFloat(properties.size) > 3", "breakdown_type": "hogql"}, {"0": [4, 2, 2], "1": [0, 1, 1]}),
    ({"breakdown": []}, {}),
    ({"breakdown": ""}, {}),
    ({"breakdowns": []}, {}),
]


@pytest.mark.parametrize(("options", "expected"), KINDS)
def test_kind_of_breakdown(store: Store, project: int, options: dict[str, Any], expected: dict[str, Any]) -> None:
    found = ask_data(store, project, breakdownFilter=options)
    assert found == (expected or [4, 3, 3])


def test_value_is_a_list_where_the_breakdowns_are_one(store: Store, project: int) -> None:
    plan, team = {"property": "plan"}, {"property": "team", "type": "person"}
    [one, *_] = ask(store, project, breakdownFilter={"breakdowns": [plan]})
    assert (one["breakdown_value"], one["label"]) == (["a"], "a")
    [two, *_] = ask(store, project, breakdownFilter={"breakdowns": [plan, team]})
    assert (two["breakdown_value"], two["label"]) == (["a", "red"], "a::red")
    [legacy, *_] = ask(store, project, breakdownFilter={"breakdown": ["plan", "size"]})
    assert (legacy["breakdown_value"], legacy["label"]) == (["a", "1"], "a::1")
    [single, *_] = ask(store, project, breakdownFilter={"breakdown": ["plan"]})
    assert single["breakdown_value"] == "a"


def test_three_breakdowns_share_the_limit(store: Store, project: int) -> None:
    items = [{"property": "plan"}, {"property": "size"}, {"property": "team", "type": "person"}]
    found = ask_data(store, project, breakdownFilter={"breakdowns": items, "breakdown_limit": 1})
    assert found == {"a::1::red": [3, 0, 0], "::".join([BREAKDOWN_OTHER] * 3): [1, 3, 3]}


def test_name_of_the_series_is_in_the_label_of_several(store: Store, project: int) -> None:
    found = ask(store, project, {"event": "view"}, {}, breakdownFilter={"breakdown": "plan", "breakdown_limit": 1})
    names = [f"{name} - {value}" for name in ("view", "All events") for value in ("a", BREAKDOWN_OTHER)]
    assert [item["label"] for item in found] == names


MATHS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"math": "dau"}, {"b": [1, 1, 0], BREAKDOWN_OTHER: [1, 1, 2]}),  # cat and ben, each once
    ({"math": "max", "math_property": "size"}, {"b": [2, 3, 0], BREAKDOWN_OTHER: [1, 4, 0]}),
    ({"math": "avg_count_per_actor"}, {"a": [3, 0, 0], BREAKDOWN_OTHER: [1, 3, 1.5]}),
    ({"math": "hogql", "math_hogql": "count() * 2 + 1"}, {"a": [7, 0, 0], BREAKDOWN_OTHER: [3, 7, 7]}),
    ({"math": "unique_session"}, {"a": [1, 0, 0], BREAKDOWN_OTHER: [1, 0, 0]}),
    ({"math": "avg", "math_property": "$session_duration"}, {"a": [60, 0, 0], BREAKDOWN_OTHER: [60, 0, 0]}),
]


@pytest.mark.parametrize(("node", "expected"), MATHS)
def test_rest_is_aggregated_from_its_events(
    store: Store, project: int, node: dict[str, Any], expected: dict[str, Any]
) -> None:
    options = {"breakdown": "plan", "breakdown_limit": 1}
    assert ask_data(store, project, node, breakdownFilter=options) == expected


@pytest.mark.parametrize("display", ["ActionsLineGraph", "ActionsLineGraphCumulative", "BoldNumber"])
@pytest.mark.parametrize("math", [{"math": "unique_session"}, {"math": "avg", "math_property": "$session_duration"}])
def test_value_without_sessions_is_shown_as_zero(
    store: Store, project: int, math: dict[str, Any], display: str
) -> None:
    found = ask(store, project, math, breakdownFilter={"breakdown": "plan"}, trendsFilter={"display": display})
    assert sorted(item["label"] for item in found) == sorted([BREAKDOWN_NULL, "1", "a", "b", "true"])


def test_bins_have_the_same_number_of_different_values(store: Store, project: int) -> None:
    found = ask_data(store, project, breakdownFilter={"breakdown": "size", "breakdown_histogram_bin_count": 3})
    assert list_values(found) == [
        ("[1,2]", [3, 0, 0]),
        ("[2,3]", [1, 0, 0]),
        ("[3,4.01]", [0, 2, 0]),
        (BREAKDOWN_NULL, [0, 1, 3]),
    ]


@pytest.mark.parametrize("hides", [True, False])
def test_all_bins_are_shown_whatever_the_limit(store: Store, project: int, hides: bool) -> None:
    options = {"breakdown": "size", "breakdown_histogram_bin_count": 3, "breakdown_limit": 1}
    body = run(
        store,
        build_trends(breakdownFilter=options | {"breakdown_hide_other_aggregation": hides}),
        make_context(project),
    )
    assert [item["label"] for item in body["results"]] == ["[1,2]", "[2,3]", "[3,4.01]", BREAKDOWN_NULL]
    assert body["hasMore"] is False


def test_bins_beside_another_breakdown(store: Store, project: int) -> None:
    items = [{"property": "size", "histogram_bin_count": 2}, {"property": "team", "type": "person"}]
    assert ask_data(store, project, breakdownFilter={"breakdowns": items}) == {
        "[1,2.5]::red": [4, 0, 0],
        "[2.5,4.01]::blue": [0, 2, 0],
        f"{BREAKDOWN_NULL}::blue": [0, 1, 1],
        f"{BREAKDOWN_NULL}::{BREAKDOWN_NULL}": [0, 0, 2],
    }


def test_property_without_numbers_has_no_bins(store: Store, project: int) -> None:
    options = {"breakdown": "team", "breakdown_histogram_bin_count": 3}
    assert ask_data(store, project, breakdownFilter=options) == {BREAKDOWN_NULL: [4, 3, 3]}


def test_infinite_numbers_are_in_no_bin(store: Store) -> None:
    sizes = ["inf", "-inf", "nan", 1e308, "-1e308", 1e299, "-1e299"]
    project = make_project(store, [("2026-03-01 10:00:00", "ann", "view", {"size": size}) for size in sizes])
    found = ask(store, project, breakdownFilter={"breakdown": "size", "breakdown_histogram_bin_count": 2})
    assert [item["count"] for item in found] == [1, 1, 5]
    assert found[-1]["label"] == BREAKDOWN_NULL


def test_100_bins_of_one_value(store: Store, project: int) -> None:
    options = {"breakdown": "size", "breakdown_histogram_bin_count": 100}
    [*bins, null] = ask(store, project, breakdownFilter=options, properties=[{"key": "plan", "value": ["a", ""]}])
    assert (sum(item["count"] for item in bins), null["count"]) == (3, 1)


@pytest.mark.parametrize(
    ("address", "value"),
    [
        ("https://x.org/docs/", "https://x.org/docs"),
        ("https://x.org/docs?a=1#b", "https://x.org/docs"),
        ("https://x.org/?a=/", "https://x.org"),
        ("/docs//", "/docs"),
        ("/", BREAKDOWN_NULL),
    ],
)
def test_addresses_are_normalized(store: Store, address: str, value: str) -> None:
    project = make_project(store, [("2026-03-01 10:00:00", "ann", "view", {"url": address})])
    assert ask_data(store, project, breakdownFilter={"breakdown": "url", "breakdown_normalize_url": True}) == {
        value: [1, 0, 0]
    }
    items = [{"property": "url", "normalize_url": True}]
    assert ask_data(store, project, breakdownFilter={"breakdowns": items}) == {value: [1, 0, 0]}


UNSUPPORTED = [
    "cohort",
    "group",
    "data_warehouse",
    "data_warehouse_person_property",
    "event_metadata",
    "revenue_analytics",
]


@pytest.mark.parametrize("kind", UNSUPPORTED)
def test_unsupported_breakdown_is_named(kind: str) -> None:
    one = build_trends(breakdownFilter={"breakdown": "x", "breakdown_type": kind})
    assert refuse(one) == ("unsupported_query_part", "query__breakdownFilter__breakdown_type")
    several = build_trends(breakdownFilter={"breakdowns": [{"property": "x", "type": kind}]})
    assert refuse(several) == ("unsupported_query_part", "query__breakdownFilter__breakdowns__0__type")


@pytest.mark.parametrize(
    ("options", "place"),
    [
        ({"breakdown": "x", "breakdown_type": "color"}, "__breakdown_type"),
        ({"breakdown": 1}, "__breakdown"),
        ({"breakdown": {"x": 1}}, "__breakdown"),
        ({"breakdown": "x" * 1_001}, "__breakdown"),
        ({"breakdown": ["a", "b", "c", "d"]}, "__breakdown"),
        ({"breakdown": ["a", 1]}, "__breakdown"),
        ({"breakdown": "height", "breakdown_type": "session"}, "__breakdown__key"),
        ({"breakdowns": "x"}, "__breakdowns"),
        ({"breakdowns": [{"property": name} for name in "abcd"]}, "__breakdowns"),
        ({"breakdowns": ["x"]}, "__breakdowns__0"),
        ({"breakdowns": [{}]}, "__breakdowns__0__property"),
        ({"breakdowns": [{"property": "x", "type": 1}]}, "__breakdowns__0__type"),
        ({"breakdowns": [{"property": "x", "histogram_bin_count": 101}]}, "__breakdowns__0__histogram_bin_count"),
        ({"breakdown": "x", "breakdown_limit": 0}, "__breakdown_limit"),
        ({"breakdown": "x", "breakdown_limit": 1_001}, "__breakdown_limit"),
        ({"breakdown": "x", "breakdown_limit": "5"}, "__breakdown_limit"),
        ({"breakdown": "x", "breakdown_histogram_bin_count": 101}, "__breakdown_histogram_bin_count"),
        ({"breakdown": "x", "breakdown_histogram_bin_count": -1}, "__breakdown_histogram_bin_count"),
        ({"breakdown": "x", "breakdown_hide_other_aggregation": 1}, "__breakdown_hide_other_aggregation"),
        ({"breakdown": "x", "breakdown_normalize_url": "yes"}, "__breakdown_normalize_url"),
        ([], ""),
    ],
)
def test_invalid_breakdown_is_refused(options: Any, place: str) -> None:
    assert refuse(build_trends(breakdownFilter=options)) == ("invalid_query", f"query__breakdownFilter{place}")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("count()", "invalid_query"),
        ("1 + sum(properties.x)", "invalid_query"),
        ("", "invalid_query"),
        ("lower(", "invalid_syntax"),
        ("lower(evnt)", "unknown_column"),
    ],
)
def test_expression_of_a_breakdown_is_checked(text: str, code: str) -> None:
    assert refuse(build_trends(breakdownFilter={"breakdowns": [{"property": text, "type": "hogql"}]}))[0] == code


FIRST = {"[1,3.01]": [1, 1, 0], BREAKDOWN_NULL: [0, 0, 1]}  # ben's first event has the size 3
LOOKING_BACK = [
    ("first_time_for_user", FIRST),
    ("first_matching_event_for_user", FIRST),
    ("weekly_active", {"[1,4.01]": [1, 2, 2], BREAKDOWN_NULL: [0, 1, 2]}),
]


@pytest.mark.parametrize(("math", "expected"), LOOKING_BACK)
def test_bins_of_a_math_that_looks_back(store: Store, project: int, math: str, expected: dict[str, Any]) -> None:
    options = {"breakdown": "size", "breakdown_histogram_bin_count": 1}
    assert ask_data(store, project, {"math": math}, breakdownFilter=options) == expected


def test_bin_of_a_first_event_without_a_number_is_null(store: Store) -> None:
    """Count only the first event, although the second event has a number."""
    sizes: tuple[dict[str, Any], ...] = ({}, {"size": 9})
    project = make_project(store, [("2026-03-01 10:00:00", "ann", "view", properties) for properties in sizes])
    options = {"breakdown": "size", "breakdown_histogram_bin_count": 2}
    found = ask_data(store, project, {"math": "first_time_for_user"}, breakdownFilter=options)
    assert found == {BREAKDOWN_NULL: [1, 0, 0]}
