"""Undoing an undo, undoing in parts, and undoing changes that are mixed with changes by other users."""

import pytest

from dashboards.models import Dashboard, Insight, Text, Tile
from dashboards.services.undo import CHANGED_SINCE, LOST
from tests.api.test_undo import get_skipped, get_undone_paths, robot, undo
from tests.builders import Person, make_dashboard, make_insight
from tests.client import Api

__all__ = ["robot"]


def test_moved_tile_returns_with_its_id_and_display_settings(alice: Person, robot: Api) -> None:
    source, target = make_dashboard(alice, tiles=[{"text": {"body": "t"}, "color": "red"}]), make_dashboard(alice)
    tile = Tile.objects.get()
    robot.patch(f"dashboards/{source.pk}/move_tile/", {"tile": {"id": tile.pk}, "to_dashboard": target.pk})
    robot.patch(f"dashboards/{target.pk}/", {"tiles": [{"id": tile.pk, "color": "blue"}]})
    assert get_undone_paths(undo(alice))[f"Dashboard {source.pk}"] == [f"tiles__{tile.pk}"]
    for _ in range(2):
        assert undo(alice).json["undone"] == []
    assert list(Tile.objects.values_list("pk", "dashboard", "color")) == [(tile.pk, source.pk, "red")]


def test_tile_that_others_added_in_its_place_is_kept(alice: Person, robot: Api) -> None:
    source, target = make_dashboard(alice), make_dashboard(alice)
    insight = make_insight(alice, source)
    tile = Tile.objects.get()
    robot.patch(f"dashboards/{source.pk}/move_tile/", {"tile": {"id": tile.pk}, "to_dashboard": target.pk})
    item = {"insight": insight.pk, "color": "hers", "layouts": {"sm": {"x": 3, "y": 3}}}
    alice.api.patch(f"dashboards/{source.pk}/", {"tiles": [item]})
    assert (str(source.pk), [f"tiles__{tile.pk}"], CHANGED_SINCE) in get_skipped(undo(alice))
    assert Tile.objects.values_list("color", "layouts").get(dashboard=source) == ("hers", item["layouts"])


def test_insight_is_restored_with_its_previously_removed_tile(alice: Person, robot: Api) -> None:
    board = make_dashboard(alice)
    insight = make_insight(alice, board)
    tile = Tile.objects.get()
    robot.patch(f"dashboards/{board.pk}/", {"tiles": [{"id": tile.pk, "deleted": True}]})
    robot.patch(f"insights/{insight.pk}/", {"deleted": True})
    answer = undo(alice)
    assert get_skipped(answer) == []
    assert get_undone_paths(answer) == {
        f"Dashboard {board.pk}": [f"tiles__{tile.pk}"],
        f"Insight {insight.pk}": ["deleted"],
    }
    assert (Insight.objects.get().deleted, Tile.objects.get().deleted) == (False, False)


def test_dashboard_restored_by_the_key_is_deleted_again_with_its_insights(alice: Person, robot: Api) -> None:
    board = make_dashboard(alice)
    insight = make_insight(alice, board)
    path = f"dashboards/{board.pk}/"
    alice.api.patch(path, {"deleted": True, "delete_insights": True})
    robot.patch(path, {"deleted": False})
    assert get_skipped(undo(alice)) == []
    assert (Dashboard.objects.get().deleted, Insight.objects.get().deleted) == (True, True)
    assert [tile["insight"]["id"] for tile in alice.api.patch(path, {"deleted": False}).json["tiles"]] == [insight.pk]


def test_insight_used_on_a_dashboard_that_others_deleted_is_kept(alice: Person, robot: Api) -> None:
    created = robot.post("insights/", {"name": "new"}).json["id"]
    board = make_dashboard(alice, tiles=[])
    path = f"dashboards/{board.pk}/"
    alice.api.patch(path, {"tiles": [{"insight": created}]})
    alice.api.patch(path, {"deleted": True})
    assert get_skipped(undo(alice)) == [(str(created), ["deleted"], CHANGED_SINCE)]
    assert [tile["insight"]["id"] for tile in alice.api.patch(path, {"deleted": False}).json["tiles"]] == [created]


