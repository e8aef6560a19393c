"""POST /api/projects/:id/dashboards/ with `use_dashboard`, shallow and deep."""

from typing import Any

import pytest

from dashboards.models import Dashboard, Insight, Text, Tile
from tests.builders import Person, make_dashboard, make_insight, make_text_tile
from tests.client import Answer

DISPLAY = {
    "layouts": {"sm": {"x": "1", "y": 2.0}},
    "color": "red",
    "filters_overrides": {"b": 1, "a": None},
    "show_description": True,
    "transparent_background": False,
}
BUTTON = {"button_tile": {"url": "/x", "text": "Go", "style": "secondary", "placement": "right"}}


@pytest.fixture
def source(alice: Person) -> Dashboard:
    board = make_dashboard(
        alice,
        "Source",
        description="d",
        pinned=True,
        tags=["t"],
        filters={"z": 1.0},
        variables={"v": {}},
        breakdown_colors=[{"breakdownValue": 1, "colorToken": "preset-3"}],
        data_color_theme_id=4,
        restriction_level=37,
        tiles=[{"text": {"body": "words"}, **DISPLAY}, BUTTON],
    )
    make_insight(alice, board, name="Visits", tags=["x"], description="why", saved=True)
    return board


def create_copy(person: Person, source: Dashboard, **body: Any) -> Answer:
    return person.api.post("dashboards/", {"name": "Copy", "use_dashboard": source.pk, **body})


def test_shallow_copy_shares_content(alice: Person, source: Dashboard) -> None:
    before = alice.api.get(f"dashboards/{source.pk}/").json
    answer = create_copy(alice, source)
    assert answer.status == 201
    created = answer.json
    assert (created["creation_mode"], created["use_dashboard"], created["name"]) == ("duplicate", source.pk, "Copy")
    assert (created["description"], created["tags"], created["filters"], created["variables"]) == (
        "d",
        ["t"],
        {"z": 1.0},
        {"v": {}},
    )
    assert created["breakdown_colors"] == [{"breakdownValue": 1, "colorToken": "preset-3"}]
    assert (created["data_color_theme_id"], created["pinned"], created["restriction_level"]) == (4, False, 21)
    assert len(created["tiles"]) == 3
    for old, new in zip(before["tiles"], created["tiles"], strict=True):
        assert new["id"] != old["id"]
        for key in (*DISPLAY, "order"):
            assert new[key] == old[key]
        for kind in ("insight", "text", "button_tile"):
            assert (new[kind] or {}).get("id") == (old[kind] or {}).get("id")
    after = alice.api.get(f"dashboards/{source.pk}/").json
    assert [tile["id"] for tile in after["tiles"]] == [tile["id"] for tile in before["tiles"]]
    insight = alice.api.get(f"insights/{Insight.objects.get().pk}/").json
    assert sorted(insight["dashboards"]) == sorted([source.pk, created["id"]])


def test_deep_copy_duplicates_content(alice: Person, bob: Person, source: Dashboard) -> None:
    before = alice.api.get(f"dashboards/{source.pk}/").json
    created = create_copy(bob, source, duplicate_tiles=True).json
    for old, new in zip(before["tiles"], created["tiles"], strict=True):
        for key in (*DISPLAY, "order"):
            assert new[key] == old[key]
        for kind in ("insight", "text", "button_tile"):
            if old[kind]:
                assert new[kind]["id"] != old[kind]["id"]
                assert new[kind]["created_by"]["email"] == "bob@example.com"
    text, button, insight = (created["tiles"][n][kind] for n, kind in enumerate(("text", "button_tile", "insight")))
    assert text["body"] == "words"
    assert (button["url"], button["text"], button["style"], button["placement"]) == ("/x", "Go", "secondary", "right")
    assert (insight["name"], insight["tags"], insight["description"]) == ("Visits (Copy)", ["x"], "why")
    assert insight["query"] == before["tiles"][2]["insight"]["query"]
    assert insight["short_id"] != before["tiles"][2]["insight"]["short_id"]
    assert insight["dashboards"] == [created["id"]]
    assert alice.api.get("insights/", search="x").json["count"] == 2
    after = alice.api.get(f"dashboards/{source.pk}/").json
    assert after == before


def test_deep_copy_of_an_unnamed_insight_is_unnamed_and_long_names_are_truncated(alice: Person) -> None:
    board = make_dashboard(alice)
    make_insight(alice, board, name="")
    make_insight(alice, board, name="x" * 400)
    names = [tile["insight"]["name"] for tile in create_copy(alice, board, duplicate_tiles=True).json["tiles"]]
    assert names == ["", "x" * 393 + " (Copy)"]


def test_body_overrides_the_source(alice: Person, source: Dashboard) -> None:
    body: dict[str, Any] = {
        "filters": {},
        "tags": [],
        "description": "",
        "variables": None,
        "breakdown_colors": [],
        "pinned": True,
    }
    created = create_copy(alice, source, **body, tiles=[{"text": {"body": "more"}}]).json
    assert (created["filters"], created["tags"], created["description"], created["variables"]) == ({}, [], "", {})
    assert (created["breakdown_colors"], created["pinned"], len(created["tiles"])) == ([], True, 4)


def test_removed_tiles_and_deleted_insights_are_not_copied(alice: Person) -> None:
    board = make_dashboard(alice)
    make_text_tile(alice, board, "keep")
    gone = make_text_tile(alice, board, "gone")
    insight = make_insight(alice, board)
    alice.api.patch(f"dashboards/{board.pk}/", {"tiles": [{"id": gone.pk, "deleted": True}]})
    Insight.objects.filter(pk=insight.pk).update(deleted=True)
    assert [tile["text"]["body"] for tile in create_copy(alice, board).json["tiles"]] == ["keep"]


@pytest.mark.parametrize("case", ["unknown", "deleted", "foreign"])
def test_foreign_or_unknown_source_is_400_and_creates_nothing(alice: Person, carol: Person, case: str) -> None:
    id_ = {
        "unknown": 999999999,
        "deleted": make_dashboard(alice, deleted=True).pk,
        "foreign": make_dashboard(carol).pk,
    }[case]
    count = Dashboard.objects.count()
    answer = alice.api.post("dashboards/", {"name": "x", "use_dashboard": id_})
    assert answer.error == (400, "validation_error", "does_not_exist", "use_dashboard")
    assert Dashboard.objects.count() == count


def test_editing_shared_text_changes_both_dashboards(alice: Person) -> None:
    board = make_dashboard(alice)
    tile = make_text_tile(alice, board, "before")
    created = create_copy(alice, board).json
    alice.api.patch(f"dashboards/{created['id']}/", {"tiles": [{"text": {"id": tile.text_id, "body": "after"}}]})
    assert Text.objects.get().body == "after"
    shown = alice.api.get(f"dashboards/{board.pk}/").json["tiles"][0]["text"]
    assert [place["dashboard_id"] for place in shown["dashboard_tiles"]] == [board.pk, created["id"]]


def test_duplicate_tiles_in_an_update_is_reported_as_ignored(alice: Person) -> None:
    board = make_dashboard(alice)
    answer = alice.api.patch(f"dashboards/{board.pk}/", {"duplicate_tiles": True})
    assert (answer.status, answer.headers["Ignored-Fields"]) == (200, "duplicate_tiles")
    assert Tile.objects.count() == 0
