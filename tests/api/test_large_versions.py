"""Reading, comparing and restoring versions of large dashboards. The versions store only changes."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from dashboards.changelog import activity_log
from dashboards.models import Activity, Dashboard, Text, Tile
from tests.api.test_activity import latest_changes
from tests.api.test_query_counts import count_queries
from tests.builders import Person, make_dashboard


@pytest.fixture
def board(alice: Person) -> Dashboard:
    """Create a dashboard with 320,000 characters."""
    return make_dashboard(alice, "Large", tiles=[{"text": {"body": "x" * 4000}}] * 80)


def read_snapshots(alice: Person, board: Dashboard) -> dict[int, Any]:
    versions = alice.api.get(f"dashboards/{board.pk}/versions/").json["results"]
    return {
        row["version"]: alice.api.get(f"dashboards/{board.pk}/versions/{row['version']}/").json["state"]
        for row in versions
    }


def have_snapshots(board: Dashboard) -> list[bool]:
    """Return for each version, newest first, whether it has a full snapshot."""
    versions = Activity.objects.versions_of(board.pk).order_by("-version")
    return [state is not None for state in versions.values_list("state", flat=True)]


def test_small_change_of_a_large_dashboard_stores_only_the_change(alice: Person, board: Dashboard) -> None:
    for enabled in (True, False, True):
        alice.api.patch(f"dashboards/{board.pk}/sharing/", {"enabled": enabled})
    assert have_snapshots(board) == [False, False, False, True]
    assert [state["sharing"]["enabled"] for state in read_snapshots(alice, board).values()] == [
        True,
        False,
        True,
        False,
    ]
    assert all(len(state["tiles"]) == 80 for state in read_snapshots(alice, board).values())


def test_each_version_equals_its_full_snapshot(alice: Person, board: Dashboard) -> None:
    first, second, *_ = Tile.objects.order_by("pk")
    alice.api.patch(
        f"dashboards/{board.pk}/", {"name": "New", "data_color_theme_id": 5, "filters": {"b": 1, "a": None}}
    )
    alice.api.patch(f"dashboards/{board.pk}/", {"tiles": [{"id": first.pk, "deleted": True}, {"text": {"body": "n"}}]})
    alice.api.patch(f"dashboards/{board.pk}/", {"tiles": [{"id": second.pk, "color": "blue", "text": {"body": "e"}}]})
    alice.api.patch(f"dashboards/{board.pk}/", {"tiles": [{"id": first.pk, "deleted": False}]})
    alice.api.patch(f"dashboards/{board.pk}/", {"data_color_theme_id": None, "filters": {}})
    assert have_snapshots(board) == [False, False, False, False, False, True]
    read = list(read_snapshots(alice, board).values())
    latest = read[0]
    assert list(latest["tiles"]) == sorted(latest["tiles"], key=int)
    assert [len(state["tiles"]) for state in read] == [81, 81, 80, 80, 80, 80]
    assert [state["tiles"][str(second.pk)]["color"] for state in read] == ["blue", "blue", "blue", None, None, None]
    assert [state["data_color_theme_id"] for state in read] == [None, 5, 5, 5, 5, None]
    assert list(read[1]["filters"].items()) == [("b", 1), ("a", None)]
    assert (latest["name"], read[-1]["name"]) == ("New", "Large")
    oldest, newest = min(read_snapshots(alice, board)), max(read_snapshots(alice, board))
    compared = alice.api.get(f"dashboards/{board.pk}/versions/{oldest}/diff/", to=newest).json["changes"]
    assert len(compared) == 4  # name, color, text and the tile that was added
    restored = alice.api.post(f"dashboards/{board.pk}/versions/{oldest}/restore/").json
    assert (restored["name"], len(restored["tiles"])) == ("Large", 80)
    assert Text.objects.get(tiles=second).body == "x" * 4000


def test_many_small_changes_are_followed_by_a_full_snapshot(
    alice: Person, board: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activity_log, "MAX_DELTAS", 2)
    for number in range(4):
        alice.api.patch(f"dashboards/{board.pk}/", {"name": str(number)})
    assert have_snapshots(board) == [False, True, False, False, True]
    assert [state["name"] for state in read_snapshots(alice, board).values()] == ["3", "2", "1", "0", "Large"]


def test_changes_larger_than_the_dashboard_are_followed_by_a_full_snapshot(alice: Person, board: Dashboard) -> None:
    for letter in "abcd":
        alice.api.patch(f"dashboards/{board.pk}/", {"filters": {"f": letter * 90_000}})
    assert have_snapshots(board) == [False, True, False, False, True]
    assert [state["filters"].get("f", "")[:1] for state in read_snapshots(alice, board).values()] == [
        "d",
        "c",
        "b",
        "a",
        "",
    ]


def test_text_change_is_recorded_on_other_dashboards_without_reading_them(alice: Person, board: Dashboard) -> None:
    copies = [alice.api.post("dashboards/", {"use_dashboard": board.pk}).json["id"] for _ in range(3)]
    tile = Tile.objects.filter(dashboard=board).earliest("pk")
    path = f"dashboards/{board.pk}/"
    item = {"id": tile.pk, "text": {"body": "new"}}
    assert alice.api.patch(path, {"tiles": [item]}).status == 200
    for copy in copies:
        [shown] = Tile.objects.filter(dashboard=copy, text=tile.text_id)
        before, after = {"id": tile.text_id, "body": "x" * 4000}, {"id": tile.text_id, "body": "new"}
        assert latest_changes(alice, copy) == {f"tiles__{shown.pk}__text": ("Tile", "changed", before, after)}
        version = alice.api.get(f"dashboards/{copy}/versions/").json["results"][0]["version"]
        state = alice.api.get(f"dashboards/{copy}/versions/{version}/").json["state"]
        assert state["tiles"][str(shown.pk)]["text"] == after
        assert Activity.objects.versions_of(copy).get(version=version).state is None


def test_version_is_read_with_few_queries(alice: Person, board: Dashboard) -> None:
    for number in range(3):
        alice.api.patch(f"dashboards/{board.pk}/", {"name": str(number)})
    newest = max(read_snapshots(alice, board))
    one, other = (f"dashboards/{board.pk}/versions/{version}/" for version in (newest, newest - 2))
    assert count_queries(alice, one) == count_queries(alice, other) == 6


def test_pruning_keeps_what_later_versions_depend_on(alice: Person, board: Dashboard) -> None:
    for number in range(3):
        alice.api.patch(f"dashboards/{board.pk}/", {"name": str(number)})
    Activity.objects.update(created_at=timezone.now() - timedelta(days=31))
    alice.api.patch(f"dashboards/{board.pk}/", {"name": "recent"})
    call_command("prune_history", older_than=30)
    assert have_snapshots(board) == [False, False, False, False, True]
    assert [state["name"] for state in read_snapshots(alice, board).values()] == ["recent", "2", "1", "0", "Large"]


def test_pruning_deletes_changes_before_a_full_snapshot(
    alice: Person, board: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activity_log, "MAX_DELTAS", 1)
    for number in range(3):
        alice.api.patch(f"dashboards/{board.pk}/", {"name": str(number)})
    assert have_snapshots(board) == [False, True, False, True]
    Activity.objects.update(created_at=timezone.now() - timedelta(days=31))
    alice.api.patch(f"dashboards/{board.pk}/", {"name": "recent"})
    assert have_snapshots(board) == [True, False, True, False, True]
    call_command("prune_history", older_than=30)
    assert have_snapshots(board) == [True]
    assert [state["name"] for state in read_snapshots(alice, board).values()] == ["recent"]


def test_version_without_its_base_is_404(alice: Person, board: Dashboard) -> None:
    alice.api.patch(f"dashboards/{board.pk}/", {"name": "new"})
    oldest, newest = sorted(read_snapshots(alice, board))
    Activity.objects.versions_of(board.pk).filter(version=oldest).delete()
    for answer in (
        alice.api.get(f"dashboards/{board.pk}/versions/{newest}/"),
        alice.api.post(f"dashboards/{board.pk}/versions/{newest}/restore/"),
    ):
        assert answer.error == (404, "invalid_request", "not_found", None)
    assert alice.api.patch(f"dashboards/{board.pk}/", {"name": "newer"}).status == 200
    assert Activity.objects.latest("pk").state["name"] == "newer"
