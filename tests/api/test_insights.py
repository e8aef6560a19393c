"""/api/projects/:id/insights/ — list, create, retrieve, update, delete, restore."""

import re
from functools import reduce
from operator import getitem
from typing import Any

import pytest
from django.db import connection

from dashboards.models import Dashboard, Insight, Tile
from tests.builders import QUERY, Person, make_dashboard, make_insight, make_key, make_text_tile
from tests.client import Api


def list_names(person: Person, **query: Any) -> list[str]:
    answer = person.api.get("insights/", **query)
    assert answer.status == 200, answer
    return [row["name"] for row in answer.json["results"]]


def list_insights_of(person: Person, dashboard: Dashboard) -> list[int]:
    tiles = person.api.get(f"dashboards/{dashboard.pk}/").json["tiles"]
    return [tile["insight"]["id"] for tile in tiles if tile["insight"]]


def test_insight_is_created_with_name_and_query(alice: Person) -> None:
    answer = alice.api.post("insights/", {"name": "n", "query_id": "q"})
    assert (answer.status, answer.headers["Ignored-Fields"]) == (201, "query_id")
    insight = answer.json
    assert re.fullmatch(r"[A-Za-z][0-9A-Za-z]{7}", insight["short_id"])
    assert (insight["query"], insight["filters"], insight["dashboards"], insight["dashboard_tiles"]) == (
        None,
        {},
        [],
        [],
    )
    assert (insight["saved"], insight["favorited"], insight["is_sample"], insight["deleted"]) == (False,) * 4
    assert (insight["result"], insight["result_state"], insight["is_cached"]) == (None, "not_computed", False)
    assert (insight["effective_restriction_level"], insight["effective_privilege_level"]) == (21, 37)
    assert insight["created_by"]["email"] == "alice@example.com"
    assert insight["last_modified_by"] is None
    row = Insight.objects.get()
    assert (row.pk, row.short_id, row.created_by_id) == (insight["id"], insight["short_id"], alice.user.pk)


def test_empty_body_creates_an_unnamed_insight(alice: Person) -> None:
    assert alice.api.post("insights/").json["name"] == ""
    assert alice.api.post("insights/", {"name": None}).json["name"] == ""


def test_query_is_returned_as_sent(alice: Person) -> None:
    query = {"z": 1.0, "kind": "TrendsQuery", "a": [None, {}], "version": 3}
    answer = alice.api.post("insights/", {"query": query})
    written = '"query":{"z":1.0,"kind":"TrendsQuery","a":[null,{}],"version":3}'
    assert written in answer.text
    assert written in alice.api.get(f"insights/{answer.json['id']}/").text
    board = make_dashboard(alice)
    alice.api.patch(f"insights/{answer.json['id']}/", {"dashboards": [board.pk]})
    assert written in alice.api.get(f"dashboards/{board.pk}/").text


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ({"kind": "HogQLQuery", "query": "select 1"}, "DataVisualizationNode"),
        ({"kind": "TrendsQuery"}, "InsightVizNode"),
        ({"kind": "InsightVizNode", "source": {}}, None),
    ],
)
def test_bare_query_is_wrapped_only_for_identified_agents(
    alice: Person, query: dict[str, Any], kind: str | None
) -> None:
    agent = {"x-posthog-client": "mcp"}
    created = alice.api.post("insights/", {"query": query}, headers=agent).json
    assert created["query"] == ({"kind": kind, "source": query} if kind else query)
    assert alice.api.post("insights/", {"query": query}).json["query"] == query
    assert alice.api.patch(f"insights/{created['id']}/", {"name": "n"}, headers=agent).json["query"] == created["query"]


@pytest.mark.parametrize(
    ("body", "code"), [({}, "required"), ({"query": {}}, "invalid_input"), ({"query": {"kind": "X"}}, "invalid_input")]
)
def test_agents_must_send_a_supported_query(alice: Person, body: dict[str, Any], code: str) -> None:
    answer = alice.api.post("insights/", body, headers={"x-posthog-client": "mcp"})
    assert answer.error == (400, "validation_error", code, "query")


