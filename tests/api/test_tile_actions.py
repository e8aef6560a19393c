"""The actions on single tiles, copy_tile, and `duplicate_tiles` in an update."""

from typing import Any

import pytest

from dashboards.models import Dashboard, Text, Tile
from tests.builders import Person, make_dashboard, make_insight, make_text_tile
from tests.client import Answer


@pytest.fixture
def board(alice: Person) -> Dashboard:
    return make_dashboard(alice)


def run_action(person: Person, board: Dashboard, action: str, body: Any, **options: Any) -> Answer:
    return person.api.post(f"dashboards/{board.pk}/{action}/", body, **options)


def list_tiles(person: Person, board: Dashboard) -> list[dict[str, Any]]:
    tiles: list[dict[str, Any]] = person.api.get(f"dashboards/{board.pk}/").json["tiles"]
    return tiles


def test_create_text_tile(alice: Person, board: Dashboard) -> None:
    answer = run_action(
        alice, board, "create_text_tile", {"body": " # Hi ", "color": "red", "layouts": {"sm": {"x": 1}}}
    )
    assert answer.status == 201
    tile = answer.json
    assert (tile["text"]["body"], tile["color"], tile["layouts"]) == (" # Hi ", "red", {"sm": {"x": 1}})
    assert tile["text"]["created_by"]["email"] == "alice@example.com"
    assert list_tiles(alice, board) == [tile]


@pytest.mark.parametrize(
    ("body", "code"),
    [({}, "required"), ({"body": ""}, "blank"), ({"body": None}, "null"), ({"body": "x" * 4001}, "max_length")],
)
def test_text_tile_requires_a_body(alice: Person, board: Dashboard, body: dict[str, Any], code: str) -> None:
    assert run_action(alice, board, "create_text_tile", body).error == (400, "validation_error", code, "body")
    assert Tile.objects.count() == 0


def test_update_text_tile(alice: Person, bob: Person, board: Dashboard) -> None:
    tile = make_text_tile(alice, board, "old", color="red")
    answer = run_action(bob, board, "update_text_tile", {"tile_id": tile.pk, "body": "new"})
    assert (answer.status, answer.json["text"]["body"], answer.json["color"]) == (200, "new", "red")
    assert answer.json["text"]["last_modified_by"]["email"] == "bob@example.com"
    answer = run_action(bob, board, "update_text_tile", {"tile_id": tile.pk, "color": "blue"})
    assert (answer.json["text"]["body"], answer.json["color"]) == ("new", "blue")


def test_update_tile(alice: Person, board: Dashboard) -> None:
    make_insight(alice, board)
    tile = Tile.objects.get()
    body = {"tile_id": tile.pk, "show_description": False, "color": "blue", "layouts": {"sm": {"y": 3}}}
    answer = run_action(alice, board, "update_tile", body)
    assert answer.status == 200
    assert {key: answer.json[key] for key in body if key != "tile_id"} == {
        "show_description": False,
        "color": "blue",
        "layouts": {"sm": {"y": 3}},
    }
    only = run_action(alice, board, "update_tile", {"tile_id": tile.pk, "color": None}).json
    assert (only["color"], only["show_description"], only["layouts"]) == (None, False, {"sm": {"y": 3}})


def test_each_kind_of_tile_has_its_action(alice: Person, board: Dashboard) -> None:
    make_insight(alice, board)
    insight, text = Tile.objects.get().pk, make_text_tile(alice, board).pk
    answer = run_action(alice, board, "update_tile", {"tile_id": text, "color": "red"})
    assert answer.error == (400, "validation_error", "invalid_input", "tile_id")
    answer = run_action(alice, board, "update_text_tile", {"tile_id": insight, "body": "x"})
    assert answer.error == (400, "validation_error", "invalid_input", "tile_id")
    assert {tile["color"] for tile in list_tiles(alice, board)} == {None}


