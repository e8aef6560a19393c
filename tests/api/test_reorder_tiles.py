"""POST …/dashboards/:id/reorder_tiles/"""

from typing import Any

import pytest

from dashboards.models import Dashboard, Tile
from tests.api.test_tile_actions import board, run_action
from tests.builders import Person, make_dashboard, make_text_tile
from tests.client import Answer

__all__ = ["board"]


def get_layouts(answer: Answer) -> list[tuple[int, dict[str, Any]]]:
    return [(tile["id"], tile["layouts"]["sm"]) for tile in answer.json["tiles"]]


def test_reorder_tiles_places_them_in_the_given_order(alice: Person, board: Dashboard) -> None:
    wide = make_text_tile(alice, board, layouts={"sm": {"x": 0, "y": 0, "w": "12", "h": 2, "minW": 3}, "lg": {"x": 9}})
    small = make_text_tile(alice, board, layouts={"sm": {"x": 0, "y": 2, "w": 4, "h": 3}})
    bare = make_text_tile(alice, board)
    answer = run_action(alice, board, "reorder_tiles", {"tile_order": [small.pk, wide.pk]})
    assert get_layouts(answer) == [
        (small.pk, {"x": 0, "y": 0, "w": 4, "h": 3}),
        (wide.pk, {"x": 0, "y": 3, "w": 12, "h": 2, "minW": 3}),
        (bare.pk, {"x": 0, "y": 5, "w": 6, "h": 5}),
    ]
    layouts = Tile.objects.get(pk=wide.pk).layouts
    assert (layouts["lg"], layouts["xs"]) == ({"x": 9}, {"x": 0, "y": 3, "w": 1, "h": 2})
    two = run_action(
        alice, board, "reorder_tiles", {"tile_order": [bare.pk, wide.pk, small.pk], "layout": "two_column"}
    )
    assert [(id_, place["x"], place["y"], place["w"]) for id_, place in get_layouts(two)] == [
        (bare.pk, 0, 0, 6),
        (wide.pk, 6, 0, 6),
        (small.pk, 6, 2, 6),
    ]
    three = run_action(
        alice, board, "reorder_tiles", {"tile_order": [bare.pk, wide.pk, small.pk], "layout": "three_column"}
    )
    assert [(place["x"], place["y"], place["w"], place["h"]) for _, place in get_layouts(three)] == [
        (0, 0, 4, 5),
        (4, 0, 4, 2),
        (8, 0, 4, 3),
    ]
    full = run_action(alice, board, "reorder_tiles", {"tile_order": [bare.pk], "layout": "full_width"})
    assert [(place["y"], place["w"]) for _, place in get_layouts(full)] == [(0, 12), (5, 12), (7, 12)]


@pytest.mark.parametrize(
    ("order", "error"),
    [
        ([], (400, "validation_error", "empty", "tile_order")),
        ("x", (400, "validation_error", "not_a_list", "tile_order")),
        (["a"], (400, "validation_error", "invalid_input", "tile_order__0")),
        (None, (400, "validation_error", "null", "tile_order")),
        ("twice", (400, "validation_error", "unique", "tile_order")),
        ("foreign", (404, "invalid_request", "not_found", None)),
        ("removed", (404, "invalid_request", "not_found", None)),
    ],
)
def test_invalid_order_changes_no_layout(alice: Person, board: Dashboard, order: Any, error: tuple[Any, ...]) -> None:
    tile, gone = make_text_tile(alice, board), make_text_tile(alice, board)
    elsewhere = make_text_tile(alice, make_dashboard(alice))
    alice.api.patch(f"dashboards/{board.pk}/", {"tiles": [{"id": gone.pk, "deleted": True}]})
    named = {"twice": [tile.pk, tile.pk], "foreign": [tile.pk, elsewhere.pk], "removed": [gone.pk]}
    sent = named.get(order, order) if isinstance(order, str) else order
    assert run_action(alice, board, "reorder_tiles", {"tile_order": sent}).error == error
    assert {repr(each.layouts) for each in Tile.objects.all()} == {"{}"}
