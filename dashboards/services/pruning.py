"""Forgetting what was done long ago."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from dashboards.models import Activity

ROWS_AT_ONCE = 1000


def prune_history(before: datetime) -> Iterator[int]:
    """Delete the acts of before a time, in parts, so that nobody waits for long; how many went in each part.

    The latest version of each dashboard stays however old it is: the next act is told as a difference from it.
    """
    newer = Activity.objects.versions_of(OuterRef("item_id")).filter(version__gt=OuterRef("version"))
    old = Activity.objects.filter(Q(version__isnull=True) | Exists(newer), created_at__lt=before).order_by("pk")
    last = 0
    while part := list(old.filter(pk__gt=last).values_list("pk", flat=True)[:ROWS_AT_ONCE]):
        last = part[-1]
        Activity.objects.filter(pk__in=part).delete()
        yield len(part)
