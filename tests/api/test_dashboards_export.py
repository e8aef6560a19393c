"""GET …/dashboards/:id/export/, and importing the result with create_from_template_json."""

import json
from typing import Any

import pytest

from dashboards.models import Dashboard
from tests.builders import QUERY, Person, make_dashboard, make_insight
from tests.client import iter_keys

TILES: list[dict[str, Any]] = [
    {
        "text": {"body": "**hello**\n"},
        "layouts": {"sm": {"x": 0, "y": 0, "w": 6.0, "h": 5}, "xs": {"y": 0}},
        "color": "blue",
        "transparent_background": True,
    },
    {"text": {"body": "{START}"}, "layouts": {"sm": {"y": 9}}, "filters_overrides": {"date_from": "-1d", "n": 1.0}},
    {"button_tile": {"url": "/a", "text": "Go", "placement": "right", "style": "secondary"}, "show_description": False},
]
CONTENT: dict[str, Any] = {
    "description": " what\nhappened ",
    "filters": {"date_from": "-7d", "properties": ["{END}"]},
    "variables": {"v1": {"code_name": "country", "value": "x"}},
    "breakdown_colors": [{"breakdownValue": "a", "colorToken": "preset-1"}],
    "tags": ["b", "a"],
}


@pytest.fixture
def board(alice: Person) -> Dashboard:
    created = make_dashboard(alice, "Quarter", **CONTENT, pinned=True, tiles=TILES)
    make_insight(
        alice, created, name="Visits", description="all", tags=["b", "a"], derived_name="Page views", favorited=True
    )
    make_insight(alice, created, name="Old", query=None, filters={"insight": "TRENDS"})
    return created


def export(person: Person, dashboard_id: int) -> Any:
    answer = person.api.get(f"dashboards/{dashboard_id}/export/")
    assert answer.status == 200
    return answer.json


def test_export_is_a_template_document(alice: Person, board: Dashboard) -> None:
    document = export(alice, board.pk)
    tiles = document.pop("tiles")
    assert document == {
        "template_name": "Quarter",
        "dashboard_description": " what\nhappened ",
        "dashboard_filters": CONTENT["filters"],
        "dashboard_variables": CONTENT["variables"],
        "breakdown_colors": CONTENT["breakdown_colors"],
        "folder": None,
        "pinned": True,
        "restriction_level": 21,
        "grid_spacing": "standard",
        "layout_compaction": "vertical",
        "tags": ["a", "b"],
        "variables": [
            {"id": name, "name": name, "type": "event", "default": f"{{{name}}}", "description": "", "required": False}
            for name in ("END", "START")
        ],
    }
    assert sorted(tile["type"] for tile in tiles) == ["BUTTON", "INSIGHT", "INSIGHT", "TEXT", "TEXT"]
    [visits] = [tile for tile in tiles if tile.get("name") == "Visits"]
    assert (visits["query"], visits["description"], "filters" in visits) == (QUERY, "all", False)
    assert (visits["tags"], visits["derived_name"], visits["favorited"]) == (["a", "b"], "Page views", True)


def test_export_contains_no_ids_users_or_urls(alice: Person, board: Dashboard) -> None:
    document = export(alice, board.pk)
    document.pop("variables")
    hidden = {"id", "short_id", "created_by", "team_id", "dashboard", "use_template", "creation_mode", "created_at"}
    assert not hidden & set(iter_keys(document))
    assert alice.user.email not in json.dumps(document)


@pytest.mark.parametrize("reader", ["alice", "carol"])
def test_imported_export_equals_the_dashboard(
    alice: Person, board: Dashboard, reader: str, request: pytest.FixtureRequest
) -> None:
    person: Person = request.getfixturevalue(reader)
    document = export(alice, board.pk)
    created = person.api.post("dashboards/create_from_template_json/", {"template": document})
    assert created.status == 200
    assert created.json["id"] != board.pk
    assert json.dumps(export(person, created.json["id"])) == json.dumps(document)
    source = alice.api.get(f"dashboards/{board.pk}/").json
    for field in ("name", "description", "filters", "variables", "breakdown_colors", "tags", "pinned"):
        assert json.dumps(created.json[field]) == json.dumps(source[field])
    shown = ("order", "layouts", "color", "filters_overrides", "show_description", "transparent_background")
    assert [{key: tile[key] for key in shown} for tile in created.json["tiles"]] == [
        {key: tile[key] for key in shown} for tile in source["tiles"]
    ]
    assert [(tile["text"] or {}).get("body") for tile in created.json["tiles"]] == [
        (tile["text"] or {}).get("body") for tile in source["tiles"]
    ]


