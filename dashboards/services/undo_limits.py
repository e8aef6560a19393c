"""Limits of one undo. A larger undo is refused before any changes are read or made."""

from collections.abc import Collection
from typing import NamedTuple

from django.db.models import Count, Q, Sum

from dashboards.exceptions import TooMuchToUndo
from dashboards.models import Activity, ActivityScope, Tile
from dashboards.models.activity import ActivityQuerySet
from users.models import Project

# The scope and id of a dashboard or an insight.
ItemKey = tuple[str, int]

ACTIVITIES_MAX = 200
# Maximum number of dashboards that the activities changed, and of dashboards and insights together.
CHANGED_DASHBOARDS_MAX = 50
ITEMS_MAX = 120
# Maximum size of the changes of the activities, in characters.
SIZE_MAX = 4_000_000
# Maximum number of dashboards that may be changed, and of tiles on these dashboards.
DASHBOARDS_MAX = 1_000
TILES_MAX = 5_000
# Maximum number of later activities of these dashboards and insights, and maximum size of their changes in characters.
LATER_ACTIVITIES_MAX = 10_000
LATER_SIZE_MAX = 8_000_000


class UndoneActivity(NamedTuple):
    """An activity of the key, and the dashboard or insight that it changed."""

    id: int
    scope: str
    item_id: int
    size: int


def load_activities(found: ActivityQuerySet) -> list[UndoneActivity]:
    """Return activities in the order of their ids. Raises TooMuchToUndo."""
    columns = found.order_by("id").values_list(*UndoneActivity._fields)
    rows = [UndoneActivity(*row) for row in columns[: ACTIVITIES_MAX + 1]]
    if len(rows) > ACTIVITIES_MAX:
        raise TooMuchToUndo(f"more than {ACTIVITIES_MAX} activities")
    items = {(row.scope, row.item_id) for row in rows}
    if len(items) > ITEMS_MAX:
        raise TooMuchToUndo(f"changes of more than {ITEMS_MAX} dashboards and insights")
    if sum(scope == ActivityScope.DASHBOARD for scope, _ in items) > CHANGED_DASHBOARDS_MAX:
        raise TooMuchToUndo(f"changes of more than {CHANGED_DASHBOARDS_MAX} dashboards")
    if sum(row.size for row in rows) > SIZE_MAX:
        raise TooMuchToUndo(f"changes with more than {SIZE_MAX:,} characters in total")
    return rows


def check_reach(project: Project, keys: Collection[ItemKey], *, since: int) -> set[int]:
    """Return the ids of all dashboards that an undo may change, including the dashboards that show changed insights.

    Raises TooMuchToUndo.
    """
    ids, insights = (
        {item_id for each, item_id in keys if each == scope}
        for scope in (ActivityScope.DASHBOARD, ActivityScope.INSIGHT)
    )
    showing = Tile.objects.filter(insight__in=insights).values_list("dashboard_id", flat=True).distinct()
    ids |= set(showing[: DASHBOARDS_MAX + 1])
    if len(ids) > DASHBOARDS_MAX:
        raise TooMuchToUndo(f"changes that affect more than {DASHBOARDS_MAX:,} dashboards")
    if Tile.objects.not_deleted().filter(dashboard__in=ids).count() > TILES_MAX:
        raise TooMuchToUndo(f"changes that affect dashboards with more than {TILES_MAX:,} tiles in total")
    reached = {*keys, *((ActivityScope.DASHBOARD.value, id_) for id_ in ids)}
    later = find_activities_since(project, since, reached).aggregate(number=Count("pk"), size=Sum("size"))
    if later["number"] > LATER_ACTIVITIES_MAX or (later["size"] or 0) > LATER_SIZE_MAX:
        raise TooMuchToUndo(
            f"changes that are followed by more than {LATER_ACTIVITIES_MAX:,} activities "
            f"or {LATER_SIZE_MAX:,} characters of changes on the same dashboards and insights"
        )
    return ids


def find_activities_since(project: Project, number: int, keys: Collection[ItemKey]) -> ActivityQuerySet:
    """Return the activities of these items with an id above `number`."""
    items = {scope: [id_ for each, id_ in keys if each == scope] for scope in ActivityScope.values}
    of_items = Q()
    for scope, ids in items.items():
        of_items |= Q(scope=scope, item_id__in=ids)
    return Activity.objects.in_project(project).filter(of_items, id__gt=number)