def test_insight_is_retrieved_by_id_and_short_id(alice: Person, carol: Person) -> None:
    insight = make_insight(alice)
    for reference in (insight.pk, insight.short_id):
        assert alice.api.get(f"insights/{reference}/").json["id"] == insight.pk
        assert carol.api.get(f"insights/{reference}/").error == (404, "invalid_request", "not_found", None)
    assert alice.api.patch(f"insights/{insight.short_id}", {"name": "by code"}).json["name"] == "by code"


@pytest.mark.parametrize("reference", ["999999999", "9" * 30, "AAAAAAAA", "x", "-1"])
def test_unknown_insight_is_404(alice: Person, reference: str) -> None:
    assert alice.api.get(f"insights/{reference}/").error == (404, "invalid_request", "not_found", None)
    assert alice.api.patch(f"insights/{reference}/", {"name": ["bad"]}).error[0] == 404


def test_dashboards_field_replaces_the_whole_list(alice: Person) -> None:
    one, two = make_dashboard(alice), make_dashboard(alice)
    insight = make_insight(alice, one)
    tile = Tile.objects.get(insight=insight)
    alice.api.patch(f"dashboards/{one.pk}/", {"tiles": [{"id": tile.pk, "layouts": {"sm": {"x": 3}}, "color": "red"}]})
    both = alice.api.patch(f"insights/{insight.pk}/", {"dashboards": [two.pk, one.pk, one.pk]}).json
    assert sorted(both["dashboards"]) == [one.pk, two.pk]
    kept = Tile.objects.get(pk=tile.pk)
    assert (kept.layouts, kept.color, kept.deleted) == ({"sm": {"x": 3}}, "red", False)
    assert alice.api.patch(f"insights/{insight.pk}/", {"name": "renamed"}).json["dashboards"] == both["dashboards"]
    assert alice.api.patch(f"insights/{insight.pk}/", {"dashboards": [two.pk]}).json["dashboards"] == [two.pk]
    assert list_insights_of(alice, one) == []
    alice.api.patch(f"insights/{insight.pk}/", {"dashboards": [one.pk]})
    [revived] = alice.api.get(f"dashboards/{one.pk}/").json["tiles"]
    assert (revived["id"], revived["layouts"], revived["color"]) == (tile.pk, {"sm": {"x": 3}}, "red")


def test_insight_is_added_to_all_its_dashboards_or_none(alice: Person, carol: Person) -> None:
    mine, theirs = make_dashboard(alice), make_dashboard(carol)
    for id_ in (999999999, theirs.pk):
        answer = alice.api.post("insights/", {"name": "n", "dashboards": [mine.pk, id_]})
        assert answer.error == (400, "validation_error", "does_not_exist", "dashboards__1")
    assert (Insight.objects.count(), Tile.objects.count()) == (0, 0)
    insight = make_insight(alice, mine)
    assert alice.api.patch(f"insights/{insight.pk}/", {"name": "x", "dashboards": [theirs.pk]}).status == 400
    assert Insight.objects.get().name == "Insight"
    assert list_insights_of(alice, mine) == [insight.pk]


def test_deleted_dashboard_in_the_list_is_ignored_and_reported(alice: Person) -> None:
    live, gone = make_dashboard(alice), make_dashboard(alice, deleted=True)
    insight = make_insight(alice)
    answer = alice.api.patch(f"insights/{insight.pk}/", {"dashboards": [gone.pk, live.pk]})
    assert (answer.json["dashboards"], answer.headers["Ignored-Fields"]) == ([live.pk], "dashboards__0")


def test_changed_dashboards_require_the_edit_right(alice: Person, bob: Person) -> None:
    closed, open_ = make_dashboard(alice, restriction_level=37), make_dashboard(alice)
    assert bob.api.post("insights/", {"dashboards": [closed.pk]}).status == 403
    insight = make_insight(alice, closed, open_)
    assert bob.api.patch(f"insights/{insight.pk}/", {"dashboards": [open_.pk]}).status == 403
    assert bob.api.patch(f"insights/{insight.pk}/", {"dashboards": [closed.pk, open_.pk], "name": "bob"}).status == 200
    assert bob.api.patch(f"insights/{insight.pk}/", {"dashboards": [closed.pk]}).json["dashboards"] == [closed.pk]
    assert list_insights_of(alice, closed) == [insight.pk]


