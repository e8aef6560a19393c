"""Limits on numbers and breakpoints in layouts. Layouts that earlier releases stored beyond the limits stay usable."""

import importlib
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client

from dashboards.models import Dashboard, Tile
from tests.api.test_shared import share
from tests.builders import PASSWORD, Person, make_dashboard, make_insight, make_text_tile, set_password
from tests.client import Answer
from tests.pages.browsing import get_csrf_token, get_dashboard_path, get_text, sign_in, visit

TOO_LARGE: list[tuple[str, Any]] = [
    ("x", 10_001),
    ("w", -10_001),
    ("h", 1e300),
    ("h", 2e19),
    ("h", "20000000000000000000"),
    ("minW", 2**63 - 1),
    ("minH", "1e5"),
    ("y", 1_000_000_001),
    ("y", "-1e10"),
]
LARGEST = {"x": 10_000, "y": -1_000_000_000, "w": "1e4", "h": 9999.5, "minW": -10_000, "minH": 0}
HUGE: list[Any] = [2e19, 1e300, "20000000000000000000", 2**63 - 1, 1.7e308]


@pytest.fixture
def board(alice: Person) -> Dashboard:
    return make_dashboard(alice)


def run_action(person: Person, board: Dashboard, action: str, body: Any) -> Answer:
    return person.api.post(f"dashboards/{board.pk}/{action}/", body)


def patch_tiles(person: Person, board: Dashboard, *items: Any) -> Answer:
    return person.api.patch(f"dashboards/{board.pk}/", {"tiles": list(items)})


@pytest.mark.parametrize(("key", "value"), TOO_LARGE)
@pytest.mark.parametrize("breakpoint", ["sm", "xs"])
def test_too_large_number_is_400_at_its_path(
    alice: Person, board: Dashboard, breakpoint: str, key: str, value: Any
) -> None:
    layouts = {"sm": {"x": 0}, breakpoint: {"y": 1, key: value}}
    item = {"text": {"body": "t"}, "layouts": layouts}
    answer = alice.api.post("dashboards/", {"tiles": [item]})
    assert answer.error == (400, "validation_error", "invalid_input", f"tiles__0__layouts__{breakpoint}__{key}")
    assert (Dashboard.objects.count(), Tile.objects.count()) == (1, 0)


def test_every_operation_with_layouts_refuses_it(alice: Person, board: Dashboard) -> None:
    text = make_text_tile(alice, board)
    make_insight(alice, board)
    insight = Tile.objects.latest("pk")
    layouts = {"sm": {"h": 2e19}}
    path = "layouts__sm__h"
    assert (
        patch_tiles(alice, board, {"id": text.pk}, {"id": insight.pk, "layouts": layouts}).error[-1]
        == f"tiles__1__{path}"
    )
    assert run_action(alice, board, "tiles", {"text": {"body": "t"}, "layouts": layouts}).error[-1] == path
    assert run_action(alice, board, "create_text_tile", {"body": "t", "layouts": layouts}).error[-1] == path
    assert run_action(alice, board, "update_text_tile", {"tile_id": text.pk, "layouts": layouts}).error[-1] == path
    assert run_action(alice, board, "update_tile", {"tile_id": insight.pk, "layouts": layouts}).error[-1] == path
    clone = {"duplicate_tiles": [{"id": text.pk, "layouts": layouts}]}
    assert alice.api.patch(f"dashboards/{board.pk}/", clone).error[-1] == f"duplicate_tiles__0__{path}"
    assert [tile.layouts for tile in Tile.objects.all()] == [{}, {}]


def test_largest_numbers_are_stored_as_sent(alice: Person, board: Dashboard) -> None:
    layouts = {"sm": LARGEST, "xs": LARGEST}
    answer = run_action(alice, board, "create_text_tile", {"body": "t", "layouts": layouts})
    assert (answer.status, answer.json["layouts"]) == (201, layouts)
    for arrangement in ("preserve", "two_column", "full_width"):
        body = {"tile_order": [answer.json["id"]], "layout": arrangement}
        assert run_action(alice, board, "reorder_tiles", body).status == 200


def test_layouts_have_at_most_10_breakpoints(alice: Person, board: Dashboard) -> None:
    def layouts(count: int) -> dict[str, Any]:
        return {f"b{number}": {"x": number} for number in range(count)}

    assert run_action(alice, board, "create_text_tile", {"body": "t", "layouts": layouts(10)}).status == 201
    answer = run_action(alice, board, "create_text_tile", {"body": "t", "layouts": layouts(11)})
    assert answer.error == (400, "validation_error", "max_length", "layouts")
    tile = Tile.objects.get()
    Tile.objects.update(layouts=layouts(40))
    stored = alice.api.get(f"dashboards/{board.pk}/").json["tiles"][0]
    assert patch_tiles(alice, board, {**stored, "color": "red"}).json["tiles"][0] == {**stored, "color": "red"}
    changed = {**layouts(39), "sm": {"x": 3}}
    assert patch_tiles(alice, board, {"id": tile.pk, "layouts": changed}).json["tiles"][0]["layouts"] == changed
    assert patch_tiles(alice, board, {"id": tile.pk, "layouts": layouts(41)}).error[-1] == "tiles__0__layouts"


