"""Forgetting what was done long ago."""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from dashboards.models import Activity

ROWS_AT_ONCE = 1000


def prune_history(*, before: datetime) -> int:
    """Delete acts that are older than `before`, a thousand in each transaction, so that nobody waits for long.

    The latest version of each dashboard stays however old it is: the next act is told as a difference from it. Gives
    back how many were deleted.
    """
    newer = Activity.objects.versions_of(OuterRef("item_id")).filter(version__gt=OuterRef("version"))
    old = Activity.objects.filter(Q(version__isnull=True) | Exists(newer), created_at__lt=before).order_by("pk")
    last = deleted = 0
    while part := list(old.filter(pk__gt=last).values_list("pk", flat=True)[:ROWS_AT_ONCE]):
        last = part[-1]
        Activity.objects.filter(pk__in=part).delete()
        deleted += len(part)
    return deleted
