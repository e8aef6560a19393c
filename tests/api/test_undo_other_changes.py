"""Restoring and undoing grant no rights, and keep later changes by other users."""

from typing import Any

import pytest

from dashboards.models import Activity, Dashboard, Insight, Text, Tile
from dashboards.services import undo_limits
from dashboards.services.undo import GIVES_RIGHTS, LOST
from tests.api.test_activity_bulk import read_versions
from tests.api.test_undo import get_skipped, get_undone_paths, robot, undo
from tests.builders import Person, make_dashboard, make_insight
from tests.client import Api

__all__ = ["robot"]


@pytest.mark.parametrize("way", ["restore", "undo", "patch"])
def test_restoring_a_tile_requires_the_edit_right_of_its_insight(
    alice: Person, bob: Person, robot: Api, way: str
) -> None:
    board, closed = make_dashboard(alice), make_dashboard(alice)
    insight = make_insight(alice, board, closed)
    tile = Tile.objects.get(dashboard=board)
    robot.patch(f"dashboards/{board.pk}/", {"tiles": [{"id": tile.pk, "deleted": True}]})
    alice.api.patch(f"dashboards/{closed.pk}/", {"restriction_level": 37})
    assert bob.api.patch(f"insights/{insight.pk}/", {"name": "x"}).status == 403
    if way == "undo":
        assert undo(bob).json["undone"] == []
    elif way == "restore":
        answer = bob.api.post(f"dashboards/{board.pk}/versions/2/restore/")
        assert (answer.status, answer.headers["Ignored-Fields"]) == (200, f"tiles__{tile.pk}")
    else:
        body = {"tiles": [{"id": tile.pk, "deleted": False}]}
        assert bob.api.patch(f"dashboards/{board.pk}/", body).status == 403
    assert Tile.objects.get(pk=tile.pk).deleted is True
    assert bob.api.patch(f"insights/{insight.pk}/", {"name": "x"}).status == 403


def test_restriction_is_not_lowered(alice: Person, robot: Api) -> None:
    mine = robot.post("dashboards/", {"name": "mine"}).json["id"]
    alice.api.patch(f"dashboards/{mine}/", {"description": "ours"})
    robot.patch(f"dashboards/{mine}/", {"restriction_level": 37})
    assert (str(mine), ["restriction_level"], GIVES_RIGHTS) in get_skipped(undo(alice))
    assert Dashboard.objects.get().restriction_level == 37


def test_dashboard_shared_and_deleted_is_restored_unshared(alice: Person, robot: Api) -> None:
    board = make_dashboard(alice, "Weekly")
    robot.patch(f"dashboards/{board.pk}/sharing/", {"enabled": True})
    robot.patch(f"dashboards/{board.pk}/", {"deleted": True})
    assert undo(alice).json["skipped"] == []
    read = alice.api.get(f"dashboards/{board.pk}/").json
    assert (read["deleted"], read["is_shared"]) == (False, False)


@pytest.mark.parametrize("way", ["restore", "undo"])
def test_text_shown_on_another_dashboard_is_kept(alice: Person, robot: Api, way: str) -> None:
    board = make_dashboard(alice, tiles=[{"text": {"body": "old"}}])
    other = alice.api.post("dashboards/", {"use_dashboard": board.pk}).json["id"]
    tile = Tile.objects.get(dashboard=board)
    robot.patch(f"dashboards/{board.pk}/", {"tiles": [{"id": tile.pk, "deleted": True}]})
    item = {"id": Tile.objects.get(dashboard=other).pk, "text": {"body": "theirs"}}
    alice.api.patch(f"dashboards/{other}/", {"tiles": [item]})
    if way == "undo":
        assert [each["paths"] for each in undo(alice).json["skipped"]] == [[f"tiles__{tile.pk}__text"]]
    else:
        answer = alice.api.post(f"dashboards/{board.pk}/versions/1/restore/")
        assert answer.headers["Ignored-Fields"] == f"tiles__{tile.pk}__text"
    assert (Text.objects.get().body, Tile.objects.get(pk=tile.pk).deleted) == ("theirs", False)


@pytest.mark.parametrize("way", ["restore", "undo"])
def test_text_shown_on_a_deleted_dashboard_is_kept(alice: Person, robot: Api, way: str) -> None:
    board = make_dashboard(alice, tiles=[{"text": {"body": "old"}}])
    other = alice.api.post("dashboards/", {"use_dashboard": board.pk}).json["id"]
    item = {"id": Tile.objects.get(dashboard=board).pk, "text": {"body": "new"}}
    robot.patch(f"dashboards/{board.pk}/", {"tiles": [item]})
    alice.api.patch(f"dashboards/{other}/", {"deleted": True})
    if way == "undo":
        assert get_skipped(undo(alice)) == []  # the key made the last change, on both dashboards
    else:
        answer = alice.api.post(f"dashboards/{board.pk}/versions/1/restore/")
        assert answer.headers["Ignored-Fields"] == f"tiles__{item['id']}__text"
    restored = alice.api.patch(f"dashboards/{other}/", {"deleted": False}).json
    assert [tile["text"]["body"] for tile in restored["tiles"]] == ["old" if way == "undo" else "new"]


def test_restored_insight_is_recorded_on_its_dashboard(alice: Person) -> None:
    board = make_dashboard(alice)
    insight = make_insight(alice, board)
    alice.api.patch(f"insights/{insight.pk}/", {"deleted": True})
    alice.api.patch(f"insights/{insight.pk}/", {"deleted": False})
    tile = Tile.objects.get()
    [latest, *_] = alice.api.get(f"dashboards/{board.pk}/activity/").json["results"]
    assert [(each["field"], each["action"]) for each in latest["detail"]["changes"]] == [
        (f"tiles__{tile.pk}", "created")
    ]


