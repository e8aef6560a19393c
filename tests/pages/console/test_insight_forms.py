"""The page with the form of an insight: its preview, adding it to a dashboard, and editing it."""

import json
from html import unescape
from typing import Any

import pytest
from django.test import Client

from dashboards.models import Dashboard, Insight, Tile
from events.models import EventDefinition, PropertyDefinition, Store
from pages.console.forms.insight_queries import build_query, find_kind, list_kinds, read_query
from queries.models import QueryResult
from tests.builders import Person, make_dashboard, make_insight
from tests.pages.browsing import get_csrf_token, get_dashboard_path, get_text
from tests.pages.computing import complete, make_sql_insight

TRENDS: dict[str, Any] = {
    "event-0": "$pageview",
    "math-0": "dau",
    "event-1": "order_paid",
    "math-1": "sum",
    "math-property-1": "amount",
    "display": "ActionsBar",
    "interval": "week",
    "breakdown-type": "event",
    "breakdown": "$browser",
    "range": "-30d|",
    "property-type-0": "person",
    "property-0": "plan",
    "operator-0": "exact",
    "value-0": 'free, "a, b"',
}
TRENDS_QUERY = {
    "kind": "InsightVizNode",
    "source": {
        "kind": "TrendsQuery",
        "series": [
            {"kind": "EventsNode", "event": "$pageview", "name": "$pageview", "math": "dau"},
            {
                "kind": "EventsNode",
                "event": "order_paid",
                "name": "order_paid",
                "math": "sum",
                "math_property": "amount",
            },
        ],
        "dateRange": {"date_from": "-30d", "date_to": None},
        "properties": [{"key": "plan", "type": "person", "operator": "exact", "value": ["free", "a, b"]}],
        "breakdownFilter": {"breakdown": "$browser", "breakdown_type": "event"},
        "interval": "week",
        "trendsFilter": {"display": "ActionsBar"},
    },
}


@pytest.fixture
def board(alice: Person) -> Dashboard:
    return make_dashboard(alice)


def get_path(board: Dashboard, insight: Any = "new", kind: str = "") -> str:
    return f"{get_dashboard_path(board)}/insights/{insight}{f'?kind={kind}' if kind else ''}"


def read_hidden(page: Any) -> str:
    """Return the values that the form had when it was opened."""
    return unescape(get_text(page).partition('name="was" value="')[2].partition('"')[0])


def post_form(client: Client, path: str, action: str = "save", **fields: Any) -> Any:
    page = client.get(path)
    was = read_hidden(page)
    sent = {**json.loads(was), **fields}
    return client.post(path, {"csrfmiddlewaretoken": get_csrf_token(page), "was": was, "action": action, **sent})


def test_trend_is_added_to_the_dashboard(browser: Client, alice: Person, board: Dashboard) -> None:
    response = post_form(browser, get_path(board, kind="trends"), name="Weekly", **TRENDS)
    insight, tile = Insight.objects.get(), Tile.objects.get()
    assert (insight.name, insight.query, insight.saved) == ("Weekly", TRENDS_QUERY, True)
    assert insight.created_by == alice.user
    assert (tile.insight, tile.dashboard) == (insight, board)
    assert (response.status_code, response["Location"]) == (303, f"{get_dashboard_path(board)}#tile-{tile.pk}")
    shown = get_text(browser.get(get_dashboard_path(board)))
    assert "Added the insight." in shown
    assert ">Undo</button>" in shown


def test_retention_and_sql_are_added(browser: Client, board: Dashboard) -> None:
    retention = {"event-0": "signup", "event-1": "All events", "period": "Week", "intervals": "6"}
    assert post_form(browser, get_path(board, kind="retention"), **retention).status_code == 303
    assert Insight.objects.latest("pk").query == {
        "kind": "InsightVizNode",
        "source": {
            "kind": "RetentionQuery",
            "retentionFilter": {
                "period": "Week",
                "totalIntervals": 6,
                "targetEntity": {"id": "signup", "name": "signup", "type": "events"},
                "returningEntity": {"id": None, "name": "All events", "type": "events"},
            },
        },
    }
    sql = {"sql": "SELECT 1 AS a,\r\n2 AS b", "display": "ActionsBar", "x": "a", "y": "b"}
    assert post_form(browser, get_path(board, kind="sql"), **sql).status_code == 303
    assert Insight.objects.latest("pk").query == {
        "kind": "DataVisualizationNode",
        "source": {"kind": "HogQLQuery", "query": "SELECT 1 AS a,\n2 AS b"},
        "display": "ActionsBar",
        "chartSettings": {"xAxis": {"column": "a"}, "yAxis": [{"column": "b"}]},
    }