def test_restriction_is_exported(alice: Person, bob: Person) -> None:
    board = make_dashboard(alice, restriction_level=37, tiles=[{"text": {"body": "t"}}])
    document = export(bob, board.pk)
    created = bob.api.post("dashboards/create_from_template_json/", {"template": document}).json
    assert (created["restriction_level"], created["user_access_level"]) == (37, "manager")


def test_insights_from_a_template_are_found_by_their_tags(alice: Person) -> None:
    tiles = [{"type": "INSIGHT", "name": "one", "tags": [" New ", "old"]}, {"type": "INSIGHT", "tags": ["new"]}]
    document = {"template_name": "t", "dashboard_description": "", "dashboard_filters": {}, "tiles": tiles}
    assert alice.api.post("dashboards/create_from_template_json/", {"template": document}).status == 200
    assert alice.api.get("insights/", tags="new").json["count"] == 2
    [found] = alice.api.get("insights/", search="old").json["results"]
    assert (found["name"], found["tags"]) == ("one", ["new", "old"])


def test_removed_tiles_and_deleted_insights_are_not_exported(alice: Person) -> None:
    board = make_dashboard(alice, tiles=[{"text": {"body": "kept"}}, {"text": {"body": "removed"}}])
    insight = make_insight(alice, board)
    removed = alice.api.get(f"dashboards/{board.pk}/").json["tiles"][1]["id"]
    alice.api.patch(f"dashboards/{board.pk}/", {"tiles": [{"id": removed, "deleted": True}]})
    alice.api.patch(f"insights/{insight.pk}/", {"deleted": True})
    assert [tile["body"] for tile in export(alice, board.pk)["tiles"]] == ["kept"]


def test_dashboard_without_tiles_cannot_be_exported(alice: Person) -> None:
    document = export(alice, make_dashboard(alice).pk)
    assert (document["tiles"], document["variables"]) == ([], None)
    answer = alice.api.post("dashboards/create_from_template_json/", {"template": document})
    assert answer.error[0] == 400
    assert Dashboard.objects.count() == 1


def test_missing_dashboard_is_404(alice: Person, carol: Person) -> None:
    for id_ in (make_dashboard(alice, deleted=True).pk, make_dashboard(carol).pk, 999999999, "abc"):
        assert alice.api.get(f"dashboards/{id_}/export/").error == (404, "invalid_request", "not_found", None)


@pytest.mark.parametrize(
    ("change", "attr"),
    [
        ({"breakdown_colors": [1]}, "template__breakdown_colors__0"),
        ({"breakdown_colors": [{"x": 1}]}, "template__breakdown_colors__0__breakdownValue"),
        ({"breakdown_colors": [CONTENT["breakdown_colors"][0]] * 1001}, "template__breakdown_colors"),
        ({"dashboard_variables": []}, "template__dashboard_variables"),
        ({"tiles": [{"type": "TEXT", "body": "t"}] * 1001}, "template__tiles"),
        ({"tags": [str(number) for number in range(1001)]}, "template__tags"),
        ({"pinned": "yes"}, "template__pinned"),
        ({"restriction_level": 22}, "template__restriction_level"),
        ({"tiles": [{"type": "INSIGHT", "tags": [" "]}]}, "template__tiles__0__tags__0"),
        ({"tiles": [{"type": "INSIGHT", "derived_name": "x" * 401}]}, "template__tiles__0__derived_name"),
    ],
)
def test_export_that_cannot_be_imported_is_refused(
    alice: Person, board: Dashboard, change: dict[str, Any], attr: str
) -> None:
    document = {**export(alice, board.pk), **change}
    answer = alice.api.post("dashboards/create_from_template_json/", {"template": document})
    assert (answer.status, answer.json["attr"]) == (400, attr)
    assert Dashboard.objects.count() == 1


def nest(levels: int, inner: Any) -> Any:
    for _ in range(levels):
        inner = {"a": inner}
    return inner


@pytest.mark.parametrize(("default_levels", "status"), [(30, 200), (31, 400)])
def test_placeholders_are_nested_no_deeper_than_an_import_allows(
    alice: Person, default_levels: int, status: int
) -> None:
    document = {
        "template_name": "deep",
        "dashboard_description": "",
        "dashboard_filters": nest(31, "{V}"),
        "tiles": [{"type": "TEXT", "body": "b"}],
        "variables": [{"id": "V", "default": nest(default_levels, 1)}],
    }
    answer = alice.api.post("dashboards/create_from_template_json/", {"template": document})
    assert answer.status == status
    if status == 400:
        assert answer.json["attr"] == "template__dashboard_filters" + "__a" * 31
        assert not Dashboard.objects.exists()
        return
    again = alice.api.post("dashboards/create_from_template_json/", {"template": export(alice, answer.json["id"])})
    assert again.status == 200
    assert alice.api.patch(f"dashboards/{again.json['id']}/", {"filters": again.json["filters"]}).status == 200
