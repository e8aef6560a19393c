"""Activity entries of insights that are changed together with their dashboard, and undoing these changes."""

from typing import Any

import pytest

from dashboards.models import Activity, ActivityScope, Dashboard, Insight, Tile
from tests.api.test_undo import get_skipped, get_undone_paths, robot, undo
from tests.builders import QUERY, Person, make_dashboard, make_insight
from tests.client import Api

__all__ = ["robot"]

TEMPLATE = {
    "template_name": "Made",
    "dashboard_description": "",
    "dashboard_filters": {},
    "tags": [],
    "tiles": [
        {"type": "INSIGHT", "name": "Visits", "query": QUERY, "layouts": {}},
        {"type": "TEXT", "body": "t", "layouts": {}},
    ],
}


def list_activities_of(person: Person, insight_id: int) -> list[tuple[str, str]]:
    answer = person.api.get(f"activity_log/?scope=Insight&item_id={insight_id}")
    return [(each["activity"], each["detail"]["short_id"]) for each in answer.json["results"]]


def test_deletion_and_restoration_with_a_dashboard_are_recorded_for_insights(alice: Person) -> None:
    board = make_dashboard(alice)
    insight = make_insight(alice, board)
    alice.api.patch(f"dashboards/{board.pk}/", {"deleted": True, "delete_insights": True})
    [latest, *_] = alice.api.get(f"activity_log/?scope=Insight&item_id={insight.pk}").json["results"]
    assert latest["detail"]["changes"] == [
        {"type": "Insight", "action": "changed", "field": "deleted", "before": False, "after": True}
    ]
    assert latest["detail"]["name"] == "Insight"
    alice.api.patch(f"dashboards/{board.pk}/", {"deleted": False})
    names = ["restored", "deleted", "created"]
    assert list_activities_of(alice, insight.pk) == [(name, insight.short_id) for name in names]
    assert Insight.objects.get().deleted is False


@pytest.mark.parametrize("way", ["template", "copy", "clone", "copy_tile"])
def test_insights_created_with_a_dashboard_are_recorded_and_undone(
    alice: Person, bob: Person, robot: Api, way: str
) -> None:
    board = make_dashboard(alice)
    theirs = make_insight(alice, board, name="Visits")
    tile = Tile.objects.get()
    if way == "template":
        robot.post("dashboards/create_from_template_json/", {"template": TEMPLATE})
    elif way == "copy":
        robot.post("dashboards/", {"use_dashboard": board.pk, "duplicate_tiles": True})
    elif way == "clone":
        robot.patch(f"dashboards/{board.pk}/", {"duplicate_tiles": [{"id": tile.pk}]})
    else:
        target = robot.post("dashboards/", {"name": "target"}).json["id"]
        alice.api.patch(f"dashboards/{board.pk}/", {"restriction_level": 37})
        robot.post(f"dashboards/{target}/copy_tile/", {"fromDashboardId": board.pk, "tileId": tile.pk})
    created = Insight.objects.exclude(pk=theirs.pk).get()
    assert list_activities_of(alice, created.pk) == [("created", created.short_id)]
    answer = undo(alice)
    assert answer.json["skipped"] == []
    assert get_undone_paths(answer)[f"Insight {created.pk}"] == ["deleted"]
    assert list(Insight.objects.filter(deleted=False)) == [theirs]
    live = Dashboard.objects.filter(deleted=False)
    assert list(live) == [board]
    assert list(Tile.objects.filter(deleted=False).values_list("insight", flat=True)) == [theirs.pk]


def test_dashboard_with_many_insights_is_undone_in_one_request(alice: Person, robot: Api) -> None:
    tiles = [{"type": "INSIGHT", "name": str(number), "query": QUERY, "layouts": {}} for number in range(100)]
    template: dict[str, Any] = {**TEMPLATE, "tiles": tiles}
    assert robot.post("dashboards/create_from_template_json/", {"template": template}).status == 200
    assert Activity.objects.filter(scope=ActivityScope.INSIGHT, activity="created").count() == 100
    answer = undo(alice)
    assert (get_skipped(answer), len(answer.json["undone"])) == ([], 101)
    assert Insight.objects.filter(deleted=False).count() == 0
    assert Dashboard.objects.filter(deleted=False).count() == 0


def test_insight_restored_and_changed_in_one_write_has_one_activity(alice: Person, robot: Api) -> None:
    board = make_dashboard(alice)
    insight = make_insight(alice, board, name="Visits")
    robot.patch(f"insights/{insight.pk}/", {"name": "X"})
    robot.patch(f"dashboards/{board.pk}/", {"deleted": True, "delete_insights": True})
    before = Activity.objects.filter(scope=ActivityScope.INSIGHT).count()
    assert get_skipped(undo(alice)) == []
    [activity] = Activity.objects.filter(scope=ActivityScope.INSIGHT).order_by("pk")[before:]
    assert {each["field"]: (each["before"], each["after"]) for each in activity.changes} == {
        "name": ("X", "Visits"),
        "deleted": (True, False),
    }
    assert (activity.name, activity.short_id) == ("Visits", insight.short_id)
    assert Insight.objects.values_list("name", "deleted").get() == ("Visits", False)