@pytest.mark.parametrize(("kind", "rows"), [("LifecycleQuery", 1), ("StickinessQuery", 2)])
def test_lifecycle_and_stickiness_are_added(browser: Client, board: Dashboard, kind: str, rows: int) -> None:
    path = get_path(board, kind=kind.removesuffix("Query").lower())
    assert get_text(browser.get(path)).count('name="event-') == rows
    assert post_form(browser, path, **{"event-0": "signup", "interval": "week", "range": "-90d|"}).status_code == 303
    insight = Insight.objects.get()
    source = {
        "kind": kind,
        "series": [{"kind": "EventsNode", "event": "signup", "name": "signup", "math": "total"}],
        "dateRange": {"date_from": "-90d", "date_to": None},
        "interval": "week",
    }
    assert insight.query == {"kind": "InsightVizNode", "source": source}
    assert post_form(browser, get_path(board, insight.pk), **{"event-0": "order_paid"}).status_code == 303
    insight.refresh_from_db()
    node = {"kind": "EventsNode", "event": "order_paid", "name": "order_paid", "math": "total"}
    assert insight.query == {"kind": "InsightVizNode", "source": {**source, "series": [node]}}


def test_preview_shows_the_result_and_stores_nothing(browser: Client, board: Dashboard) -> None:
    Store.objects.update_or_create(pk=1, defaults={"is_confirmed": True})
    path, fields = (
        get_path(board, kind="sql"),
        {"sql": "SELECT day, visitors FROM t", "display": "BoldNumber", "y": "visitors"},
    )
    waiting = post_form(browser, path, "preview", name="Visits <b>", **fields)
    assert (waiting.status_code, "Being computed" in get_text(waiting)) == (200, True)
    assert QueryResult.objects.queued().count() == 1
    complete([["2026-11-29", 12345]])
    shown = get_text(post_form(browser, path, "preview", name="Visits <b>", **fields))
    assert "12,345" in shown
    assert 'value="Visits &lt;b&gt;"' in shown
    assert "SELECT day, visitors FROM t</textarea>" in shown
    assert not Insight.objects.exists()


@pytest.mark.parametrize(
    ("kind", "fields", "error", "attr"),
    [
        ("trends", {}, "Choose an event.", "event-0"),
        ("trends", {"event-0": "a", "math-0": "sum"}, "Choose the property", "math-property-0"),
        ("trends", {"event-0": "a", "range": "custom", "date_from": "x"}, "Write a date", "date_from"),
        (
            "trends",
            {"event-0": "a", "range": "custom", "date_from": "2026-02-01", "date_to": "2026-01-01"},
            "before the first",
            "date_to",
        ),
        ("lifecycle", {"interval": "week"}, "Choose an event.", "event-0"),
        ("retention", {"event-0": "a"}, "Choose an event.", "event-1"),
        ("retention", {"event-0": "a", "event-1": "b", "intervals": "999"}, "from 2 to 31", "intervals"),
        ("sql", {"sql": " "}, "Write a query.", "sql"),
        ("sql", {"sql": "SELECT 1", "name": "x" * 500}, "Name: ", "name"),
    ],
)
def test_refused_form_keeps_its_input(
    browser: Client, board: Dashboard, kind: str, fields: dict[str, str], error: str, attr: str
) -> None:
    response = post_form(browser, get_path(board, kind=kind), description="typed", **fields)
    shown = get_text(response)
    assert response.status_code == 400
    assert error in shown
    assert shown.count('role="alert"') == 1
    assert "typed</textarea>" in shown
    assert all(f'value="{text}"' in shown for name, text in fields.items() if text.strip() and name != "sql")
    assert not Insight.objects.exists()


def test_suggestions_are_the_definitions_of_the_project(
    browser: Client, alice: Person, carol: Person, board: Dashboard
) -> None:
    EventDefinition.objects.create(project=alice.membership.project, name="order <paid>")
    EventDefinition.objects.create(project=carol.membership.project, name="foreign")
    PropertyDefinition.objects.create(project=alice.membership.project, owner="event", name="amount")
    shown = get_text(browser.get(get_path(board)))
    assert '<option value="order &lt;paid&gt;">' in shown
    assert '<option value="amount">' in shown
    assert "foreign" not in shown


def test_editing_writes_only_what_changed(browser: Client, alice: Person, board: Dashboard) -> None:
    series = [{"kind": "EventsNode", "event": "a", "custom_name": "A", "properties": [{"key": "k"}]}]
    groups = {"type": "AND", "values": []}
    source = {"kind": "TrendsQuery", "series": series, "properties": groups, "trendsFilter": {"formula": "A*2"}}
    insight = make_insight(alice, board, query={"kind": "InsightVizNode", "source": source, "full": True})
    path = get_path(board, insight.pk)
    response = post_form(browser, path, name="Renamed", interval="week")
    assert response.status_code == 303
    insight.refresh_from_db()
    assert insight.name == "Renamed"
    assert insight.query == {
        "kind": "InsightVizNode",
        "full": True,
        "source": {**source, "interval": "week"},
    }


