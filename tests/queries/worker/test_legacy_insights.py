"""Legacy filters of insights and of scripts have the results of the equivalent query.

The tests use a query worker and an engine.
"""

import json
from typing import Any
from uuid import UUID

import pytest

from engine.interface import EngineClient
from queries.worker import Worker
from tests.builders import Person, make_dashboard, make_insight
from tests.queries.hogql.store import EVENT_COLUMNS
from tests.queries.worker.test_boards import compute, get_insights

# The query worker closes its connection between polls, which must not end the transaction of a test.
pytestmark = pytest.mark.django_db(transaction=True)
JANUARY = {"date_from": "2026-01-01", "date_to": "2026-01-03"}
ANN, BEN = UUID(int=1), UUID(int=2)
EVENTS = [
    ("$pageview", ANN, "2026-01-01 10:00:00", '{"$browser":"Chrome"}'),
    ("$pageview", ANN, "2026-01-01 11:00:00", '{"$browser":"Chrome"}'),
    ("$pageview", BEN, "2026-01-02 10:00:00", '{"$browser":"Firefox"}'),
    ("signed_up", BEN, "2026-01-03 10:00:00", '{"$browser":"Firefox"}'),
]


@pytest.fixture
def events(store: EngineClient, alice: Person) -> None:
    rows: list[list[Any]] = [
        [alice.membership.project_id, UUID(int=number), event, str(person), person, at, at, properties, ""]
        for number, (event, person, at, properties) in enumerate(EVENTS, start=1)
    ]
    store.insert_rows("events", EVENT_COLUMNS, rows)


@pytest.mark.usefixtures("events")
def test_boards_have_the_numbers_of_legacy_filters(worker: Worker, alice: Person) -> None:
    board = make_dashboard(alice)
    page = {"id": "$pageview", "type": "events"}
    for filters in (
        {"events": [page]},
        {"insight": "TRENDS", "events": [{**page, "math": "dau"}], "properties": {"$browser": "Firefox"}},
        {"insight": "TRENDS", "events": [page], "breakdown": "$browser", "display": "ActionsTable"},
        {"insight": "LIFECYCLE", "events": [page]},
        {"insight": "STICKINESS", "events": [page]},
        {"insight": "RETENTION", "period": "Day", "total_intervals": 2, "target_entity": page},
        {"insight": "TRENDS", "actions": [{"id": 7}]},
    ):
        make_insight(alice, board, query=None, filters={**filters, **JANUARY})
    path = f"dashboards/{board.pk}/"
    assert {each["result_state"] for each in get_insights(alice, f"{path}?refresh=blocking")} == {"queued"}
    compute(worker)
    plain, unique, broken_down, lifecycle, stickiness, retention, actions = get_insights(alice, path)
    assert plain["result"][0]["data"] == [2, 1, 0]
    assert unique["result"][0]["data"] == [0, 1, 0]
    totals = [(each["breakdown_value"], each["aggregated_value"]) for each in broken_down["result"]]
    assert totals == [("Chrome", 2), ("Firefox", 1)]
    assert {each["status"]: each["data"] for each in lifecycle["result"]}["new"] == [1, 1, 0]
    assert stickiness["result"][0]["data"] == [2, 0, 0]
    assert [cell["count"] for cell in retention["result"][0]["values"]] == [1, 0]
    assert (actions["result"], actions["query_status"]["error_code"]) == (None, "unsupported_query_part")


@pytest.mark.usefixtures("events")
def test_scripts_get_trends_and_funnels(worker: Worker, alice: Person) -> None:
    page, sign_up = {"id": "$pageview"}, {"id": "signed_up"}
    trend = {"events": json.dumps([page]), "breakdown": "$browser", **JANUARY}
    funnel = {"events": [page, sign_up], "funnel_window_days": "7", **JANUARY}
    assert alice.api.get("insights/trend/", **trend).status == 202
    assert alice.api.post("insights/funnel/", funnel).status == 202
    assert alice.api.get("insights/trend/", **trend, interval="never").status == 202
    compute(worker)
    shown = alice.api.get("insights/trend/", **trend).json
    assert [(each["breakdown_value"], each["data"]) for each in shown["result"]] == [
        ("Chrome", [2, 0, 0]),
        ("Firefox", [0, 1, 0]),
    ]
    assert (shown["timezone"], shown["is_cached"], shown["next"]) == ("UTC", True, None)
    steps = alice.api.post("insights/funnel/", funnel).json["result"]
    assert [(step["name"], step["count"]) for step in steps] == [("$pageview", 2), ("signed_up", 1)]