def test_edit_right_depends_on_the_dashboards_of_the_insight(alice: Person, bob: Person) -> None:
    closed, open_ = make_dashboard(alice, restriction_level=37), make_dashboard(alice)
    insight = make_insight(bob)
    Tile.objects.create(project=closed.project, dashboard=closed, insight=insight)
    response = bob.api.get(f"insights/{insight.pk}/").json
    levels = ("effective_restriction_level", "effective_privilege_level", "user_access_level")
    assert tuple(response[level] for level in levels) == (37, 21, "viewer")
    assert bob.api.patch(f"insights/{insight.pk}/", {"name": "no"}).error[:3] == (
        403,
        "authentication_error",
        "permission_denied",
    )
    Tile.objects.create(project=open_.project, dashboard=open_, insight=insight)
    response = bob.api.get(f"insights/{insight.pk}/").json
    assert tuple(response[level] for level in levels) == (37, 37, "manager")
    assert bob.api.patch(f"insights/{insight.pk}/", {"name": "yes"}).status == 200


def test_change_updates_the_last_modifier_and_no_change_does_not(alice: Person, bob: Person) -> None:
    insight = make_insight(alice, make_dashboard(alice), tags=["t"], is_sample=True)
    Insight.objects.update(is_sample=True)
    before = Insight.objects.values().get()
    read = bob.api.get(f"insights/{insight.pk}/")
    answer = bob.api.patch(f"insights/{insight.pk}/", read.json)
    assert (answer.status, answer.text) == (200, read.text)
    assert "Ignored-Fields" not in answer.headers
    assert Insight.objects.values().get() == before
    bob.api.patch(f"insights/{insight.pk}/", {"favorited": True, "order": 3})
    row = Insight.objects.get()
    assert (row.favorited, row.order, row.is_sample, row.last_modified_by_id) == (True, 3, True, None)
    assert row.updated_at > before["updated_at"]
    changed = bob.api.patch(f"insights/{insight.pk}/", {"query": {"kind": "X"}}).json
    assert changed["last_modified_by"]["email"] == "bob@example.com"
    assert changed["last_modified_at"] > read.json["last_modified_at"]
    assert Insight.objects.get().is_sample is False


def test_put_is_partial(alice: Person) -> None:
    insight = make_insight(alice, tags=["t"], description="d")
    answer = alice.api.send_form("PUT", f"insights/{insight.pk}/", {"name": "form", "query": '{"kind":"X"}'})
    shown = answer.json
    assert (shown["name"], shown["query"], shown["description"], shown["tags"]) == ("form", {"kind": "X"}, "d", ["t"])
    assert alice.api.patch(f"insights/{insight.pk}/", {"query": None}).json["query"] is None


BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"name": "x" * 401}, "max_length", "name"),
    ({"query": "select 1"}, "invalid_input", "query"),
    ({"query": [1]}, "invalid_input", "query"),
    ({"filters": [1]}, "invalid_input", "filters"),
    ({"saved": "perhaps"}, "invalid_input", "saved"),
    ({"favorited": None}, "null", "favorited"),
    ({"order": 2**63}, "invalid_input", "order"),
    ({"dashboards": 1}, "not_a_list", "dashboards"),
    ({"dashboards": ["a"]}, "invalid_input", "dashboards__0"),
    ({"dashboards": [2**63]}, "invalid_input", "dashboards__0"),
    ({"dashboards": list(range(1001))}, "max_length", "dashboards"),
    ({"tags": [5]}, "invalid_input", "tags__0"),
]


@pytest.mark.parametrize(("body", "code", "attr"), BAD, ids=[str(each[0])[:50] for each in BAD])
def test_invalid_value_is_400_at_its_path(alice: Person, body: dict[str, Any], code: str, attr: str) -> None:
    status, type_, named_code, named = alice.api.post("insights/", {"name": "n", **body}).error
    assert (status, type_, named) == (400, "validation_error", attr)
    assert named_code in (code, "max_value")
    assert Insight.objects.count() == 0


