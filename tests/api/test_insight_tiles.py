"""Insights in tile items, and dashboards deleted with or without their insights."""

from typing import Any

import pytest

from dashboards.models import Dashboard, Insight, Tile
from tests.builders import Person, make_dashboard, make_insight
from tests.client import Answer


@pytest.fixture
def board(alice: Person) -> Dashboard:
    return make_dashboard(alice)


def patch_tiles(person: Person, board: Dashboard, *items: dict[str, Any], **options: Any) -> Answer:
    return person.api.patch(f"dashboards/{board.pk}/", {"tiles": list(items)}, **options)


@pytest.mark.parametrize("form", ["number", "object", "whole"])
def test_item_without_an_id_adds_an_insight(alice: Person, board: Dashboard, form: str) -> None:
    created = make_insight(alice)
    whole = alice.api.get(f"insights/{created.pk}/").json
    insight = {"number": created.pk, "object": {"id": created.pk}, "whole": whole}[form]
    [tile] = patch_tiles(alice, board, {"insight": insight, "color": "green"}).json["tiles"]
    assert (tile["insight"]["id"], tile["color"], tile["insight"]["dashboards"]) == (created.pk, "green", [board.pk])


def test_new_dashboard_can_contain_insights(alice: Person) -> None:
    insight = make_insight(alice)
    items = [{"insight": insight.pk, "layouts": {"sm": {"x": 3}}, "color": "red"}]
    answer = alice.api.post("dashboards/", {"tiles": items})
    [tile] = answer.json["tiles"]
    assert (tile["insight"]["id"], tile["layouts"], tile["color"]) == (insight.pk, {"sm": {"x": 3}}, "red")


def test_adding_an_insight_again_updates_or_restores_its_tile(alice: Person, board: Dashboard) -> None:
    insight = make_insight(alice, board)
    tile = Tile.objects.get()
    [shown] = patch_tiles(alice, board, {"insight": insight.pk, "color": "red"}).json["tiles"]
    assert (shown["id"], shown["color"]) == (tile.pk, "red")
    patch_tiles(alice, board, {"id": tile.pk, "deleted": True})
    assert alice.api.get(f"insights/{insight.pk}/").json["dashboards"] == []
    [shown] = patch_tiles(alice, board, {"insight": insight.pk}).json["tiles"]
    assert (shown["id"], shown["color"]) == (tile.pk, "red")


@pytest.mark.parametrize("case", ["unknown", "deleted", "foreign"])
def test_insight_of_another_project_is_400(alice: Person, carol: Person, board: Dashboard, case: str) -> None:
    id_ = {"unknown": 999999999, "deleted": make_insight(alice, deleted=True).pk, "foreign": make_insight(carol).pk}[
        case
    ]
    answer = patch_tiles(alice, board, {"text": {"body": "t"}}, {"insight": {"id": id_}})
    assert answer.error == (400, "validation_error", "does_not_exist", "tiles__1__insight")
    assert Tile.objects.count() == 0


@pytest.mark.parametrize("insight", ["abc", {}, {"id": "5"}, True, [1], 1.5])
def test_invalid_reference_is_400(alice: Person, board: Dashboard, insight: Any) -> None:
    answer = patch_tiles(alice, board, {"insight": insight})
    assert answer.error == (400, "validation_error", "invalid_input", "tiles__0__insight")


@pytest.mark.parametrize("headers", [{}, {"Prefer": "handling=strict"}])
def test_content_of_a_tile_cannot_be_replaced(alice: Person, board: Dashboard, headers: dict[str, str]) -> None:
    mine, other = make_insight(alice, board), make_insight(alice)
    tile = Tile.objects.get()
    item = {"id": tile.pk, "color": "blue", "insight": {"id": other.pk}, "insight_id": other.pk}
    answer = patch_tiles(alice, board, item, headers=headers)
    assert [(each["insight"]["id"], each["color"]) for each in answer.json["tiles"]] == [(mine.pk, "blue")]
    assert answer.headers["Ignored-Fields"] == "tiles__0__insight, tiles__0__insight_id"
    same = patch_tiles(alice, board, {"id": tile.pk, "insight": mine.pk, "insight_id": mine.pk}, headers=headers)
    assert "Ignored-Fields" not in same.headers


def test_deleting_a_dashboard_keeps_its_insights(alice: Person, board: Dashboard) -> None:
    insight = make_insight(alice, board)
    alice.api.patch(f"dashboards/{board.pk}/", {"deleted": True})
    shown = alice.api.get(f"insights/{insight.pk}/").json
    assert (shown["deleted"], shown["dashboards"], shown["dashboard_tiles"]) == (False, [], [])


def test_delete_insights_deletes_exclusive_insights_and_restore_returns_them(alice: Person, board: Dashboard) -> None:
    other = make_dashboard(alice)
    alone, shared = make_insight(alice, board, name="alone"), make_insight(alice, board, other, name="shared")
    gone_before = make_insight(alice, board, name="before")
    alice.api.patch(f"insights/{gone_before.pk}/", {"deleted": True})
    left = make_insight(alice, board, other, name="left")
    alice.api.patch(f"insights/{left.pk}/", {"dashboards": [board.pk]})
    alice.api.patch(f"dashboards/{board.pk}/", {"deleted": True, "delete_insights": True})
    assert set(Insight.objects.filter(deleted=True)) == {alone, gone_before, left}
    assert alice.api.get(f"insights/{shared.pk}/").json["dashboards"] == [other.pk]
    assert len(alice.api.get(f"dashboards/{other.pk}/").json["tiles"]) == 1
    answer = alice.api.patch(f"dashboards/{board.pk}/", {"deleted": False})
    assert [tile["insight"]["name"] for tile in answer.json["tiles"]] == ["alone", "shared", "left"]
    assert set(Insight.objects.filter(deleted=True)) == {gone_before}
    assert not Insight.objects.filter(deleted=False).exclude(deletion_id=None).exists()


def test_insight_restored_on_its_own_is_not_part_of_the_deletion(alice: Person, board: Dashboard) -> None:
    insight = make_insight(alice, board)
    alice.api.patch(f"dashboards/{board.pk}/", {"deleted": True, "delete_insights": True})
    assert alice.api.patch(f"insights/{insight.pk}/", {"deleted": False}).json["deleted"] is False
    alice.api.patch(f"insights/{insight.pk}/", {"deleted": True})
    alice.api.patch(f"dashboards/{board.pk}/", {"deleted": False})
    assert Insight.objects.get().deleted is True


def test_insight_and_dashboard_can_be_deleted_in_either_order(alice: Person, board: Dashboard) -> None:
    one, other = make_insight(alice, board), make_insight(alice, make_dashboard(alice))
    assert alice.api.patch(f"dashboards/{board.pk}/", {"deleted": True}).status == 200
    assert alice.api.patch(f"insights/{one.pk}/", {"deleted": True}).status == 200
    assert alice.api.patch(f"insights/{other.pk}/", {"deleted": True}).status == 200
    home = Dashboard.objects.get(deleted=False)
    assert alice.api.patch(f"dashboards/{home.pk}/", {"deleted": True, "delete_insights": True}).status == 200


def test_removing_a_tile_keeps_the_insight(alice: Person, board: Dashboard) -> None:
    insight = make_insight(alice, board)
    patch_tiles(alice, board, {"id": Tile.objects.get().pk, "deleted": True})
    assert alice.api.get(f"insights/{insight.pk}/").json["dashboards"] == []