@pytest.fixture
def large_tiles(alice: Person, board: Dashboard) -> list[Tile]:
    """Create tiles with numbers that earlier releases accepted."""
    tiles = [make_text_tile(alice, board, f"text {number}") for number in range(2 * len(HUGE))]
    for number, tile in enumerate(tiles):
        value = HUGE[number // 2]
        tile.set_layouts(
            {"sm": {"x": value, "y": value, "w": value, "h": value, "minW": value}, "xs": {"y": 1, "h": value}}
        )
        tile.save()
    return tiles


def test_stored_large_numbers_are_returned_and_can_be_sent_back(
    alice: Person, board: Dashboard, large_tiles: list[Tile]
) -> None:
    read = alice.api.get(f"dashboards/{board.pk}/")
    answer = alice.api.patch(f"dashboards/{board.pk}/", read.json)
    assert (answer.status, answer.headers["ETag"]) == (200, read.headers["ETag"])
    for tile in read.json["tiles"]:
        layouts = {**tile["layouts"], "xs": {**tile["layouts"]["xs"], "y": 2}}  # another number in the same layouts
        changed = patch_tiles(alice, board, {"id": tile["id"], "layouts": layouts})
        assert changed.status == 200
        assert next(each for each in changed.json["tiles"] if each["id"] == tile["id"])["layouts"] == layouts


@pytest.mark.parametrize("arrangement", ["preserve", "two_column", "full_width"])
def test_stored_large_numbers_allow_reorder_tiles(
    alice: Person, board: Dashboard, large_tiles: list[Tile], arrangement: str
) -> None:
    order = [tile.pk for tile in reversed(large_tiles)]
    answer = run_action(alice, board, "reorder_tiles", {"tile_order": order, "layout": arrangement})
    assert (answer.status, [tile["id"] for tile in answer.json["tiles"]]) == (200, order)
    layouts = [tile["layouts"] for tile in answer.json["tiles"]]
    assert [place["xs"]["y"] for place in layouts] == [10_000 * number for number in range(len(large_tiles))]
    items = [{"text": {"body": "t"}, "layouts": {"sm": {**place["sm"], "minW": 1}}} for place in layouts]
    assert alice.api.post("dashboards/", {"tiles": items}).status == 201


def test_stored_large_numbers_allow_delete_tile(alice: Person, board: Dashboard, large_tiles: list[Tile]) -> None:
    for tile in large_tiles:
        assert run_action(alice, board, "delete_tile", {"tile_id": tile.pk}).status == 204
        rest = alice.api.get(f"dashboards/{board.pk}/")
        answer = alice.api.patch(f"dashboards/{board.pk}/", rest.json)
        assert (answer.status, answer.headers["ETag"]) == (200, rest.headers["ETag"])
    assert not Tile.objects.filter(deleted=False).exists()


def test_stored_large_numbers_allow_versions_and_copies(
    alice: Person, board: Dashboard, large_tiles: list[Tile]
) -> None:
    patch_tiles(alice, board, {"id": large_tiles[0].pk, "color": "red"})
    version = alice.api.get(f"dashboards/{board.pk}/versions/").json["results"][0]["version"]
    patch_tiles(alice, board, *({"id": tile.pk, "layouts": {}} for tile in large_tiles))
    restored = alice.api.post(f"dashboards/{board.pk}/versions/{version}/restore/")
    assert (restored.status, restored.json["tiles"][-1]["layouts"]["sm"]["h"]) == (200, 1.7e308)
    copy = alice.api.post("dashboards/", {"use_dashboard": board.pk, "duplicate_tiles": True})
    assert (copy.status, len(copy.json["tiles"])) == (201, len(large_tiles))


def test_stored_large_numbers_allow_pages(alice: Person, board: Dashboard, large_tiles: list[Tile]) -> None:
    assert get_text(visit(f"/shared/{share(alice, board)}")).count("<section") == len(large_tiles)
    set_password(alice)
    client = Client()
    sign_in(client, alice.user.email, PASSWORD)
    assert get_text(client.get(get_dashboard_path(board))).count('aria-label="Text"') == len(large_tiles)
    path = f"{get_dashboard_path(board)}/tiles"
    for action in ("later", "earlier", "wider", "narrower", "higher", "lower", "remove"):
        form = {"csrfmiddlewaretoken": get_csrf_token(client.get(path)), "tile": large_tiles[1].pk, "action": action}
        assert client.post(path, form).status_code == 303


def test_integers_beyond_64_bits_become_floats_that_can_be_sent_back(alice: Person, board: Dashboard) -> None:
    """Earlier releases stored such integers when they compacted the rows below a tile with such a large height."""
    long = make_text_tile(alice, board)
    table = Tile._meta.db_table
    text = '{"sm":{"x":0,"y":1' + "0" * 300 + ',"w":6,"h":9223372036854775807,"i":"' + "1" * 25 + '"}}'
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET layouts = %s", [text])  # noqa: S608  the table name is a constant
    assert run_action(alice, board, "reorder_tiles", {"tile_order": [long.pk]}).status == 200
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET layouts = %s", [text])  # noqa: S608  the table name is a constant
    migration = importlib.import_module("dashboards.migrations.0017_layout_numbers")
    migration.shorten(apps, None)
    layouts = {"sm": {"x": 0, "y": 1e300, "w": 6, "h": 2**63 - 1, "i": "1" * 25}}
    assert Tile.objects.get().layouts == layouts
    tile = alice.api.get(f"dashboards/{board.pk}/").json["tiles"][0]
    assert patch_tiles(alice, board, tile).json["tiles"] == [tile]