def test_refused_undo_does_not_change_the_count(alice: Person, bob: Person, robot: Api) -> None:
    source, target = make_dashboard(alice), make_dashboard(alice)
    insight = make_insight(alice, source)
    body: dict[str, Any] = {"tile": {"id": Tile.objects.get().pk}, "to_dashboard": target.pk}
    robot.patch(f"dashboards/{source.pk}/move_tile/", body)
    alice.api.patch(f"dashboards/{target.pk}/", {"restriction_level": 37})
    robot.patch(f"dashboards/{source.pk}/", {"deleted": True})
    undo(bob)
    page = alice.api.get("dashboards/").json
    assert page["count"] == len(page["results"]) == Dashboard.objects.filter(deleted=False).count()
    assert Insight.objects.get(pk=insight.pk).deleted is False


def test_insight_that_others_placed_is_kept(alice: Person, robot: Api) -> None:
    created = robot.post("insights/", {"name": "new"}).json["id"]
    board = make_dashboard(alice)
    alice.api.patch(f"dashboards/{board.pk}/", {"tiles": [{"insight": created}]})
    assert get_skipped(undo(alice)) == [(str(created), ["deleted"], "changed since")]
    assert (Insight.objects.get().deleted, Tile.objects.get().deleted) == (False, False)


def test_large_changes_are_undone_in_batches(alice: Person, robot: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(undo_limits, "MAX_SIZE", 1000)
    board = make_dashboard(alice)
    robot.patch(f"dashboards/{board.pk}/", {"filters": {"a": "x" * 2000}})
    assert undo(alice).json["code"] == "too_many"
    assert Activity.objects.count() == 2


def test_full_dashboard_is_skipped_alone(alice: Person, robot: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboards.changelog.limits.MAX_TILES_PER_DASHBOARD", 2)
    full, other = make_dashboard(alice, tiles=[{"text": {"body": "gone"}}]), make_dashboard(alice, "Weekly")
    gone = Tile.objects.get()
    robot.patch(f"dashboards/{full.pk}/", {"tiles": [{"id": gone.pk, "deleted": True}]})
    robot.patch(f"dashboards/{other.pk}/", {"name": "X"})
    alice.api.patch(f"dashboards/{full.pk}/", {"tiles": [{"text": {"body": "a"}}, {"text": {"body": "b"}}]})
    before = read_versions()
    answer = undo(alice)
    assert answer.status == 200
    assert read_versions() == {**before, other.pk: before[other.pk] + 1}
    assert get_skipped(answer) == [(str(full.pk), [f"tiles__{gone.pk}"], "A dashboard has at most 2 tiles.")]
    assert Dashboard.objects.get(pk=other.pk).name == "Weekly"
    assert Tile.objects.get(pk=gone.pk).deleted is True


def test_insight_that_would_exceed_the_tile_limit_stays_deleted(
    alice: Person, robot: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboards.changelog.limits.MAX_TILES_PER_DASHBOARD", 2)
    full, other = make_dashboard(alice), make_dashboard(alice, "Weekly")
    insight = make_insight(alice, full)
    robot.patch(f"insights/{insight.pk}/", {"deleted": True})
    robot.patch(f"dashboards/{other.pk}/", {"name": "X"})
    alice.api.patch(f"dashboards/{full.pk}/", {"tiles": [{"text": {"body": "a"}}, {"text": {"body": "b"}}]})
    answer = undo(alice)
    assert (str(insight.pk), ["deleted"], "A dashboard has at most 2 tiles.") in get_skipped(answer)
    assert (Dashboard.objects.get(pk=other.pk).name, Insight.objects.get().deleted) == ("Weekly", True)


@pytest.mark.parametrize("way", ["restore", "undo"])
def test_moved_tile_of_a_restricted_insight_is_skipped_alone(alice: Person, bob: Person, robot: Api, way: str) -> None:
    board, closed = make_dashboard(alice, "Weekly"), make_dashboard(alice)
    make_insight(alice, board)
    tile = Tile.objects.get()
    robot.patch(f"dashboards/{board.pk}/move_tile/", {"tile": {"id": tile.pk}, "to_dashboard": closed.pk})
    robot.patch(f"dashboards/{board.pk}/", {"name": "X"})
    alice.api.patch(f"dashboards/{closed.pk}/", {"restriction_level": 37})
    if way == "undo":
        assert (str(board.pk), [f"tiles__{tile.pk}"], LOST) in get_skipped(undo(bob))
    else:
        answer = bob.api.post(f"dashboards/{board.pk}/versions/2/restore/")
        assert (answer.status, answer.headers["Ignored-Fields"]) == (200, f"tiles__{tile.pk}")
    assert Dashboard.objects.get(pk=board.pk).name == "Weekly"
    assert list(Tile.objects.values_list("dashboard", "deleted")) == [(closed.pk, False)]


def test_field_changed_back_and_forth_is_reported_once(alice: Person, robot: Api) -> None:
    board = make_dashboard(alice, "first", description="first")
    for person, name in ((robot, "a"), (alice.api, "Alice's"), (robot, "b")):
        person.patch(f"dashboards/{board.pk}/", {"name": name})
    robot.patch(f"dashboards/{board.pk}/", {"description": "robot's"})
    alice.api.patch(f"dashboards/{board.pk}/", {"description": "first"})
    answer = undo(alice)
    assert (get_undone_paths(answer), get_skipped(answer)) == ({f"Dashboard {board.pk}": ["name"]}, [])
    assert Dashboard.objects.values_list("name", "description").get() == ("Alice's", "first")