def test_stored_values_that_the_form_does_not_offer_stay(browser: Client, alice: Person, board: Dashboard) -> None:
    series = [{"kind": "EventsNode", "event": "a", "math": "p90", "math_property": "ms"}]
    source = {
        "kind": "TrendsQuery",
        "series": series,
        "interval": "quarter",
        "trendsFilter": {"display": "WorldMap"},
        "breakdownFilter": {"breakdown": "upper(event)", "breakdown_type": "hogql"},
        "properties": {"type": "OR", "values": []},
    }
    insight = make_insight(alice, board, query={"kind": "InsightVizNode", "source": source})
    path = get_path(board, insight.pk)
    page = get_text(browser.get(path))
    for value in ("p90", "quarter", "WorldMap", "hogql"):
        assert f'<option value="{value}" selected>{value}</option>' in page
    assert "These filters have parts that this form does not show." in page
    assert post_form(browser, path, name="Renamed").status_code == 303
    insight.refresh_from_db()
    assert (insight.name, insight.query["source"]) == ("Renamed", source)


def test_editing_keeps_changes_by_others(browser: Client, alice: Person, board: Dashboard) -> None:
    insight = make_sql_insight(alice, board, name="Old", query="SELECT 1")
    path = get_path(board, insight.pk)
    page = browser.get(path)
    was = read_hidden(page)
    form = {"csrfmiddlewaretoken": get_csrf_token(page), "was": was, "action": "save", **json.loads(was)}
    assert alice.api.patch(f"insights/{insight.pk}/", {"name": "Theirs"}).status == 200
    assert browser.post(path, {**form, "sql": "SELECT 2"}).status_code == 303
    insight.refresh_from_db()
    assert (insight.name, insight.query["source"]["query"]) == ("Theirs", "SELECT 2")
    refused = browser.post(path, {**form, "name": "Mine", "sql": "SELECT 1"})
    assert refused.status_code == 409
    assert 'value="Mine"' in get_text(refused)
    again = {**form, "was": read_hidden(refused), "name": "Mine", "sql": "SELECT 2"}
    assert browser.post(path, again).status_code == 303
    insight.refresh_from_db()
    assert insight.name == "Mine"


def test_insight_without_a_form_keeps_its_query(browser: Client, alice: Person, board: Dashboard) -> None:
    query = {"kind": "InsightVizNode", "source": {"kind": "PathsQuery", "pathsFilter": {"startPoint": "/"}}}
    insight = make_insight(alice, board, query=query)
    assert "has no form for the query" in get_text(browser.get(get_path(board, insight.pk)))
    assert post_form(browser, get_path(board, insight.pk), name="Growth").status_code == 303
    insight.refresh_from_db()
    assert (insight.name, insight.query) == ("Growth", query)


def test_only_editors_of_the_dashboard_see_the_form(
    browser: Client, alice: Person, bob: Person, carol: Person, board: Dashboard
) -> None:
    theirs = make_dashboard(bob, "Bob's", restriction_level=37)
    alice.membership.level = 1
    alice.membership.save()
    assert browser.get(get_path(theirs)).status_code == 403
    assert browser.post(get_path(theirs), {"csrfmiddlewaretoken": "x"}).status_code == 403
    assert browser.get(get_path(make_dashboard(carol))).status_code == 403
    elsewhere = make_insight(alice, make_dashboard(alice), name="Elsewhere")
    for reference in (elsewhere.pk, 999999, "x"):
        assert browser.get(get_path(board, reference)).status_code == 404


@pytest.mark.parametrize("name", [kind.name for kind in list_kinds()])
def test_unchanged_forms_change_no_query(name: str) -> None:
    kind = find_kind(name)
    assert kind is not None
    fields = {
        **read_query(kind, {}),
        "event-0": "a",
        "event-1": "b",
        "sql": "SELECT 1",
        "breakdown": "x",
        "range": "-7d|",
    }
    query = build_query(kind, fields, {})
    assert build_query(kind, read_query(kind, query), query) == query


@pytest.mark.parametrize("junk", [1, "x", [], [1], {"a": 1}, None, True])
@pytest.mark.parametrize("name", [kind.name for kind in list_kinds()])
def test_forms_of_damaged_queries_open(name: str, junk: Any) -> None:
    kind = find_kind(name)
    assert kind is not None
    parts = ("series", "dateRange", "properties", "breakdownFilter", "trendsFilter", "retentionFilter", "funnelsFilter")
    source = {"kind": kind.query_kind, **dict.fromkeys(parts, junk), "query": junk, "interval": junk}
    values = read_query(kind, {"kind": "DataVisualizationNode", "source": source, "chartSettings": junk})
    assert all(isinstance(text, str) for text in values.values())
