"""…/dashboards/:id/versions/: reading, comparing and restoring versions."""

from typing import Any

import pytest

from dashboards.models import Dashboard, Insight, Text, Tile
from tests.builders import Person, make_dashboard, make_insight

BUTTON = {"button_tile": {"url": "/a", "text": "b", "placement": "left", "style": "primary"}}


def read_detail(person: Person, dashboard_id: int) -> dict[str, Any]:
    """Return a dashboard without the fields that every read or write changes."""
    read = person.api.get(f"dashboards/{dashboard_id}/").json
    for tile in read["tiles"]:
        for content in ("text", "button_tile"):
            if tile.get(content):
                tile[content].pop("last_modified_at")
                tile[content].pop("last_modified_by")
    return {key: value for key, value in read.items() if key != "last_accessed_at"}


@pytest.fixture
def board(alice: Person) -> Dashboard:
    created = make_dashboard(
        alice,
        "First",
        description="d",
        tags=["a", "b"],
        filters={"date_from": "-7d", "n": 1.0},
        variables={"v": {"id": "v"}},
        tiles=[{"text": {"body": "one"}, "layouts": {"sm": {"x": 0, "y": 0}}}, {**BUTTON, "color": "blue"}],
    )
    make_insight(alice, created)
    return Dashboard.objects.get(pk=created.pk)


def test_versions_are_listed_with_their_changes(alice: Person, board: Dashboard) -> None:
    alice.api.patch(f"dashboards/{board.pk}/", {"name": "Second"})
    results = alice.api.get(f"dashboards/{board.pk}/versions/").json["results"]
    assert [(row["version"], row["activity"]) for row in results] == [(3, "updated"), (2, "updated"), (1, "created")]
    assert [each["field"] for each in results[0]["changes"]] == ["name"]
    assert (results[0]["user"]["email"], results[0]["trigger"]["payload"]) == (alice.user.email, {"label": "test"})


def test_version_has_the_full_snapshot(alice: Person, board: Dashboard) -> None:
    state = alice.api.get(f"dashboards/{board.pk}/versions/1/").json["state"]
    text, button = Tile.objects.filter(insight=None).order_by("pk")
    assert {key: value for key, value in state.items() if key not in ("tiles", "sharing")} == {
        "name": "First",
        "description": "d",
        "pinned": False,
        "tags": ["a", "b"],
        "filters": {"date_from": "-7d", "n": 1.0},
        "variables": {"v": {"id": "v"}},
        "breakdown_colors": [],
        "data_color_theme_id": None,
        "grid_spacing": "standard",
        "layout_compaction": "vertical",
        "folder": None,
        "restriction_level": 21,
        "deleted": False,
    }
    assert list(state["tiles"]) == [str(text.pk), str(button.pk)]
    assert state["tiles"][str(text.pk)]["text"] == {"id": text.text_id, "body": "one"}
    assert state["tiles"][str(button.pk)]["button_tile"] == {"id": str(button.button_id), **BUTTON["button_tile"]}


def test_two_versions_are_compared(alice: Person, board: Dashboard) -> None:
    alice.api.patch(f"dashboards/{board.pk}/", {"name": "Second"})
    alice.api.patch(f"dashboards/{board.pk}/", {"name": "Third", "pinned": True})
    path = f"dashboards/{board.pk}/versions"
    forth = alice.api.get(f"{path}/2/diff/?to=4").json
    assert (forth["from_version"], forth["to_version"]) == (2, 4)
    assert {each["field"]: (each["before"], each["after"]) for each in forth["changes"]} == {
        "name": ("First", "Third"),
        "pinned": (False, True),
    }
    back = alice.api.get(f"{path}/4/diff/?to=2").json["changes"]
    assert [(each["before"], each["after"]) for each in back] == [("Third", "First"), (True, False)]
    assert alice.api.get(f"{path}/4/diff/?to=4").json["changes"] == []
    assert alice.api.get(f"{path}/4/diff/", documented=False).error == (400, "validation_error", "required", "to")


def test_restore_returns_fields_tags_tiles_and_layouts(alice: Person, board: Dashboard) -> None:
    before = read_detail(alice, board.pk)
    text, button, insight = (tile["id"] for tile in before["tiles"])
    alice.api.patch(
        f"dashboards/{board.pk}/",
        {
            "name": "Changed",
            "description": "",
            "tags": ["c"],
            "filters": {},
            "variables": {},
            "pinned": True,
            "tiles": [
                {"id": text, "text": {"body": "two"}, "layouts": {"sm": {"x": 5, "y": 5}}},
                {"id": button, "deleted": True},
                {"id": insight, "color": "red", "show_description": True},
                {"text": {"body": "new"}},
            ],
        },
    )
    answer = alice.api.post(f"dashboards/{board.pk}/versions/2/restore/")
    assert (answer.status, answer.headers.get("Ignored-Fields")) == (200, None)
    assert read_detail(alice, board.pk) == before
    assert alice.api.get(f"dashboards/{board.pk}/versions/").json["results"][0]["activity"] == "reverted"
    # A restore can be reverted by restoring the version before it.
    assert alice.api.post(f"dashboards/{board.pk}/versions/3/restore/").json["name"] == "Changed"
    assert Tile.objects.get(pk=button).deleted is True
    assert Text.objects.get(tiles__pk=text).body == "two"


