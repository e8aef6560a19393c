"""The limit on the number of dashboards with the same content, and activity entries of insights on many dashboards."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dashboards.changelog import activity_log, limits
from dashboards.models import Activity, Dashboard, Insight, InsightTag, Text, Tile
from dashboards.services import insights
from tests.api.test_activity import latest_changes
from tests.builders import Person, make_dashboard, make_insight
from tests.client import Answer


@pytest.fixture
def limit_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (limits, insights):
        monkeypatch.setattr(module, "MAX_DASHBOARDS_OF_CONTENT", 2)


def assert_refused(answer: Answer, attr: str) -> None:
    assert answer.error == (400, "validation_error", "too_many", attr)
    assert "2 dashboards" in answer.json["detail"]


@pytest.mark.usefixtures("limit_of_two")
def test_content_is_on_a_limited_number_of_dashboards(alice: Person) -> None:
    one, other, third = (make_dashboard(alice) for _ in range(3))
    insight = make_insight(alice, one, other)
    tile = Tile.objects.get(dashboard=one)
    everywhere = {"dashboards": [one.pk, other.pk, third.pk]}
    assert_refused(alice.api.patch(f"insights/{insight.pk}/", everywhere), "dashboards")
    assert_refused(alice.api.post("insights/", everywhere), "dashboards")
    path = f"dashboards/{third.pk}/"
    assert_refused(alice.api.patch(path, {"tiles": [{"insight": insight.pk}]}), "tiles")
    assert_refused(alice.api.post(f"{path}copy_tile/", {"fromDashboardId": one.pk, "tileId": tile.pk}), "tileId")
    assert_refused(alice.api.post("dashboards/", {"use_dashboard": one.pk}), "use_dashboard")
    assert Tile.objects.count() == 2
    copied = alice.api.post("dashboards/", {"use_dashboard": one.pk, "duplicate_tiles": True})
    assert (copied.status, Insight.objects.count()) == (201, 2)


def test_content_beyond_the_limit_can_stay_and_be_removed(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    boards = [make_dashboard(alice) for _ in range(4)]
    insight = make_insight(alice, *boards)
    for module in (limits, insights):
        monkeypatch.setattr(module, "MAX_DASHBOARDS_OF_CONTENT", 2)
    path, ids = f"insights/{insight.pk}/", [board.pk for board in boards]
    assert alice.api.patch(path, {"name": "new", "dashboards": ids}).status == 200
    assert alice.api.patch(path, {"dashboards": ids[:3]}).json["dashboards"] == ids[:3]
    assert_refused(alice.api.patch(path, {"dashboards": ids}), "dashboards")


def test_text_on_too_many_dashboards_is_updated_in_batches(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    board = make_dashboard(alice, tiles=[{"text": {"body": "a"}}, {"text": {"body": "b"}}])
    for _ in range(2):
        alice.api.post("dashboards/", {"use_dashboard": board.pk})
    monkeypatch.setattr(activity_log, "MAX_TILES_CHANGED", 3)
    items = [{"id": tile.pk, "text": {"body": "new"}} for tile in Tile.objects.filter(dashboard=board).order_by("pk")]
    answer = alice.api.patch(f"dashboards/{board.pk}/", {"tiles": items})
    assert answer.error == (400, "validation_error", "too_many", "tiles")
    assert "more than 3 tiles" in answer.json["detail"]
    assert set(Text.objects.values_list("body", flat=True)) == {"a", "b"}
    assert alice.api.patch(f"dashboards/{board.pk}/", {"tiles": items[:1]}).status == 200


def test_activity_log_records_placements_of_insights(alice: Person) -> None:
    boards = [make_dashboard(alice, filters={"n": 1.0}) for _ in range(3)]
    insight = make_insight(alice)
    path = f"insights/{insight.pk}/"

    def get_state_change(board: Dashboard) -> tuple[Any, Any]:
        [(field, change)] = latest_changes(alice, board.pk).items()
        assert field == f"tiles__{Tile.objects.get(dashboard=board).pk}"
        return change[2], change[3]

    state = {
        "insight": insight.pk,
        "layouts": {},
        "color": None,
        "filters_overrides": {},
        "show_description": None,
        "transparent_background": None,
    }
    for body in ({"dashboards": [board.pk for board in boards]}, {"deleted": True}, {"deleted": False}):
        assert alice.api.patch(path, body).status == 200
        for board in boards:
            assert get_state_change(board) == ((state, None) if body.get("deleted") else (None, state))
            assert Activity.objects.versions_of(board.pk).latest("version").state is None
    assert alice.api.patch(path, {"dashboards": [boards[0].pk]}).status == 200
    assert get_state_change(boards[2]) == (state, None)
    assert len(Activity.objects.versions_of(boards[0].pk)) == 4  # the insight stayed on this dashboard
    version = Activity.objects.versions_of(boards[2].pk).order_by("version")[1].version
    restored = alice.api.post(f"dashboards/{boards[2].pk}/versions/{version}/restore/", documented=False).json
    assert [tile["insight"]["id"] for tile in restored["tiles"]] == [insight.pk]


def test_query_count_does_not_depend_on_the_number_of_dashboards(alice: Person) -> None:
    def statements(number: int) -> list[int]:
        boards = [make_dashboard(alice, tiles=[{"text": {"body": "t"}}]) for _ in range(number)]
        insight = make_insight(alice)
        found = []
        for body in ({"dashboards": [board.pk for board in boards]}, {"deleted": True}, {"deleted": False}):
            with CaptureQueriesContext(connection) as queries:
                assert alice.api.patch(f"insights/{insight.pk}/", body).status == 200
            found.append(len(queries))
        return found

    statements(1)  # the first use of a key is recorded
    assert statements(2) == statements(30)


def test_insight_created_as_deleted_leaves_dashboards_unchanged(alice: Person) -> None:
    board = make_dashboard(alice)
    alice.api.post("insights/", {"dashboards": [board.pk], "deleted": True})
    assert [row["activity"] for row in alice.api.get(f"dashboards/{board.pk}/activity/").json["results"]] == ["created"]


def test_copied_insights_keep_their_tags(alice: Person) -> None:
    board = make_dashboard(alice)
    for number in range(3):
        make_insight(alice, board, name=str(number), tags=["a", str(number)])
    make_insight(alice, board, name="none")
    alice.api.post("dashboards/", {"use_dashboard": board.pk, "duplicate_tiles": True})
    copies = Insight.objects.filter(name__endswith="(Copy)").order_by("pk")
    expected = [["0", "a"], ["1", "a"], ["2", "a"], []]
    assert [insight.tag_names for insight in copies] == expected
    links = [sorted(insight.tag_links.values_list("tag__name", flat=True)) for insight in copies]
    assert (links, InsightTag.objects.count()) == (expected, 12)
