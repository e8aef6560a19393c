"""POST …/insights/bulk_delete/, bulk_restore/ and bulk_update_tags/."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dashboards.models import Activity, ActivityScope, Dashboard, Insight, Revision, RevisionKind, Tile
from tests.api.test_undo import robot, undo
from tests.builders import Person, make_dashboard, make_insight
from tests.client import Api

__all__ = ["robot"]


def get_version(board: Dashboard) -> int:
    return Revision.objects.of(RevisionKind.DASHBOARD, board.pk).values_list("number", flat=True).get()


def list_activities_of(insight: Insight) -> list[tuple[str, list[Any]]]:
    found = Activity.objects.filter(scope=ActivityScope.INSIGHT, item_id=insight.pk).order_by("pk")
    return [(activity.activity, [each["field"] for each in activity.changes]) for activity in found]


def list_insights_of(person: Person, board: Dashboard) -> list[int]:
    return [tile["insight"]["id"] for tile in person.api.get(f"dashboards/{board.pk}/").json["tiles"]]


def restrict(person: Person, board: Dashboard) -> None:
    assert person.api.patch(f"dashboards/{board.pk}/", {"restriction_level": 37}).status == 200


def test_bulk_deletion_and_restore_equal_single_ones(alice: Person, bob: Person, carol: Person) -> None:
    board, locked = make_dashboard(alice), make_dashboard(alice)
    one, two = make_insight(alice, board, name="one"), make_insight(bob, name="two")
    kept, secret, theirs = make_insight(alice, board), make_insight(alice, locked), make_insight(carol)
    restrict(alice, locked)
    before = get_version(board)
    ids = [two.pk, one.pk, one.pk, secret.pk, theirs.pk, 999999]
    answer = bob.api.post("insights/bulk_delete/", {"ids": ids})
    assert answer.json == {
        "deleted": [{"id": two.pk, "name": "two"}, {"id": one.pk, "name": "one"}],
        "skipped": [
            {"id": secret.pk, "reason": "no edit permission"},
            {"id": theirs.pk, "reason": "not found"},
            {"id": 999999, "reason": "not found"},
        ],
    }
    assert set(Insight.objects.filter(deleted=True)) == {one, two}
    assert list_insights_of(alice, board) == [kept.pk]
    assert get_version(board) == before + 1
    assert list_activities_of(one)[-1] == ("deleted", ["deleted"])
    assert alice.api.get(f"insights/{one.pk}/").status == 404
    again = bob.api.post("insights/bulk_delete/", {"ids": [one.pk]})
    assert again.json == {"deleted": [], "skipped": [{"id": one.pk, "reason": "not found"}]}

    answer = bob.api.post("insights/bulk_restore/", {"ids": [one.pk, kept.pk, two.pk, 999999]})
    assert answer.json == {
        "restored": [{"id": one.pk, "name": "one"}, {"id": two.pk, "name": "two"}],
        "skipped": [{"id": kept.pk, "reason": "not deleted"}, {"id": 999999, "reason": "not found"}],
    }
    assert not Insight.objects.filter(deleted=True).exists()
    assert set(Insight.objects.values_list("deletion_id", flat=True)) == {None}
    assert list_insights_of(alice, board) == [one.pk, kept.pk]
    assert get_version(board) == before + 2
    assert list_activities_of(one)[-1] == ("restored", ["deleted"])
    assert {activity.user for activity in Activity.objects.filter(activity="restored")} == {bob.user}


def test_insight_of_a_bulk_deletion_is_restored_on_its_own(alice: Person) -> None:
    board = make_dashboard(alice)
    one, two = make_insight(alice, board), make_insight(alice, board)
    alice.api.post("insights/bulk_delete/", {"ids": [one.pk, two.pk]})
    assert alice.api.patch(f"insights/{one.pk}/", {"deleted": False}).status == 200
    assert list_insights_of(alice, board) == [one.pk]
    assert Insight.objects.get(pk=two.pk).deleted is True


def test_tile_removed_before_stays_removed(alice: Person) -> None:
    board, other = make_dashboard(alice), make_dashboard(alice)
    insight = make_insight(alice, board, other)
    alice.api.patch(f"insights/{insight.pk}/", {"dashboards": [board.pk]})
    alice.api.post("insights/bulk_delete/", {"ids": [insight.pk]})
    alice.api.post("insights/bulk_restore/", {"ids": [insight.pk]})
    assert (list_insights_of(alice, board), list_insights_of(alice, other)) == ([insight.pk], [])


def test_tile_of_a_deleted_dashboard_is_restored_with_it(alice: Person) -> None:
    board = make_dashboard(alice)
    insight = make_insight(alice, board)
    alice.api.post("insights/bulk_delete/", {"ids": [insight.pk]})
    alice.api.patch(f"dashboards/{board.pk}/", {"deleted": True})
    alice.api.post("insights/bulk_restore/", {"ids": [insight.pk]})
    tile = Tile.objects.select_related("dashboard").get()
    assert (tile.deleted, tile.deletion_id) == (True, tile.dashboard.deletion_id)
    alice.api.patch(f"dashboards/{board.pk}/", {"deleted": False})
    assert list_insights_of(alice, board) == [insight.pk]


@pytest.mark.parametrize(
    ("action", "tags", "after"),
    [
        ("add", ["B", "c"], [["a", "b", "c"], ["b", "c"], ["b", "c", "d"]]),
        ("remove", ["a", "d"], [["b"], [], []]),
        ("set", ["b"], [["b"], ["b"], ["b"]]),
        ("set", [], [[], [], []]),
    ],
)
def test_bulk_update_of_tags_equals_single_ones(
    alice: Person, action: str, tags: list[str], after: list[list[str]]
) -> None:
    board = make_dashboard(alice)
    insights = [make_insight(alice, board, tags=before) for before in (["a", "b"], [], ["d"])]
    gone = make_insight(alice, deleted=True)
    before = get_version(board)
    body = {"ids": [*(each.pk for each in insights), gone.pk], "action": action, "tags": tags}
    answer = alice.api.post("insights/bulk_update_tags/", body)
    assert answer.json == {
        "updated": [{"id": each.pk, "tags": now} for each, now in zip(insights, after, strict=True)],
        "skipped": [{"id": gone.pk, "reason": "not found"}],
    }
    for each, now in zip(insights, after, strict=True):
        read = alice.api.get(f"insights/{each.pk}/").json
        assert read["tags"] == now
        assert sorted(each.tag_links.values_list("tag__name", flat=True)) == now
        was = each.tag_names
        assert (list_activities_of(each)[-1] == ("updated", ["tags"])) == (now != was)
        assert (read["last_modified_at"] > each.last_modified_at.isoformat().replace("+00:00", "Z")) == (now != was)
    assert get_version(board) == before + 1
    found = alice.api.get("insights/", tags="b").json["results"]
    assert {row["id"] for row in found} == {each.pk for each, now in zip(insights, after, strict=True) if "b" in now}


def test_present_tags_change_nothing(alice: Person, bob: Person) -> None:
    board = make_dashboard(alice)
    insight = make_insight(alice, board, tags=["a"])
    before = get_version(board)
    bob.api.post("insights/bulk_update_tags/", {"ids": [insight.pk], "action": "add", "tags": ["a"]})
    assert (get_version(board), list_activities_of(insight)[-1][0]) == (before, "created")
    insight.refresh_from_db()
    assert insight.last_modified_by is None


def test_insights_without_the_edit_right_are_skipped(alice: Person, bob: Person) -> None:
    board = make_dashboard(alice)
    insight = make_insight(alice, board)
    restrict(alice, board)
    skipped = [{"id": insight.pk, "reason": "no edit permission"}]
    for action, body in (
        ("bulk_delete", {}),
        ("bulk_update_tags", {"action": "add", "tags": ["a"]}),
    ):
        assert bob.api.post(f"insights/{action}/", {"ids": [insight.pk], **body}).json["skipped"] == skipped
    alice.api.post("insights/bulk_delete/", {"ids": [insight.pk]})
    assert bob.api.post("insights/bulk_restore/", {"ids": [insight.pk]}).json["skipped"] == skipped
    assert Insight.objects.get().deleted is True


def test_bulk_deletion_is_undone(alice: Person, robot: Api) -> None:
    board = make_dashboard(alice)
    insights = [make_insight(alice, board, name=str(number), tags=["a"]) for number in range(3)]
    ids = [each.pk for each in insights]
    robot.post("insights/bulk_update_tags/", {"ids": ids, "action": "set", "tags": ["b"]})
    robot.post("insights/bulk_delete/", {"ids": ids})
    answer = undo(alice)
    assert (answer.status, answer.json["skipped"]) == (200, [])
    assert [each.tag_names for each in Insight.objects.filter(deleted=False)] == [["a"]] * 3
    assert list_insights_of(alice, board) == ids


def test_bulk_restore_is_undone(alice: Person, robot: Api) -> None:
    insight = make_insight(alice, make_dashboard(alice))
    alice.api.post("insights/bulk_delete/", {"ids": [insight.pk]})
    robot.post("insights/bulk_restore/", {"ids": [insight.pk]})
    assert undo(alice).json["undone"][0]["paths"] == ["deleted"]
    assert Insight.objects.get().deleted is True


@pytest.mark.parametrize("action", ["bulk_delete", "bulk_restore", "bulk_update_tags"])
@pytest.mark.parametrize(
    ("ids", "code", "attr"),
    [
        ([], "empty", "ids"),
        (["x"], "invalid_input", "ids__0"),
        (list(range(1, 1002)), "max_length", "ids"),
        (None, "null", "ids"),
    ],
)
def test_invalid_ids_are_400(alice: Person, action: str, ids: Any, code: str, attr: str) -> None:
    body = {"ids": ids, **({"action": "add", "tags": ["a"]} if action == "bulk_update_tags" else {})}
    assert alice.api.post(f"insights/{action}/", body).error == (400, "validation_error", code, attr)


def test_if_match_is_refused(alice: Person) -> None:
    answer = alice.api.post("insights/bulk_delete/", {"ids": [1]}, headers={"If-Match": "1"})
    assert answer.error[2] == "if_match_not_supported"


def test_query_count_does_not_depend_on_the_number_of_insights(alice: Person) -> None:
    boards = [make_dashboard(alice) for _ in range(3)]
    insights = [make_insight(alice, *boards, name=str(number)) for number in range(33)]

    def cost(path: str, chosen: list[Insight], body: dict[str, Any]) -> int:
        ids = [each.pk for each in chosen]
        with CaptureQueriesContext(connection) as captured:
            assert alice.api.post(path, {"ids": ids, **body}).json["skipped"] == []
        return len(captured)

    tags = {"action": "add", "tags": ["a", "b"]}
    alice.api.get("insights/")  # the first use of a key is recorded
    alice.api.post("insights/bulk_delete/", {"ids": [insights.pop().pk]})  # the dashboards are unchanged, too
    for action, body in (("bulk_update_tags", tags), ("bulk_delete", {}), ("bulk_restore", {})):
        path = f"insights/{action}/"
        assert cost(path, insights[:3], body) == cost(path, insights[3:], body), action


def test_too_many_tiles_to_record_are_400(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboards.services.bulk_insights.MAX_TILES", 2)
    board = make_dashboard(alice, tiles=[{"text": {"body": "t"}}] * 2)
    insight = make_insight(alice, board)
    answer = alice.api.post("insights/bulk_delete/", {"ids": [insight.pk]})
    assert answer.error == (400, "validation_error", "too_many", "ids")
    assert Insight.objects.get().deleted is False
