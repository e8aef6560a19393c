"""Forgetting what was done long ago."""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q, Subquery

from dashboards.models import Activity
from dashboards.models.activity import ActivityQuerySet

ROWS_AT_ONCE = 1000


def prune_activity(*, before: datetime) -> int:
    """Delete acts that are older than `before`, a thousand in each transaction, so that nobody waits for long.

    The latest version of each dashboard stays however old it is, since the next act is told as a difference from it,
    and so does what versions that stay are differences from. Gives back how many were deleted.
    """
    old = _find_prunable(before).order_by("pk")
    last = deleted = 0
    while part := list(old.filter(pk__gt=last).values_list("pk", flat=True)[:ROWS_AT_ONCE]):
        last = part[-1]
        Activity.objects.filter(pk__in=part).delete()
        deleted += len(part)
    return deleted


def _find_prunable(before: datetime) -> ActivityQuerySet:
    """Acts that are no version, and versions that a whole one follows, with none between them that stays."""
    newer = Activity.objects.versions_of(OuterRef("item_id")).filter(version__gt=OuterRef("version"))
    next_whole = Subquery(newer.with_snapshot().order_by("version").values("version")[:1])
    staying = newer.filter(version__lt=OuterRef("next_whole"), created_at__gte=before)
    is_superseded = Q(next_whole__isnull=False) & ~Exists(staying)
    found = Activity.objects.filter(created_at__lt=before).alias(next_whole=next_whole)
    return found.filter(Q(version__isnull=True) | is_superseded)
