"""Tile items in PATCH /api/projects/:id/dashboards/:id/ — text tiles, layouts, display, order, removal."""

from typing import Any

import pytest

from dashboards.models import Dashboard, Text, Tile
from tests.builders import Person, make_dashboard, make_text_tile
from tests.client import Answer


@pytest.fixture
def board(alice: Person) -> Dashboard:
    return make_dashboard(alice)


def patch_tiles(person: Person, board: Dashboard, *items: dict[str, Any], **options: Any) -> Answer:
    return person.api.patch(f"dashboards/{board.pk}/", {"tiles": list(items)}, **options)


def get_bodies(answer: Answer) -> list[str]:
    return [tile["text"]["body"] for tile in answer.json["tiles"]]


def test_text_tile_shape(alice: Person, board: Dashboard) -> None:
    [tile] = patch_tiles(alice, board, {"text": {"body": "## Hello"}}).json["tiles"]
    row = Tile.objects.get()
    text = tile.pop("text")
    assert tile == {
        "id": row.pk,
        "order": 0,
        "layouts": {},
        "color": None,
        "insight": None,
        "button_tile": None,
        "filters_overrides": {},
        "show_description": None,
        "transparent_background": None,
        "last_refresh": None,
        "is_cached": False,
    }
    assert text.pop("last_modified_at").endswith("Z")
    assert text.pop("created_by")["email"] == "alice@example.com"
    assert text == {
        "id": row.text_id,
        "body": "## Hello",
        "last_modified_by": None,
        "team": board.project_id,
        "dashboard_tiles": [{"id": row.pk, "dashboard_id": board.pk, "deleted": False}],
    }


def test_tiles_not_in_the_body_are_kept(alice: Person, board: Dashboard) -> None:
    make_text_tile(alice, board, "kept")
    assert get_bodies(patch_tiles(alice, board)) == ["kept"]
    assert get_bodies(patch_tiles(alice, board, {"text": {"body": "new"}})) == ["kept", "new"]


def test_order_is_by_y_then_x_then_id_and_numeric_strings_count(alice: Person, board: Dashboard) -> None:
    for body, place in [("c", {"x": "0", "y": "10"}), ("b", {"x": 6, "y": 9.5}), ("a", {"x": 0, "y": 9.5}), ("e", {})]:
        patch_tiles(alice, board, {"text": {"body": body}, "layouts": {"sm": place}})
    answer = patch_tiles(alice, board, {"text": {"body": "d"}, "layouts": {"sm": {"y": 99}}})
    assert get_bodies(answer) == ["a", "b", "c", "d", "e"]
    assert [tile["order"] for tile in answer.json["tiles"]] == [0, 1, 2, 3, 4]
    moved = answer.json["tiles"][4]["id"]
    assert get_bodies(patch_tiles(alice, board, {"id": moved, "layouts": {"sm": {"x": 0, "y": 0}}}))[0] == "e"


def test_layouts_are_returned_as_sent(alice: Person, board: Dashboard) -> None:
    layouts = {"xs": {"y": "1", "x": 0.0, "i": "5", "static": None}, "sm": {"x": 0, "y": 5, "moved": "False"}}
    answer = patch_tiles(alice, board, {"text": {"body": "t"}, "layouts": layouts})
    written = '"layouts":{"xs":{"y":"1","x":0.0,"i":"5","static":null},"sm":{"x":0,"y":5,"moved":"False"}}'
    assert written in answer.text
    assert written in alice.api.get(f"dashboards/{board.pk}/").text
    [tile] = answer.json["tiles"]
    assert patch_tiles(alice, board, {"id": tile["id"], "layouts": None}).json["tiles"][0]["layouts"] == {}
    assert (Tile.objects.get().sort_y, Tile.objects.get().sort_x) == (100, 100)


def test_display_settings_apply_to_one_tile(alice: Person, board: Dashboard) -> None:
    one, other = make_text_tile(alice, board, "one"), make_text_tile(alice, board, "other")
    display = {
        "color": "blue",
        "filters_overrides": {"date_from": "-1d"},
        "show_description": False,
        "transparent_background": True,
    }
    answer = patch_tiles(alice, board, {"id": one.pk, **display})
    for key, value in display.items():
        assert answer.json["tiles"][0][key] == value
    assert answer.json["tiles"][1]["color"] is None
    cleared = {"color": None, "filters_overrides": None, "show_description": None, "transparent_background": None}
    [tile, _] = patch_tiles(alice, board, {"id": one.pk, **cleared}).json["tiles"]
    assert [tile[key] for key in cleared] == [None, {}, None, None]
    assert patch_tiles(alice, board, {"id": other.pk, "color": ""}).json["tiles"][1]["color"] == ""


