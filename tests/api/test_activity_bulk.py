"""The activity log and the versions of dashboards that one request changes together, or leaves unchanged."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from dashboards.changelog.activity_log import SNAPSHOTS_AT_ONCE
from dashboards.models import Activity, Dashboard, Revision, RevisionKind, SharingConfiguration, Tile
from tests.api.test_activity import latest_changes, list_activities
from tests.builders import Person, make_dashboard, make_insight


def read_versions() -> dict[int, int]:
    return dict(Revision.objects.filter(kind=RevisionKind.DASHBOARD).values_list("object_id", "number"))


def test_activities_of_many_dashboards_are_written_in_batches(alice: Person) -> None:
    boards = [make_dashboard(alice) for _ in range(SNAPSHOTS_AT_ONCE + 2)]
    ids = [board.pk for board in boards]
    insight = make_insight(alice, *boards)
    with CaptureQueriesContext(connection) as queries:
        alice.api.post("insights/bulk_delete/", {"ids": [insight.pk]})
    written = [each["sql"] for each in queries if each["sql"].startswith('INSERT INTO "dashboards_activity"')]
    assert len(written) == 2
    for id_ in ids:
        [(field, change)] = latest_changes(alice, id_).items()
        assert (field.startswith("tiles__"), change[:2]) == (True, ("Tile", "deleted"))


def test_bulk_update_keeps_the_version_of_an_unchanged_dashboard(alice: Person, bob: Person) -> None:
    closed, tagged, other = make_dashboard(alice), make_dashboard(alice, tags=["a"]), make_dashboard(alice)
    alice.api.patch(f"dashboards/{closed.pk}/", {"restriction_level": 37})
    ids = [closed.pk, tagged.pk, other.pk]
    before = read_versions()
    bob.api.post("dashboards/bulk_update_tags/", {"ids": ids, "action": "add", "tags": ["a"]})
    assert read_versions() == {**before, other.pk: before[other.pk] + 1}


def test_recording_a_baseline_does_not_change_the_version(alice: Person) -> None:
    board = make_dashboard(alice, "Weekly")
    Activity.objects.all().delete()
    alice.api.patch(f"dashboards/{board.pk}/", {"name": "Weekly"})
    assert read_versions() == {board.pk: 1}
    assert [act["activity"] for act in list_activities(alice, board.pk)] == ["recorded"]


def test_more_dashboards_than_sqlite_allows_in_a_compound_select(alice: Person) -> None:
    project = alice.membership.project
    boards = [Dashboard(project=project, created_by=alice.user, name=f"{number}") for number in range(510)]
    Dashboard.objects.bulk_create(boards)
    SharingConfiguration.objects.bulk_create([SharingConfiguration(dashboard=board) for board in boards])
    insight = make_insight(alice)
    Tile.objects.bulk_create([Tile(project=project, dashboard=board, insight=insight) for board in boards])
    ids = [board.pk for board in boards]
    for part in (ids[:500], ids[500:]):
        answer = alice.api.post("dashboards/bulk_update_tags/", {"ids": part, "action": "add", "tags": ["a"]})
        assert (answer.status, len(answer.json["updated"]), answer.json["skipped"]) == (200, len(part), [])
    before = read_versions()
    assert alice.api.patch(f"insights/{insight.pk}/", {"name": "new"}).status == 200
    assert read_versions() == {id_: before[id_] + 1 for id_ in ids}


def test_unrelated_change_does_not_change_the_version(alice: Person) -> None:
    one, other = make_dashboard(alice, tiles=[{"text": {"body": "t"}}]), make_dashboard(alice)
    insight = make_insight(alice, one, other)
    [text] = Tile.objects.filter(text__isnull=False)
    [shown] = Tile.objects.filter(insight=insight, dashboard=one)
    before = read_versions()
    items = [{"id": text.pk, "text": {"body": "new"}}, {"id": shown.pk, "layouts": {"sm": {"x": 1, "y": 0}}}]
    alice.api.patch(f"dashboards/{one.pk}/", {"tiles": items})
    assert read_versions() == {**before, one.pk: before[one.pk] + 1}
    order = [tile["id"] for tile in alice.api.get(f"dashboards/{one.pk}/").json["tiles"]]
    for _ in range(2):  # the second request changes nothing
        alice.api.post(f"dashboards/{one.pk}/reorder_tiles/", {"tile_order": order, "layout": "full_width"})
    assert read_versions() == {**before, one.pk: before[one.pk] + 2}