def test_deleted_insight_is_hidden_with_its_tiles_and_restored_with_them(alice: Person) -> None:
    board, other = make_dashboard(alice), make_dashboard(alice)
    insight = make_insight(alice, board, other)
    text = make_text_tile(alice, board)
    alice.api.patch(f"insights/{insight.pk}/", {"dashboards": [board.pk]})
    answer = alice.api.patch(f"insights/{insight.pk}/", {"deleted": True})
    assert (answer.status, answer.json["deleted"], answer.json["dashboards"]) == (200, True, [])
    assert alice.api.get(f"insights/{insight.pk}/").status == 404
    assert list_names(alice) == []
    assert [tile["id"] for tile in alice.api.get(f"dashboards/{board.pk}/").json["tiles"]] == [text.pk]
    for body in ({}, {"name": "x"}, {"deleted": True}):
        assert alice.api.patch(f"insights/{insight.pk}/", body).status == 404
    restored = alice.api.patch(f"insights/{insight.pk}/", {"deleted": False, "name": "back"}).json
    assert (restored["deleted"], restored["name"], restored["dashboards"]) == (False, "back", [board.pk])
    assert list_insights_of(alice, other) == []


def test_tile_of_a_restored_insight_stays_hidden_with_its_deleted_dashboard(alice: Person) -> None:
    board = make_dashboard(alice)
    insight = make_insight(alice, board)
    alice.api.patch(f"insights/{insight.pk}/", {"deleted": True})
    alice.api.patch(f"dashboards/{board.pk}/", {"deleted": True})
    assert alice.api.patch(f"insights/{insight.pk}/", {"deleted": False}).json["dashboards"] == []
    alice.api.patch(f"dashboards/{board.pk}/", {"deleted": False})
    assert list_insights_of(alice, board) == [insight.pk]


def test_tile_of_an_insight_deleted_outside_the_api_is_hidden(alice: Person) -> None:
    board = make_dashboard(alice)
    insight = make_insight(alice, board)
    Insight.objects.filter(pk=insight.pk).update(deleted=True)
    assert alice.api.get(f"dashboards/{board.pk}/").json["tiles"] == []


def test_delete_is_405_without_a_body(alice: Person) -> None:
    insight = make_insight(alice)
    answer = alice.api.delete(f"insights/{insight.pk}/")
    assert (answer.status, answer.text) == (405, "")
    assert answer.headers["Allow"] == "GET, PUT, PATCH, HEAD, OPTIONS"
    assert Insight.objects.get().deleted is False


@pytest.mark.parametrize("text", ["{oops", "", " ", "[1"])
@pytest.mark.parametrize(
    ("statement", "path"),
    [
        ("UPDATE dashboards_insight SET query = %s WHERE id = %s", ("insight", "query")),
        ("UPDATE dashboards_insight SET filters = %s WHERE id = %s", ("insight", "filters")),
        ("UPDATE dashboards_tile SET layouts = %s WHERE insight_id = %s", ("layouts",)),
        ("UPDATE dashboards_tile SET filters_overrides = %s WHERE insight_id = %s", ("filters_overrides",)),
    ],
)
def test_damaged_tile_has_an_error_of_its_own(alice: Person, statement: str, path: tuple[str, ...], text: str) -> None:
    board = make_dashboard(alice)
    broken = make_insight(alice, board, name="broken")
    make_insight(alice, board, name="whole")
    with connection.cursor() as cursor:
        cursor.execute(statement, [text, broken.pk])
    answer = alice.api.get(f"dashboards/{board.pk}/")
    assert answer.status == 200
    damaged, other = sorted(answer.json["tiles"], key=lambda tile: tile["insight"]["id"])
    assert damaged["error"] == {"type": "damaged_tile", "message": "The stored JSON of this tile cannot be parsed."}
    assert damaged["insight"]["name"] == "broken"
    assert reduce(getitem, path, damaged) == (None if path[-1] == "query" else {})
    assert other["insight"]["query"] == QUERY
    assert "error" not in other


def test_dashboard_scopes_do_not_grant_access_to_insights(alice: Person) -> None:
    api = Api(make_key(alice.user, "dashboard:write"), alice.membership.project_id)
    answer = api.get("insights/")
    assert answer.status == 403
    assert answer.json["detail"] == "API key missing required scope 'insight:read'"