def test_delete_tile_closes_gaps_of_placed_tiles(alice: Person, board: Dashboard) -> None:
    def make(body: str, y: int, **more: Any) -> Tile:
        place = {"x": 0, "y": y, "w": 6, "h": 2, "i": "keep"}
        return make_text_tile(alice, board, body, layouts={"sm": place, **more})

    first = make("first", 0, xs={"x": 0, "y": 0, "w": 1, "h": 2})
    make("second", 2, xs={"x": 0, "y": "2", "w": 1, "h": 2})
    make("third", 4, lg={"x": 0, "y": 9, "w": 1, "h": 1})
    make_text_tile(alice, board, "unplaced")
    answer = run_action(alice, board, "delete_tile", {"tile_id": first.pk})
    assert (answer.status, answer.text) == (204, "")
    second, third, unplaced = list_tiles(alice, board)
    assert second["layouts"] == {
        "sm": {"x": 0, "y": 0, "w": 6, "h": 2, "i": "keep"},
        "xs": {"x": 0, "y": 0, "w": 1, "h": 2},
    }
    assert third["layouts"]["sm"]["y"] == 2
    assert third["layouts"]["lg"] == {"x": 0, "y": 9, "w": 1, "h": 1}
    assert unplaced["layouts"] == {}
    assert Text.objects.count() == 4


def test_copy_tile_shares_the_content(alice: Person, board: Dashboard) -> None:
    target = make_dashboard(alice)
    insight = make_insight(alice, board)
    tile = Tile.objects.get()
    alice.api.patch(
        f"dashboards/{board.pk}/", {"tiles": [{"id": tile.pk, "color": "red", "layouts": {"sm": {"x": 2}}}]}
    )
    answer = run_action(alice, target, "copy_tile", {"fromDashboardId": board.pk, "tileId": tile.pk})
    assert (answer.status, answer.json["id"]) == (200, target.pk)
    [copied] = answer.json["tiles"]
    assert (copied["insight"]["id"], copied["color"], copied["layouts"]) == (insight.pk, "red", {"sm": {"x": 2}})
    assert copied["id"] != tile.pk
    assert len(list_tiles(alice, board)) == 1
    again = run_action(alice, target, "copy_tile", {"fromDashboardId": board.pk, "tileId": tile.pk})
    assert again.error == (400, "validation_error", "unique", "tileId")
    alice.api.patch(f"dashboards/{target.pk}/", {"tiles": [{"id": copied["id"], "deleted": True}]})
    revived = run_action(alice, target, "copy_tile", {"fromDashboardId": board.pk, "tileId": tile.pk})
    assert [each["id"] for each in revived.json["tiles"]] == [copied["id"]]


def test_copy_tile_of_an_unknown_tile_is_404(alice: Person, bob: Person, carol: Person, board: Dashboard) -> None:
    target, tile = make_dashboard(alice), make_text_tile(alice, board)
    foreign = make_dashboard(carol)
    foreign_tile = make_text_tile(carol, foreign)
    for from_, tile_id in [(999999, tile.pk), (board.pk, 999999), (target.pk, tile.pk), (foreign.pk, foreign_tile.pk)]:
        answer = run_action(alice, target, "copy_tile", {"fromDashboardId": from_, "tileId": tile_id})
        assert answer.error == (404, "invalid_request", "not_found", None)
    assert not Tile.objects.filter(dashboard=target).exists()
    own = run_action(alice, board, "copy_tile", {"fromDashboardId": board.pk, "tileId": tile.pk})
    assert own.error == (400, "validation_error", "unique", "tileId")
    assert run_action(alice, board, "copy_tile", {"tileId": 1}).error == (
        400,
        "validation_error",
        "required",
        "fromDashboardId",
    )
    Dashboard.objects.filter(pk=board.pk).update(restriction_level=37)
    body = {"fromDashboardId": board.pk, "tileId": tile.pk}
    assert run_action(bob, target, "copy_tile", body).status == 200  # members who can see it can copy it
    assert run_action(bob, board, "copy_tile", {"fromDashboardId": target.pk, "tileId": tile.pk}).status == 403