def test_editing_a_text_updates_it_and_its_last_modifier(alice: Person, bob: Person, board: Dashboard) -> None:
    tile = make_text_tile(alice, board, "before")
    other = make_text_tile(alice, board, "other")
    [shown, untouched] = patch_tiles(bob, board, {"id": tile.pk, "text": {"body": "after"}}).json["tiles"]
    assert (shown["text"]["id"], shown["text"]["body"]) == (tile.text_id, "after")
    assert shown["text"]["created_by"]["email"] == "alice@example.com"
    assert shown["text"]["last_modified_by"]["email"] == "bob@example.com"
    assert untouched["text"]["last_modified_by"] is None
    row = Text.objects.get(pk=tile.text_id or 0)
    assert (row.body, row.last_modified_by_id) == ("after", bob.user.pk)
    assert Text.objects.get(pk=other.text_id or 0).last_modified_by_id is None


def test_item_can_use_the_id_of_the_text(alice: Person, board: Dashboard) -> None:
    tile = make_text_tile(alice, board, "before")
    answer = patch_tiles(alice, board, {"text": {"id": tile.text_id, "body": "after"}, "color": "red"})
    assert [(each["id"], each["text"]["body"], each["color"]) for each in answer.json["tiles"]] == [
        (tile.pk, "after", "red")
    ]


def test_author_and_tile_id_cannot_be_set(alice: Person, bob: Person, board: Dashboard) -> None:
    author = make_text_tile(alice, board).text.created_by  # type: ignore[union-attr]  # a text tile has a text
    answer = patch_tiles(bob, board, {"text": {"body": "forged", "created_by": {"id": author.pk}}}, documented=False)  # type: ignore[union-attr]  # a text tile has a text
    assert answer.json["tiles"][1]["text"]["created_by"]["email"] == "bob@example.com"
    answer = patch_tiles(bob, board, {"id": 987654321, "text": {"body": "chosen"}})
    assert answer.error == (400, "validation_error", "does_not_exist", "tiles__0__id")
    assert Tile.objects.count() == 2


def test_removal_is_by_id_and_idempotent(alice: Person, board: Dashboard) -> None:
    tiles = [make_text_tile(alice, board, body) for body in ("one", "two", "three")]
    answer = patch_tiles(alice, board, {"id": tiles[1].pk, "deleted": True})
    assert get_bodies(answer) == ["one", "three"]
    whole = answer.json["tiles"][0]
    assert get_bodies(patch_tiles(alice, board, {**whole, "deleted": True}, documented=False)) == ["three"]
    again = patch_tiles(
        alice, board, {"id": tiles[1].pk, "deleted": True}, {**whole, "deleted": True}, documented=False
    )
    assert get_bodies(again) == ["three"]
    assert "Ignored-Fields" not in again.headers
    assert Text.objects.count() == 3


def test_restored_tile_keeps_its_settings(alice: Person, board: Dashboard) -> None:
    tile = make_text_tile(alice, board, "back", color="red")
    patch_tiles(alice, board, {"id": tile.pk, "deleted": True})
    [shown] = patch_tiles(alice, board, {"id": tile.pk, "deleted": False}).json["tiles"]
    assert (shown["id"], shown["color"], shown["text"]["body"]) == (tile.pk, "red", "back")


def test_removed_tile_is_not_on_the_dashboard(alice: Person, board: Dashboard) -> None:
    tile = make_text_tile(alice, board, "gone")
    patch_tiles(alice, board, {"id": tile.pk, "deleted": True})
    assert patch_tiles(alice, board, {"id": tile.pk, "color": "red"}).headers["Ignored-Fields"] == "tiles__0"
    assert patch_tiles(alice, board, {"id": tile.pk, "text": {"body": "x"}}).status == 400
    answer = patch_tiles(alice, board, {"text": {"id": tile.text_id, "body": "x"}})
    assert answer.error == (400, "validation_error", "does_not_exist", "text")
    assert (Tile.objects.get().color, Text.objects.get().body) == (None, "gone")


@pytest.mark.parametrize("where", ["nowhere", "another dashboard", "another project"])
def test_display_settings_for_an_unknown_id_are_ignored_and_reported(
    alice: Person, carol: Person, board: Dashboard, where: str
) -> None:
    owner = carol if where == "another project" else alice
    theirs = make_text_tile(owner, make_dashboard(owner))
    id_ = 987654321 if where == "nowhere" else theirs.pk
    mine = make_text_tile(alice, board)
    item = {"id": id_, "color": "red", "deleted": True}
    answer = patch_tiles(alice, board, {"id": mine.pk, "color": "blue"}, item)
    assert (answer.status, answer.headers["Ignored-Fields"]) == (200, "tiles__1")
    assert answer.json["tiles"][0]["color"] == "blue"
    strict = patch_tiles(alice, board, {"id": mine.pk, "color": "green"}, item, headers={"Prefer": "handling=strict"})
    assert strict.error == (400, "validation_error", "does_not_exist", "tiles__1")
    assert Tile.objects.get(pk=mine.pk).color == "blue"
    row = Tile.objects.get(pk=theirs.pk)
    assert (row.color, row.deleted) == (None, False)