def test_undoing_a_part_does_not_prevent_undoing_the_rest(alice: Person, robot: Api) -> None:
    created = robot.post("dashboards/", {"name": "new"}).json["id"]
    robot.patch(f"dashboards/{created}/", {"name": "newer"})
    since = alice.api.get(f"dashboards/{created}/activity/").json["results"][0]["created_at"]
    assert get_undone_paths(undo(alice, since=since)) == {f"Dashboard {created}": ["name"]}
    answer = undo(alice)
    assert (get_undone_paths(answer), get_skipped(answer)) == ({f"Dashboard {created}": ["deleted"]}, [])
    assert Dashboard.objects.get().deleted is True
    assert undo(alice).json == {"preview": False, "undone": [], "skipped": []}


def test_text_that_others_changed_elsewhere_is_kept(alice: Person, robot: Api) -> None:
    one = make_dashboard(alice, tiles=[{"text": {"body": "old"}}])
    other = alice.api.post("dashboards/", {"use_dashboard": one.pk}).json["id"]
    ours, theirs = Tile.objects.get(dashboard=one).pk, Tile.objects.get(dashboard=other).pk
    robot.patch(f"dashboards/{one.pk}/", {"tiles": [{"id": ours, "text": {"body": "robot's"}}]})
    robot.patch(f"dashboards/{one.pk}/", {"tiles": [{"id": ours, "deleted": True}]})
    alice.api.patch(f"dashboards/{other}/", {"tiles": [{"id": theirs, "text": {"body": "hers"}}]})
    answer = undo(alice)
    assert (str(one.pk), [f"tiles__{ours}__text"], LOST) in get_skipped(answer)
    assert (Text.objects.get().body, Tile.objects.get(pk=ours).deleted) == ("hers", False)


def test_restored_dashboard_that_others_changed_is_kept(alice: Person, robot: Api) -> None:
    board, other, insight = make_dashboard(alice), make_dashboard(alice), make_insight(alice)
    for path in (f"dashboards/{board.pk}/", f"insights/{insight.pk}/"):
        alice.api.patch(path, {"deleted": True})
        robot.patch(path, {"deleted": False})
    alice.api.patch(f"dashboards/{board.pk}/", {"tiles": [{"text": {"body": "work"}}]})
    alice.api.patch(f"dashboards/{other.pk}/", {"tiles": [{"insight": insight.pk}]})
    answer = undo(alice)
    assert get_undone_paths(answer) == {}
    assert [each[1:] for each in get_skipped(answer)] == [(["deleted"], CHANGED_SINCE)] * 2
    assert Dashboard.objects.get(pk=board.pk).deleted is False
    assert len(alice.api.get(f"dashboards/{other.pk}/").json["tiles"]) == 1


def test_two_keys_are_undone_one_after_the_other(alice: Person, robot: Api) -> None:
    board = make_dashboard(alice, "before")
    robot.patch(f"dashboards/{board.pk}/", {"name": "robot's"})
    alice.api.patch(f"dashboards/{board.pk}/", {"name": "test's"})
    assert get_skipped(undo(alice)) == [(str(board.pk), ["name"], CHANGED_SINCE)]
    assert get_undone_paths(undo(alice, "test")) == {f"Dashboard {board.pk}": ["name"]}
    assert get_undone_paths(undo(alice)) == {f"Dashboard {board.pk}": ["name"]}
    assert Dashboard.objects.get().name == "before"


def test_changes_by_others_are_kept_after_repeated_undos(alice: Person, robot: Api) -> None:
    created = robot.post("dashboards/", {"name": "new"}).json["id"]
    alice.api.patch(f"dashboards/{created}/", {"name": "hers"})
    robot.patch(f"dashboards/{created}/", {"name": "again"})
    assert get_undone_paths(undo(alice)) == {f"Dashboard {created}": ["name"]}
    for _ in range(2):
        assert undo(alice).json["undone"] == []
    assert Dashboard.objects.values_list("name", "deleted").get() == ("hers", False)


def test_many_activities_of_others_do_not_prevent_undo(
    alice: Person, robot: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboards.services.undo_limits.MAX_ACTIVITIES", 3)
    board = make_dashboard(alice, "before")
    robot.patch(f"dashboards/{board.pk}/", {"name": "robot's"})
    for number in range(5):
        alice.api.patch(f"dashboards/{board.pk}/", {"description": str(number)})
    assert get_undone_paths(undo(alice)) == {f"Dashboard {board.pk}": ["name"]}


def test_insight_created_renamed_and_deleted_has_nothing_to_undo(alice: Person, robot: Api) -> None:
    created = robot.post("insights/", {"name": "new"}).json["id"]
    robot.patch(f"insights/{created}/", {"name": "newer"})
    robot.patch(f"insights/{created}/", {"deleted": True})
    assert undo(alice).json == {"preview": False, "undone": [], "skipped": []}
