"""Pruning of old activities."""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q, Subquery

from dashboards.models import Activity
from dashboards.models.activity import ActivityQuerySet

ROWS_AT_ONCE = 1000


def prune_activity(*, before: datetime) -> int:
    """Delete the activities before `before`, and return the number of deleted activities.

    Each transaction deletes at most a thousand activities, so that other writes wait only briefly. The latest version
    of each dashboard is kept regardless of its age, because the next activity is compared with it. Whole versions are
    kept as long as a remaining version is rebuilt from them.
    """
    old = _find_prunable(before).order_by("pk")
    last = deleted = 0
    while part := list(old.filter(pk__gt=last).values_list("pk", flat=True)[:ROWS_AT_ONCE]):
        last = part[-1]
        Activity.objects.filter(pk__in=part).delete()
        deleted += len(part)
    return deleted


def _find_prunable(before: datetime) -> ActivityQuerySet:
    """Return the old activities that are not needed by any kept version.

    An old version is not needed if a whole version follows it with no kept version in between. Activities without a
    version are never needed.
    """
    newer = Activity.objects.versions_of(OuterRef("item_id")).filter(version__gt=OuterRef("version"))
    next_whole = Subquery(newer.with_snapshot().order_by("version").values("version")[:1])
    kept = newer.filter(version__lt=OuterRef("next_whole"), created_at__gte=before)
    is_superseded = Q(next_whole__isnull=False) & ~Exists(kept)
    found = Activity.objects.filter(created_at__lt=before).alias(next_whole=next_whole)
    return found.filter(Q(version__isnull=True) | is_superseded)
