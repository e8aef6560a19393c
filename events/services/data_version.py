"""The data version of a project."""

from django.db.models import F

from dashboards_api.db.retry import atomic_with_retry
from events.models import DataVersion


@atomic_with_retry
def increment_data_version(project_id: int) -> None:
    """Make all results of a project stale. Call this function before and after a change to rows.

    The first call covers an interrupted change, and the second covers results computed during the change.
    """
    DataVersion.objects.get_or_create(project_id=project_id)
    DataVersion.objects.filter(project_id=project_id).update(number=F("number") + 1)
