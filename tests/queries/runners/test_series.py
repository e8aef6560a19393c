"""Series of queries: their events and their names."""

from typing import Any

import pytest

from queries.runners.series import MAX_NODES, MAX_SERIES
from tests.queries.hogql.store import Store
from tests.queries.runners.insights import Event, ask, ask_data, build_trends, make_project, refuse

EVENTS: list[Event] = [
    ("2026-03-01 10:00:00", "ann", "view", {"plan": "a"}),
    ("2026-03-01 11:00:00", "ben", "view", {"plan": "b"}),
    ("2026-03-01 12:00:00", "ben", "buy", {"plan": "b"}),
    ("2026-03-01 13:00:00", "ben", "leave", {}),
]
PLAN_A, PLAN_B = [{"key": "plan", "value": "a"}], [{"key": "plan", "value": "b"}]


@pytest.fixture(scope="module")
def project(store: Store) -> int:
    return make_project(store, EVENTS)


def group(*nodes: dict[str, Any], **fields: Any) -> dict[str, Any]:
    members = [{"kind": "EventsNode", **node} for node in nodes]
    return {"kind": "GroupNode", "operator": "OR", "nodes": members, **fields}


SERIES: list[tuple[dict[str, Any], int]] = [
    ({"event": "view"}, 2),
    ({"event": None}, 4),
    ({}, 4),
    ({"event": ""}, 0),
    ({"event": "none"}, 0),
    ({"event": "view", "properties": PLAN_A}, 1),
    ({"event": "view", "fixedProperties": PLAN_A}, 1),
    ({"event": "view", "properties": PLAN_A, "fixedProperties": PLAN_B}, 0),
    ({"event": "view", "properties": {"type": "OR", "values": [*PLAN_A, *PLAN_B]}}, 2),
    ({"event": "view", "limit": 1, "orderBy": ["timestamp"]}, 2),
    (group({"event": "view"}, {"event": "buy"}), 3),
    (group({"event": "view", "properties": PLAN_A}, {"event": "buy"}), 2),
    (group({"event": "view"}, {"event": "buy"}, properties=PLAN_B), 2),
    (group({"event": "view"}, {}), 4),
    (group({"event": "view"}, {"event": "view"}), 2),  # an event counts once
]


@pytest.mark.parametrize(("node", "number"), SERIES)
def test_events_of_a_series(store: Store, project: int, node: dict[str, Any], number: int) -> None:
    assert ask_data(store, project, node) == [number, 0, 0]


NAMES: list[tuple[dict[str, Any], str]] = [
    ({"event": "view"}, "view"),
    ({"event": "view", "name": "View"}, "View"),
    ({"event": "view", "name": "View", "custom_name": "Visits"}, "Visits"),
    ({"event": "view", "name": "", "custom_name": None}, "view"),
    ({}, "All events"),
    (group({"event": "view"}), "All events"),
    (group({"event": "view"}, name="view or buy"), "view or buy"),
]


@pytest.mark.parametrize(("node", "label"), NAMES)
def test_label_is_the_most_special_name(store: Store, project: int, node: dict[str, Any], label: str) -> None:
    [found] = ask(store, project, node)
    assert found["label"] == label


UNSUPPORTED: list[tuple[dict[str, Any], str]] = [
    ({"kind": "ActionsNode", "id": 1}, "kind"),
    ({"kind": "DataWarehouseNode", "id": "x", "table_name": "x"}, "kind"),
    ({"kind": "PersonsNode"}, "kind"),
    (group({"kind": "ActionsNode", "id": 1}), "nodes__0__kind"),
    (group(group({"event": "view"})), "nodes__0__kind"),
    (group({"event": "view"}) | {"operator": "AND"}, "operator"),
    ({"math": "unique_group", "math_group_type_index": 0}, "math"),
    ({"math": "sum", "math_property": "x", "math_property_revenue_currency": {"static": "EUR"}}, ""),
]


@pytest.mark.parametrize(("node", "place"), UNSUPPORTED)
def test_unsupported_series_is_named(node: dict[str, Any], place: str) -> None:
    attr = f"query__series__0__{place or 'math_property_revenue_currency'}"
    assert refuse(build_trends(node)) == ("unsupported_query_part", attr)


INVALID: list[tuple[dict[str, Any], str]] = [
    ({"kind": "Node"}, "__kind"),
    ({"kind": 1}, "__kind"),
    ({"event": 1}, "__event"),
    ({"event": ["view"]}, "__event"),
    ({"name": 1}, "__name"),
    ({"custom_name": {}}, "__custom_name"),
    ({"properties": 1}, "__properties"),
    ({"properties": [{"type": "event"}]}, "__properties__0__key"),
    (group(), "__nodes"),
    (group({}) | {"nodes": None}, "__nodes"),
    (group(*[{"event": "view"}] * (MAX_NODES + 1)), "__nodes"),
    (group({}) | {"nodes": [1]}, "__nodes__0"),
]


@pytest.mark.parametrize(("node", "place"), INVALID)
def test_invalid_series_is_refused(node: dict[str, Any], place: str) -> None:
    assert refuse(build_trends(node)) == ("invalid_query", f"query__series__0{place}")


@pytest.mark.parametrize("series", [None, [], {}, "view", [{}] * (MAX_SERIES + 1)])
def test_query_has_1_to_26_series(series: Any) -> None:
    assert refuse(build_trends() | {"series": series}) == ("invalid_query", "query__series")


@pytest.mark.parametrize("node", [None, 1, "view", []])
def test_series_is_an_object(node: Any) -> None:
    assert refuse(build_trends() | {"series": [node]}) == ("invalid_query", "query__series__0")


def test_26_series_are_answered_in_their_order(store: Store, project: int) -> None:
    nodes = [{"event": "view", "custom_name": f"S{number}"} for number in range(MAX_SERIES)]
    found = ask(store, project, *nodes)
    assert [item["label"] for item in found] == [node["custom_name"] for node in nodes]
    assert {tuple(item["data"]) for item in found} == {(2, 0, 0)}
