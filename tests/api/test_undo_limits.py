"""POST …/activity_log/undo/: the limits on one request. Requests and previews beyond a limit are refused."""

from typing import Any

import pytest

from dashboards.models import Activity, Dashboard
from dashboards.services import undo_limits
from tests.api.test_undo import get_undone_paths, robot, undo
from tests.builders import Person, make_dashboard, make_insight
from tests.client import Api

__all__ = ["robot"]


def assert_too_much(person: Person, number: str) -> None:
    before = Activity.objects.count()
    bodies: list[dict[str, Any]] = [{}, {"preview": True}]
    for body in bodies:
        answer = undo(person, **body)
        assert answer.error == (400, "validation_error", "too_many", "since")
        assert number in answer.json["detail"]
        assert "later `since`" in answer.json["detail"]
    assert Activity.objects.count() == before


def test_limits_are_those_in_the_documentation() -> None:
    assert (undo_limits.MAX_ACTIVITIES, undo_limits.MAX_ITEMS, undo_limits.MAX_TILES) == (200, 120, 5_000)
    assert undo_limits.MAX_CHANGED_DASHBOARDS == 50


@pytest.mark.parametrize(
    ("limit", "allowed", "number"),
    [
        ("MAX_ACTIVITIES", 2, "more than 2 activities"),
        ("MAX_ITEMS", 1, "more than 1 dashboards and insights"),
        ("MAX_CHANGED_DASHBOARDS", 1, "more than 1 dashboards."),
        ("MAX_SIZE", 1_000, "1,000 characters"),
        ("MAX_TILES", 2, "more than 2 tiles"),
        ("MAX_DASHBOARDS", 1, "more than 1 dashboards"),
        ("MAX_LATER_ACTIVITIES", 3, "more than 3 activities"),
        ("MAX_LATER_SIZE", 2_000, "2,000 characters of changes"),
    ],
)
def test_too_much_is_refused_with_the_number(
    alice: Person, robot: Api, monkeypatch: pytest.MonkeyPatch, limit: str, allowed: int, number: str
) -> None:
    one, other = (make_dashboard(alice, tiles=[{"text": {"body": "t"}}] * 2) for _ in range(2))
    for board in (one, other):
        robot.patch(f"dashboards/{board.pk}/", {"description": "x" * 1000})
    robot.patch(f"dashboards/{one.pk}/", {"name": "robot's"})
    alice.api.patch(f"dashboards/{one.pk}/", {"pinned": True})
    alice.api.patch(f"dashboards/{other.pk}/", {"filters": {"k": "x" * 1000}})
    monkeypatch.setattr(undo_limits, limit, allowed)
    assert_too_much(alice, number)
    assert Dashboard.objects.get(pk=one.pk).name == "robot's"
    monkeypatch.undo()
    assert sorted(get_undone_paths(undo(alice)).values()) == [["description"], ["description", "name"]]


def test_dashboards_that_show_an_insight_are_counted(
    alice: Person, robot: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    boards = [make_dashboard(alice) for _ in range(3)]
    insight = make_insight(alice, *boards)
    robot.patch(f"insights/{insight.pk}/", {"name": "robot's"})
    monkeypatch.setattr(undo_limits, "MAX_DASHBOARDS", 2)
    assert_too_much(alice, "more than 2 dashboards")


def test_only_undone_fields_are_written_to_the_dashboard(alice: Person, robot: Api) -> None:
    board = make_dashboard(alice, "Weekly", tiles=[{"text": {"body": str(number)}} for number in range(5)])
    items: Any = alice.api.get(f"dashboards/{board.pk}/").json["tiles"]
    robot.patch(f"dashboards/{board.pk}/", {"tiles": [{"id": items[0]["id"], "color": "blue"}]})
    alice.api.patch(f"dashboards/{board.pk}/", {"tiles": [{"id": items[1]["id"], "color": "red"}], "name": "New"})
    assert get_undone_paths(undo(alice)) == {f"Dashboard {board.pk}": [f"tiles__{items[0]['id']}__color"]}
    after = alice.api.get(f"dashboards/{board.pk}/").json
    assert (after["name"], [tile["color"] for tile in after["tiles"]]) == ("New", [None, "red", None, None, None])