def test_restoring_the_current_version_changes_nothing(alice: Person, board: Dashboard) -> None:
    before = read_detail(alice, board.pk)
    assert alice.api.post(f"dashboards/{board.pk}/versions/2/restore/").status == 200
    assert read_detail(alice, board.pk) == before
    assert len(alice.api.get(f"dashboards/{board.pk}/versions/").json["results"]) == 2


def test_tile_moved_to_another_dashboard_stays_there(alice: Person, board: Dashboard) -> None:
    target = make_dashboard(alice)
    text, _, insight = Tile.objects.order_by("pk")
    for tile in (text, insight):
        alice.api.patch(f"dashboards/{board.pk}/move_tile/", {"tile": {"id": tile.pk}, "to_dashboard": target.pk})
    tiles = alice.api.post(f"dashboards/{board.pk}/versions/2/restore/").json["tiles"]
    assert sorted(tile["text"]["body"] for tile in tiles if tile.get("text")) == ["one"]
    assert [tile["insight"]["id"] for tile in tiles if tile.get("insight")] == [insight.insight_id]
    assert {text.pk, insight.pk} & {tile["id"] for tile in tiles} == set()
    assert set(Tile.objects.filter(dashboard=target).values_list("pk", flat=True)) == {text.pk, insight.pk}
    assert next(tile["layouts"] for tile in tiles if tile.get("text")) == {"sm": {"x": 0, "y": 0}}


def test_deleted_insight_is_not_restored_and_reported(alice: Person, board: Dashboard) -> None:
    tile = Tile.objects.get(insight__isnull=False)
    alice.api.patch(f"insights/{tile.insight_id}/", {"deleted": True})
    answer = alice.api.post(f"dashboards/{board.pk}/versions/2/restore/")
    assert (answer.status, answer.headers["Ignored-Fields"]) == (200, f"tiles__{tile.pk}")
    assert len(answer.json["tiles"]) == 2
    assert Insight.objects.get().deleted is True


def test_access_and_links_are_not_restored(alice: Person, board: Dashboard) -> None:
    sharing = f"dashboards/{board.pk}/sharing/"
    alice.api.patch(sharing, {"enabled": True})
    alice.api.patch(sharing, {"enabled": False})
    alice.api.patch(f"dashboards/{board.pk}/", {"restriction_level": 37})
    assert alice.api.post(f"dashboards/{board.pk}/versions/3/restore/").status == 200
    read = alice.api.get(f"dashboards/{board.pk}/").json
    assert (read["restriction_level"], read["is_shared"]) == (37, False)


def test_member_without_the_edit_right_can_read_but_not_restore(alice: Person, bob: Person, carol: Person) -> None:
    created = make_dashboard(alice, restriction_level=37)
    assert bob.api.get(f"dashboards/{created.pk}/versions/1/").status == 200
    assert bob.api.post(f"dashboards/{created.pk}/versions/1/restore/").status == 403
    for method, path in (("GET", ""), ("GET", "1/"), ("GET", "1/diff/?to=1"), ("POST", "1/restore/")):
        assert carol.api.call(method, f"dashboards/{created.pk}/versions/{path}").status == 404


@pytest.mark.parametrize("version", ["99", "x", "-1", "9" * 30, "1.0"])
def test_unknown_version_is_404(alice: Person, board: Dashboard, version: str) -> None:
    path = f"dashboards/{board.pk}/versions/{version}/"
    assert alice.api.get(path).status == 404
    assert alice.api.get(f"{path}diff/?to=1").status == 404
    assert alice.api.post(f"{path}restore/").status == 404


def test_versions_of_a_deleted_dashboard_are_404(alice: Person, board: Dashboard) -> None:
    alice.api.patch(f"dashboards/{board.pk}/", {"deleted": True})
    for method, path in (("GET", ""), ("GET", "1/"), ("GET", "1/diff/?to=2"), ("POST", "1/restore/")):
        assert alice.api.call(method, f"dashboards/{board.pk}/versions/{path}").status == 404
    assert alice.api.get(f"dashboards/{board.pk}/activity/").status == 404


def test_deleted_dashboards_are_restored_together(alice: Person, bob: Person, carol: Person) -> None:
    first, second, live = (make_dashboard(alice, name, tiles=[{"text": {"body": "t"}}] * 2) for name in "abc")
    insight = make_insight(alice, first)
    closed, foreign = make_dashboard(alice, restriction_level=37), make_dashboard(carol)
    removed = Tile.objects.filter(dashboard=first).order_by("pk")[0]
    alice.api.patch(f"dashboards/{first.pk}/", {"tiles": [{"id": removed.pk, "deleted": True}]})
    for created in (first, second, closed):
        alice.api.patch(f"dashboards/{created.pk}/", {"deleted": True, "delete_insights": True})
    ids = [first.pk, second.pk, live.pk, closed.pk, foreign.pk, first.pk, 999999]
    answer = bob.api.post("dashboards/bulk_restore/", {"ids": ids})
    assert answer.json == {
        "restored": [first.pk, second.pk],
        "skipped": [
            {"id": live.pk, "reason": "not deleted"},
            {"id": closed.pk, "reason": "no edit permission"},
            {"id": foreign.pk, "reason": "not found"},
            {"id": 999999, "reason": "not found"},
        ],
    }
    assert Tile.objects.filter(dashboard=first, deleted=False).count() == 2
    assert (Tile.objects.get(pk=removed.pk).deleted, Insight.objects.get(pk=insight.pk).deleted) == (True, False)
    assert alice.api.get("dashboards/").json["count"] == 3
