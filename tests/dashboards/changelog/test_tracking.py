"""Write transactions: `If-Match` also detects concurrent writes through shared content."""

import pytest

from dashboards.changelog.tracking import ChangeSet, IfMatchVersions, perform_write
from dashboards.changelog.versions import get_version, increment_versions, select_rows
from dashboards.models import Dashboard, RevisionKind
from dashboards.services.dashboards import update_dashboard
from dashboards_api.errors import VersionConflict
from tests.builders import Person, make_dashboard


def test_write_through_shared_content_in_between_is_a_conflict(alice: Person) -> None:
    """A write of shared content locks another dashboard, so the write can commit while this dashboard is locked."""
    board = make_dashboard(alice, "before")
    project = alice.membership.project

    def rename(changes: ChangeSet) -> None:
        increment_versions([select_rows([(RevisionKind.DASHBOARD.value, board.pk, 0)])])  # the concurrent write
        update_dashboard(changes, board.pk, project=project, content={"name": "after"})

    version = get_version(board.pk)
    expected = IfMatchVersions(board.pk, project, [version])
    with pytest.raises(VersionConflict) as raised:
        perform_write(rename, lambda result, changes: result, actor=alice.membership, expected=expected)
    assert raised.value.version == version + 1
    assert (Dashboard.objects.get().name, get_version(board.pk)) == ("before", version)
