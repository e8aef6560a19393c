"""Services: return values, exceptions and concurrent calls."""

import pytest

from dashboards.changelog.tracking import write_transaction
from dashboards.exceptions import DashboardNotFound, InsightNotFound, TileNotFound, TileNotOnDashboard
from dashboards.models import Dashboard, Insight, Tag, Tile
from dashboards.services.dashboards import update_dashboard
from dashboards.services.inputs import DashboardInput, InsightInput
from dashboards.services.insights import update_insight
from dashboards.services.tiles import move_tile
from dashboards_api.db.fields import json_differs
from dashboards_api.errors import Forbidden
from tests.builders import Person, make_dashboard, make_insight, make_text_tile
from tests.concurrency import run_concurrently


def update(person: Person, dashboard: Dashboard, content: DashboardInput, **options: bool) -> list[str]:
    with write_transaction(person.membership) as changes:
        return update_dashboard(changes, dashboard.pk, project=person.membership.project, content=content, **options)


def set_dashboards(person: Person, insight: Insight, *dashboards: Dashboard) -> None:
    content: InsightInput = {"dashboards": [dashboard.pk for dashboard in dashboards]}
    with write_transaction(person.membership) as changes:
        update_insight(changes, insight.pk, project=person.membership.project, content=content)


def test_update_returns_ignored_paths(alice: Person) -> None:
    dashboard = make_dashboard(alice)
    tile = make_text_tile(alice, dashboard)
    assert update(alice, dashboard, {"tiles": [{"id": 0, "color": "x"}, {"id": tile.pk, "color": "y"}]}) == ["tiles__0"]
    with pytest.raises(TileNotOnDashboard):
        update(alice, dashboard, {"tiles": [{"id": 0, "color": "x"}]}, refuse_unknown_tiles=True)


def test_update_raises_for_unknown_or_forbidden_items(alice: Person, bob: Person, carol: Person) -> None:
    closed = make_dashboard(alice, restriction_level=37)
    with pytest.raises(Forbidden):
        update(bob, closed, {"name": "x"})
    with pytest.raises(DashboardNotFound):
        update(carol, closed, {"name": "x"})
    with pytest.raises(DashboardNotFound):
        update(alice, make_dashboard(alice, deleted=True), {"name": "x"})


@pytest.mark.parametrize(
    ("stored", "sent"), [({"a": 1}, {"a": 1.0}), ({"a": 1, "b": 2}, {"b": 2, "a": 1}), (1, True), ("a", "a ")]
)
def test_json_differs_for_values_that_are_read_differently(stored: object, sent: object) -> None:
    assert json_differs(stored, sent)
    assert not json_differs(stored, stored)


@pytest.mark.django_db(transaction=True)
def test_concurrent_updates_of_different_fields_are_kept(alice: Person) -> None:
    dashboard = make_dashboard(alice)
    changes: list[DashboardInput] = [
        {"name": "n"},
        {"description": "d"},
        {"pinned": True},
        {"filters": {"a": 1}},
        {"tags": ["t"]},
        {"tiles": [{"text": {"body": "b"}}]},
    ]
    assert run_concurrently(*[lambda each=each: update(alice, dashboard, each) for each in changes]) == []
    row = Dashboard.objects.get()
    assert (row.name, row.description, row.pinned, row.filters) == ("n", "d", True, {"a": 1})
    assert row.search_text.split("\n") == ["n", "d", "t"]
    assert Tile.objects.filter(deleted=False).count() == 1


@pytest.mark.django_db(transaction=True)
def test_concurrent_creations_share_one_tag(alice: Person) -> None:
    assert run_concurrently(*[lambda: make_dashboard(alice, tags=["same", "other"])] * 6) == []
    assert Tag.objects.count() == 2
    assert Dashboard.objects.count() == 6


@pytest.mark.django_db(transaction=True)
def test_concurrent_deletion_and_addition_leave_no_live_tile(alice: Person) -> None:
    for _ in range(5):
        dashboard = make_dashboard(alice)
        raised = run_concurrently(
            lambda d=dashboard: update(alice, d, {"deleted": True}),  # type: ignore[misc]  # mypy cannot infer a lambda with defaults
            lambda d=dashboard: update(alice, d, {"tiles": [{"text": {"body": "b"}}]}),  # type: ignore[misc]  # mypy cannot infer a lambda with defaults
        )
        assert all(isinstance(error, DashboardNotFound) for error in raised)
        assert Dashboard.objects.get(pk=dashboard.pk).deleted is True
        assert not Tile.objects.filter(dashboard=dashboard, deleted=False).exists()


@pytest.mark.django_db(transaction=True)
def test_tile_moved_concurrently_is_on_one_dashboard(alice: Person) -> None:
    source = make_dashboard(alice)
    tile = make_text_tile(alice, source)
    targets = [make_dashboard(alice) for _ in range(6)]

    def move(target: Dashboard) -> None:
        project = alice.membership.project
        with write_transaction(alice.membership) as changes:
            move_tile(changes, source.pk, project=project, tile_id=tile.pk, to_dashboard_id=target.pk)

    raised = run_concurrently(*[lambda target=target: move(target) for target in targets])
    assert [type(error) for error in raised] == [TileNotFound] * 5
    assert Tile.objects.get().dashboard in targets


@pytest.mark.django_db(transaction=True)
def test_concurrent_changes_of_insight_and_dashboard_do_not_deadlock(alice: Person) -> None:
    for _ in range(3):
        board, other = make_dashboard(alice), make_dashboard(alice)
        insight = make_insight(alice, board)
        raised = run_concurrently(
            lambda b=board: update(alice, b, {"deleted": True, "delete_insights": True}),  # type: ignore[misc]  # mypy cannot infer a lambda with defaults
            lambda i=insight, o=other: set_dashboards(alice, i, o),  # type: ignore[misc]  # mypy cannot infer a lambda with defaults
        )
        assert all(isinstance(error, InsightNotFound) for error in raised)
