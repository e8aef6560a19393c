"""The log, and the versions, of dashboards that one request changes together or leaves as they are."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from dashboards.models import Activity, Revision, RevisionKind
from dashboards.services.history import DASHBOARDS_AT_ONCE
from tests.api.test_activity import acts, changes
from tests.builders import Person, make_dashboard


def versions() -> dict[int, int]:
    return dict(Revision.objects.filter(kind=RevisionKind.DASHBOARD).values_list("object_id", "number"))


def test_many_dashboards_are_written_down_in_parts(alice: Person) -> None:
    boards = [make_dashboard(alice) for _ in range(DASHBOARDS_AT_ONCE + 2)]
    ids = [board.pk for board in boards]
    with CaptureQueriesContext(connection) as queries:
        alice.api.post("dashboards/bulk_update_tags/", {"ids": ids, "action": "add", "tags": ["a"]})
    written = [each["sql"] for each in queries if each["sql"].startswith('INSERT INTO "dashboards_activity"')]
    assert len(written) == 2
    for id_ in ids:
        assert changes(alice, id_) == {"tags": ("Dashboard", "changed", [], ["a"])}


def test_a_dashboard_that_a_bulk_update_leaves_as_it_is_keeps_its_version(alice: Person, bob: Person) -> None:
    closed, tagged, other = make_dashboard(alice), make_dashboard(alice, tags=["a"]), make_dashboard(alice)
    alice.api.patch(f"dashboards/{closed.pk}/", {"restriction_level": 37})
    ids = [closed.pk, tagged.pk, other.pk]
    before = versions()
    bob.api.post("dashboards/bulk_update_tags/", {"ids": ids, "action": "add", "tags": ["a"]})
    assert versions() == {**before, other.pk: before[other.pk] + 1}


def test_to_write_down_what_was_there_before_the_log_is_no_new_version(alice: Person) -> None:
    made = make_dashboard(alice, "Weekly")
    Activity.objects.all().delete()
    alice.api.patch(f"dashboards/{made.pk}/", {"name": "Weekly"})
    assert versions() == {made.pk: 1}
    assert [act["activity"] for act in acts(alice, made.pk)] == ["recorded"]
