"""Two items of a request must not refer to the same tile, insight or content."""

from typing import Any

import pytest

from dashboards.models import Dashboard, Insight, Text, Tile
from tests.builders import Person, make_dashboard, make_insight, make_text_tile
from tests.client import Answer


@pytest.fixture
def board(alice: Person) -> Dashboard:
    return make_dashboard(alice)


@pytest.fixture
def insight(alice: Person) -> Insight:
    return make_insight(alice)


def patch_tiles(person: Person, board: Dashboard, *items: dict[str, Any]) -> Answer:
    return person.api.patch(f"dashboards/{board.pk}/", {"tiles": list(items)})


def unique_error(attr: str) -> tuple[Any, ...]:
    return 400, "validation_error", "unique", attr


def test_insight_twice_on_a_new_dashboard_is_refused(alice: Person, insight: Insight) -> None:
    items = [{"insight": insight.pk, "color": "blue"}, {"insight": {"id": insight.pk}, "color": "green"}]
    assert alice.api.post("dashboards/", {"tiles": items}).error == unique_error("tiles__1__insight")
    assert (Dashboard.objects.count(), Tile.objects.count()) == (0, 0)


@pytest.mark.parametrize("before", ["nowhere", "live", "removed"])
def test_insight_twice_in_an_update_is_refused(alice: Person, board: Dashboard, insight: Insight, before: str) -> None:
    if before != "nowhere":
        patch_tiles(alice, board, {"insight": insight.pk})
    if before == "removed":
        patch_tiles(alice, board, {"id": Tile.objects.get().pk, "deleted": True})
    rows = list(Tile.objects.values())
    answer = patch_tiles(
        alice, board, {"insight": insight.pk, "color": "blue"}, {"insight": insight.pk, "color": "green"}
    )
    assert answer.error == unique_error("tiles__1__insight")
    assert list(Tile.objects.values()) == rows


def test_tile_and_its_insight_are_refused(alice: Person, board: Dashboard, insight: Insight) -> None:
    patch_tiles(alice, board, {"insight": insight.pk})
    tile = Tile.objects.get()
    answer = patch_tiles(alice, board, {"id": tile.pk, "color": "blue"}, {"insight": insight.pk, "color": "green"})
    assert answer.error == unique_error("tiles__1__insight")
    answer = patch_tiles(alice, board, {"insight": insight.pk, "color": "green"}, {"id": tile.pk, "color": "blue"})
    assert answer.error == unique_error("tiles__1__id")
    assert Tile.objects.get().color is None


def test_tile_twice_is_refused(alice: Person, board: Dashboard) -> None:
    tile = make_text_tile(alice, board)
    answer = patch_tiles(alice, board, {"id": tile.pk, "color": "blue"}, {"id": tile.pk, "text": {"body": "x"}})
    assert answer.error == unique_error("tiles__1__id")
    assert (Tile.objects.get().color, Text.objects.get().body) == (None, "text")


def test_text_twice_is_refused(alice: Person, board: Dashboard) -> None:
    tile, other = make_text_tile(alice, board), make_text_tile(alice, board)
    text = {"id": tile.text_id, "body": "one"}
    twice = patch_tiles(alice, board, {"text": text}, {"text": {**text, "body": "two"}})
    assert twice.error == unique_error("text__id")
    by_others = patch_tiles(alice, board, {"id": tile.pk, "text": {"body": "one"}}, {"id": other.pk, "text": text})
    assert by_others.error == unique_error("text__id")
    assert set(Text.objects.values_list("body", flat=True)) == {"text"}


def test_button_twice_is_refused(alice: Person, board: Dashboard) -> None:
    tile = patch_tiles(alice, board, {"button_tile": {"url": "/a", "text": "a"}}).json["tiles"][0]
    item = {"button_tile": {"id": tile["button_tile"]["id"], "text": "b"}}
    assert patch_tiles(alice, board, item, item).error == unique_error("button_tile__id")
    assert alice.api.get(f"dashboards/{board.pk}/").json["tiles"] == [tile]


def test_new_tile_of_a_present_insight_is_refused(alice: Person, board: Dashboard, insight: Insight) -> None:
    path = f"dashboards/{board.pk}/tiles/"
    first = alice.api.post(path, {"insight": insight.pk, "color": "blue"})
    assert first.status == 201
    assert alice.api.post(path, {"insight": insight.pk, "color": "green"}).error == unique_error("insight")
    assert Tile.objects.get().color == "blue"
    patch_tiles(alice, board, {"id": first.json["id"], "deleted": True})
    again = alice.api.post(path, {"insight": insight.pk, "color": "green"})
    assert (again.status, again.json["id"], again.json["color"]) == (201, first.json["id"], "green")


@pytest.mark.parametrize("is_there", [True, False])
def test_new_tile_marked_as_deleted_is_refused(
    alice: Person, board: Dashboard, insight: Insight, is_there: bool
) -> None:
    if is_there:
        patch_tiles(alice, board, {"insight": insight.pk})
    rows = list(Tile.objects.values())
    answer = alice.api.post(f"dashboards/{board.pk}/tiles/", {"insight": insight.pk, "deleted": True})
    assert answer.error == (400, "validation_error", "does_not_exist", "deleted")
    assert list(Tile.objects.values()) == rows


def test_item_without_an_id_updates_the_tile_of_its_insight(alice: Person, board: Dashboard, insight: Insight) -> None:
    patch_tiles(alice, board, {"insight": insight.pk})
    answer = patch_tiles(alice, board, {"insight": insight.pk, "color": "blue"})
    assert [(tile["id"], tile["color"]) for tile in answer.json["tiles"]] == [(Tile.objects.get().pk, "blue")]


def test_insight_naming_a_dashboard_twice_is_on_it_once(alice: Person, board: Dashboard) -> None:
    created = alice.api.post("insights/", {"dashboards": [board.pk, board.pk]})
    assert (created.status, created.json["dashboards"]) == (201, [board.pk])


def test_restored_version_keeps_the_present_tile_of_an_insight(
    alice: Person, board: Dashboard, insight: Insight
) -> None:
    patch_tiles(alice, board, {"insight": insight.pk, "color": "blue"})
    version = alice.api.get(f"dashboards/{board.pk}/").headers["ETag"].strip('W/"').split(".")[0]
    other = make_dashboard(alice)
    move = {"tile": {"id": Tile.objects.get().pk}, "to_dashboard": other.pk}
    assert alice.api.post(f"dashboards/{board.pk}/move_tile/", move).status == 200
    patch_tiles(alice, board, {"insight": insight.pk, "color": "green"})
    restored = alice.api.post(f"dashboards/{board.pk}/versions/{version}/restore/")
    assert restored.status == 200, restored
    assert [(tile["insight"]["id"], tile["color"]) for tile in restored.json["tiles"]] == [(insight.pk, "blue")]