ACTIONS: dict[str, dict[str, Any]] = {
    "tiles": {"text": {"body": "t"}},
    "create_text_tile": {"body": "t"},
    "update_text_tile": {"body": "t"},
    "update_tile": {"color": "red"},
    "delete_tile": {},
    "copy_tile": {"fromDashboardId": 1},
    "reorder_tiles": {},
}


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("case", ["unknown board", "deleted board", "foreign board", "closed board", "no such tile"])
def test_every_action_has_the_same_errors(
    alice: Person, bob: Person, carol: Person, board: Dashboard, action: str, case: str
) -> None:
    tile = make_text_tile(alice, board)
    foreign = make_dashboard(carol)
    board_id = {"unknown board": 999999, "foreign board": foreign.pk}.get(case, board.pk)
    Dashboard.objects.filter(pk=board.pk).update(deleted=case == "deleted board", restriction_level=37)
    tile_id = 999999 if case == "no such tile" else tile.pk
    named: dict[str, dict[str, Any]] = {"copy_tile": {"tileId": tile_id}, "reorder_tiles": {"tile_order": [tile_id]}}
    body = {**ACTIONS[action], **named.get(action, {"tile_id": tile_id} if "_tile" in action else {})}
    if action == "create_text_tile":
        body.pop("tile_id")
    if case == "no such tile" and action in ("tiles", "create_text_tile"):
        return
    person = bob if case == "closed board" else alice
    before = list(Tile.objects.order_by("pk").values())
    answer = person.api.post(f"dashboards/{board_id}/{action}/", body)
    assert answer.status == (403 if case == "closed board" else 404), answer
    assert list(Tile.objects.order_by("pk").values()) == before


def test_post_tiles_adds_a_tile_of_any_kind(alice: Person, board: Dashboard) -> None:
    insight = make_insight(alice)
    answer = run_action(alice, board, "tiles", {"insight": insight.pk})
    assert (answer.status, answer.json["insight"]["id"]) == (201, insight.pk)
    assert run_action(alice, board, "tiles", {"text": {"body": "t"}}).json["text"]["body"] == "t"
    assert run_action(alice, board, "tiles", {"button_tile": {"url": "/", "text": "b"}}).json["order"] == 2
    assert run_action(alice, board, "tiles", {"insight": 999999}).error[0] == 400
    assert run_action(alice, board, "tiles", {}).error == (400, "validation_error", "required", None)


@pytest.mark.parametrize("body", [{}, {"id": 15}, {"id": 15, "color": "red"}, {"text": {"id": 1}}])
def test_new_tile_requires_content_whatever_its_ids(alice: Person, board: Dashboard, body: dict[str, Any]) -> None:
    tile = make_text_tile(alice, board)
    named = {**body, "id": tile.pk} if "id" in body else body
    for answer in (
        run_action(alice, board, "tiles", named),
        alice.api.send_form("POST", f"dashboards/{board.pk}/tiles/", []),
    ):
        assert (answer.status, answer.json["code"]) == (400, "required")
    assert list(Tile.objects.values_list("pk", "color")) == [(tile.pk, None)]


@pytest.mark.parametrize("insight", [999_999, {"id": 999_999}])
def test_unknown_insight_is_reported_by_its_field(alice: Person, board: Dashboard, insight: Any) -> None:
    answer = run_action(alice, board, "tiles", {"insight": insight})
    assert answer.error == (400, "validation_error", "does_not_exist", "insight")
    assert Tile.objects.count() == 0


def test_new_tile_cannot_be_marked_as_deleted(alice: Person, board: Dashboard) -> None:
    answer = run_action(alice, board, "tiles", {"text": {"body": "text"}, "deleted": True})
    assert answer.error == (400, "validation_error", "does_not_exist", "deleted")
    assert (Tile.objects.count(), Text.objects.count()) == (0, 0)
