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

MAX_ACTIVITIES = 200
# Maximum number of dashboards that the activities changed, and of dashboards and insights together.
MAX_CHANGED_DASHBOARDS = 50
MAX_ITEMS = 120
# Maximum size of the changes of the activities, in characters.
MAX_SIZE = 4_000_000
# Maximum number of dashboards that may be changed, and of tiles on these dashboards.
MAX_DASHBOARDS = 1_000
MAX_TILES = 5_000
# Maximum number of activities of these dashboards and insights after the undone activities, and maximum size of the
# changes in characters.
MAX_LATER_ACTIVITIES = 10_000
MAX_LATER_SIZE = 8_000_000


class UndoneActivity(NamedTuple):
    """An activity of the key, and the dashboard or insight that it changed."""

    id: int
    scope: str
    item_id: int
    size: int


def load_activities(found: ActivityQuerySet) -> list[UndoneActivity]:
    """Return activities in the order of their ids. Raises TooMuchToUndo."""
    columns = found.order_by("id").values_list(*UndoneActivity._fields)
    rows = [UndoneActivity(*row) for row in columns[: MAX_ACTIVITIES + 1]]
    if len(rows) > MAX_ACTIVITIES:
        raise TooMuchToUndo(f"more than {MAX_ACTIVITIES} activities")
    items = {(row.scope, row.item_id) for row in rows}
    if len(items) > MAX_ITEMS:
        raise TooMuchToUndo(f"changes of more than {MAX_ITEMS} dashboards and insights")
    if sum(scope == ActivityScope.DASHBOARD for scope, _ in items) > MAX_CHANGED_DASHBOARDS:
        raise TooMuchToUndo(f"changes of more than {MAX_CHANGED_DASHBOARDS} dashboards")
    if sum(row.size for row in rows) > MAX_SIZE:
        raise TooMuchToUndo(f"changes with more than {MAX_SIZE:,} characters in total")
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
    ids |= set(showing[: MAX_DASHBOARDS + 1])
    if len(ids) > MAX_DASHBOARDS:
        raise TooMuchToUndo(f"changes that affect more than {MAX_DASHBOARDS:,} dashboards")
    if Tile.objects.not_deleted().filter(dashboard__in=ids).count() > MAX_TILES:
        raise TooMuchToUndo(f"changes that affect dashboards with more than {MAX_TILES:,} tiles in total")
    reached = {*keys, *((ActivityScope.DASHBOARD.value, id_) for id_ in ids)}
    later = find_activities_since(project, since, reached).aggregate(number=Count("pk"), size=Sum("size"))
    if later["number"] > MAX_LATER_ACTIVITIES or (later["size"] or 0) > MAX_LATER_SIZE:
        raise TooMuchToUndo(
            f"changes that are followed by more than {MAX_LATER_ACTIVITIES:,} activities "
            f"or {MAX_LATER_SIZE:,} characters of changes on the same dashboards and insights"
        )
    return ids


def find_activities_since(project: Project, number: int, keys: Collection[ItemKey]) -> ActivityQuerySet:
    """Return the activities of the given items with an id above `number`."""
    items = {scope: [id_ for each, id_ in keys if each == scope] for scope in ActivityScope.values}
    of_items = Q()
    for scope, ids in items.items():
        of_items |= Q(scope=scope, item_id__in=ids)
    return Activity.objects.in_project(project).filter(of_items, id__gt=number)
