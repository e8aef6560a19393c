"""A deleted dashboard is restored as it was, regardless of other deletions and restorations in between."""

from itertools import permutations
from typing import Any

import pytest

from dashboards.models import Dashboard, Insight
from tests.builders import Person, make_dashboard, make_insight, make_text_tile


def delete(person: Person, dashboard: Dashboard, *, with_insights: bool) -> None:
    body = {"deleted": True, "delete_insights": with_insights}
    assert person.api.patch(f"dashboards/{dashboard.pk}/", body).status == 200


def restore(person: Person, dashboard: Dashboard) -> list[dict[str, Any]]:
    answer = person.api.patch(f"dashboards/{dashboard.pk}/", {"deleted": False})
    assert answer.status == 200
    tiles: list[dict[str, Any]] = answer.json["tiles"]
    return tiles


@pytest.mark.parametrize("order", list(permutations(range(3))))
@pytest.mark.parametrize("last_with", ["insights", "none"])
def test_dashboards_deleted_together_are_restored_in_any_order(
    alice: Person, order: tuple[int, ...], last_with: str
) -> None:
    boards = [make_dashboard(alice, f"Board {number}") for number in range(3)]
    shared, own = make_insight(alice, *boards, name="shared"), make_insight(alice, boards[0], name="own")
    make_text_tile(alice, boards[0], "words")
    before = [alice.api.get(f"dashboards/{board.pk}/").json["tiles"] for board in boards]
    for board in boards:
        delete(alice, board, with_insights=board is not boards[2] or last_with == "insights")
    assert Insight.objects.get(pk=own.pk).deleted is True
    assert Insight.objects.get(pk=shared.pk).deleted is (last_with == "insights")
    for number in order:
        tiles = restore(alice, boards[number])
        assert [tile["id"] for tile in tiles] == [tile["id"] for tile in before[number]]
        assert Insight.objects.get(pk=shared.pk).deleted is False
    for board, tiles in zip(boards, before, strict=True):
        now = alice.api.get(f"dashboards/{board.pk}/").json["tiles"]
        for tile in (*now, *tiles):
            for timed in filter(None, (tile["insight"], tile["text"])):
                timed.pop("dashboard_tiles")
        assert now == tiles
    assert not Insight.objects.exclude(deletion_id=None).exists()


def test_insight_restored_and_deleted_again_with_another_dashboard(alice: Person) -> None:
    board, other = make_dashboard(alice), make_dashboard(alice)
    insight = make_insight(alice, board)
    delete(alice, board, with_insights=True)
    assert alice.api.patch(f"insights/{insight.pk}/", {"deleted": False, "dashboards": [other.pk]}).status == 200
    delete(alice, other, with_insights=True)
    assert [tile["insight"]["id"] for tile in restore(alice, board)] == [insight.pk]
    assert [tile["insight"]["id"] for tile in restore(alice, other)] == [insight.pk]


def test_insight_deleted_on_its_own_stays_deleted(alice: Person) -> None:
    board, other = make_dashboard(alice), make_dashboard(alice)
    insight = make_insight(alice, board, other)
    delete(alice, board, with_insights=True)
    assert alice.api.patch(f"insights/{insight.pk}/", {"deleted": True}).status == 200
    delete(alice, other, with_insights=True)
    assert restore(alice, board) == []
    assert Insight.objects.get().deleted is True
    alice.api.patch(f"insights/{insight.pk}/", {"deleted": False})
    assert [tile["insight"]["id"] for tile in alice.api.get(f"dashboards/{board.pk}/").json["tiles"]] == [insight.pk]


def test_activity_log_records_the_restored_insight(alice: Person) -> None:
    board, other = make_dashboard(alice), make_dashboard(alice)
    insight = make_insight(alice, board, other)
    delete(alice, board, with_insights=False)
    delete(alice, other, with_insights=True)
    restore(alice, board)
    log = alice.api.get(f"activity_log/?scope=Insight&item_id={insight.pk}").json["results"]
    assert [entry["activity"] for entry in log][:2] == ["restored", "deleted"]