@pytest.mark.parametrize("by", ["text", "tile and text"])
def test_text_of_another_dashboard_or_project_is_not_changed(
    alice: Person, carol: Person, board: Dashboard, by: str
) -> None:
    mine = make_text_tile(alice, board)
    for owner in (alice, carol):
        theirs = make_text_tile(owner, make_dashboard(owner), "original")
        item: dict[str, Any] = {"text": {"id": theirs.text_id, "body": "hijacked"}}
        if by == "tile and text":
            item["id"] = mine.pk
        assert patch_tiles(alice, board, item).error == (400, "validation_error", "does_not_exist", "text")
        assert Text.objects.get(pk=theirs.text_id or 0).body == "original"
    assert Tile.objects.on_dashboard(board).count() == 1


def test_kind_of_tile_content_cannot_change(alice: Person, board: Dashboard) -> None:
    tile = make_text_tile(alice, board)
    answer = patch_tiles(alice, board, {"id": tile.pk, "button_tile": {"url": "/a", "text": "b"}})
    assert answer.error == (400, "validation_error", "invalid_input", "button_tile")


BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"layouts": "x"}, "invalid_input", "tiles__0__layouts"),
    ({"layouts": [1]}, "invalid_input", "tiles__0__layouts"),
    ({"layouts": {"sm": "wide"}}, "invalid_input", "tiles__0__layouts__sm"),
    ({"layouts": {"sm": None}}, "invalid_input", "tiles__0__layouts__sm"),
    ({"layouts": {"sm": {"x": "left"}}}, "invalid_input", "tiles__0__layouts__sm__x"),
    ({"layouts": {"sm": {"w": True}}}, "invalid_input", "tiles__0__layouts__sm__w"),
    ({"layouts": {"xs": {"minH": None}}}, "invalid_input", "tiles__0__layouts__xs__minH"),
    ({"layouts": {"sm": {"y": "1e999"}}}, "invalid_input", "tiles__0__layouts__sm__y"),
    ({"layouts": {"sm": {"y": "٣"}}}, "invalid_input", "tiles__0__layouts__sm__y"),
    ({"color": "x" * 401}, "max_length", "tiles__0__color"),
    ({"color": ["red"]}, "invalid_input", "tiles__0__color"),
    ({"filters_overrides": [1]}, "invalid_input", "tiles__0__filters_overrides"),
    ({"show_description": "perhaps"}, "invalid_input", "tiles__0__show_description"),
    ({"deleted": None}, "null", "tiles__0__deleted"),
    ({"id": "x"}, "invalid_input", "tiles__0__id"),
    ({"id": 2**63}, "invalid_input", "tiles__0__id"),
    ({"text": {"body": "a" * 4001}}, "max_length", "text__body"),
    ({"text": {"body": 5}}, "invalid_input", "text__body"),
    ({"text": {"body": "\x00"}}, "null_characters_not_allowed", "text__body"),
    ({"text": "words"}, "invalid_input", "text"),
    ({"text": {"id": "x", "body": "b"}}, "invalid_input", "text__id"),
    ({"text": {"body": "t"}, "button_tile": {"url": "/", "text": "b"}}, "invalid_input", "tiles__0"),
    ({"id": None, "color": "red"}, "required", "tiles__0"),
    ({"id": None, "insight": 5}, "does_not_exist", "tiles__0__insight"),
    ({"id": None, "insight": {"id": 5}}, "does_not_exist", "tiles__0__insight"),
]


@pytest.mark.parametrize(("change", "code", "attr"), BAD, ids=[str(each[0])[:60] for each in BAD])
def test_invalid_item_is_400_at_its_path_and_changes_nothing(
    alice: Person, board: Dashboard, change: dict[str, Any], code: str, attr: str
) -> None:
    tile = make_text_tile(alice, board, "kept", color="red")
    before = alice.api.get(f"dashboards/{board.pk}/").json
    answer = patch_tiles(alice, board, {"id": tile.pk, "color": "blue", **change})
    assert answer.error == (400, "validation_error", code, attr), answer
    assert alice.api.get(f"dashboards/{board.pk}/").json == before


def test_text_of_4000_characters_is_stored_untrimmed(alice: Person, board: Dashboard) -> None:
    body = "  é\r\n\t" + "a" * 3992 + "  "
    assert len(body) == 4000
    assert get_bodies(patch_tiles(alice, board, {"text": {"body": body}})) == [body]


def test_member_without_the_edit_right_cannot_change_tiles(alice: Person, bob: Person) -> None:
    closed = make_dashboard(alice, restriction_level=37)
    assert patch_tiles(bob, closed, {"text": {"body": "mine"}}).status == 403
    assert Tile.objects.count() == 0
