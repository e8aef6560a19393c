"""What a dashboard showed at a version.

Most versions hold the whole state. One that would hold much and changed little holds its changes alone: it is the state
of the latest version before it that is whole, with the changes of all versions since.
"""

from typing import Any

from django.db.models import Exists, OuterRef

from dashboards.changelog.diff import Change, Snapshot, apply_changes
from dashboards.models import Activity
from dashboards.models.activity import ActivityQuerySet

# As rows: the dashboard, its changes, and their size.
Delta = tuple[int, list[Change], int]


def get_snapshot_at(dashboard_id: int, version: int) -> Snapshot | None:
    """What a dashboard showed at a version; None where there is no such version, or nothing whole before it."""
    until = Activity.objects.versions_of(dashboard_id).filter(version__lte=version)
    if not until.filter(version=version).exists():
        return None
    whole = until.with_snapshot().order_by("-version").values_list("version", "state").first()
    if whole is None:
        return None
    base, state = whole
    return apply_deltas(
        state or {}, until.filter(version__gt=base).order_by("version").values_list("changes", flat=True)
    )


def apply_deltas(state: Snapshot, deltas: Any) -> Snapshot:
    """A state with the changes of the versions that followed it, in their order."""
    changes = [change for each in deltas for change in each]
    return apply_changes(state, changes) if changes else state


def load_deltas(dashboard_ids: list[int]) -> list[Delta]:
    """Of each of these dashboards the versions since the latest one that is whole, in their order."""
    if not dashboard_ids:
        return []
    found: ActivityQuerySet = Activity.objects.versions_of_dashboards(dashboard_ids).filter(state__isnull=True)
    newer = Activity.objects.versions_of(OuterRef("item_id")).with_snapshot().filter(version__gt=OuterRef("version"))
    rows = found.filter(~Exists(newer)).order_by("item_id", "version")
    return list(rows.values_list("item_id", "changes", "size"))
