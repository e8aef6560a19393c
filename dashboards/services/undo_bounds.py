"""How much one undo covers. Whatever is more is refused before anything is read or changed for it."""

from collections.abc import Collection

from django.db.models import Count, Q, Sum

from dashboards.exceptions import TooMuchToUndo
from dashboards.models import Activity, ActivityScope, Tile
from dashboards.models.activity import ActivityQuerySet
from dashboards.services.undo_items import Key
from users.models import Project

ACTS_MAX = 200
# The dashboards that they changed, and dashboards and insights together.
CHANGED_DASHBOARDS_MAX = 50
ITEMS_MAX = 120
# What they changed, in characters.
SIZE_MAX = 4_000_000
# The dashboards that may be touched, and the tiles on them.
DASHBOARDS_MAX = 1_000
TILES_MAX = 5_000
# What happened on these dashboards and insights since: activities, and characters of what they changed.
LATER_ACTS_MAX = 10_000
LATER_SIZE_MAX = 8_000_000


def bounded_acts(found: ActivityQuerySet) -> list[Activity]:
    """Acts in the order in which they were done. Raises TooMuchToUndo."""
    rows = list(found.order_by("id").values_list("size", "scope", "item_id")[: ACTS_MAX + 1])
    if len(rows) > ACTS_MAX:
        raise TooMuchToUndo(f"more than {ACTS_MAX} activities")
    items = {(scope, item_id) for _, scope, item_id in rows}
    if len(items) > ITEMS_MAX:
        raise TooMuchToUndo(f"changes of more than {ITEMS_MAX} dashboards and insights")
    if sum(scope == ActivityScope.DASHBOARD for scope, _ in items) > CHANGED_DASHBOARDS_MAX:
        raise TooMuchToUndo(f"changes of more than {CHANGED_DASHBOARDS_MAX} dashboards")
    if sum(size for size, _, _ in rows) > SIZE_MAX:
        raise TooMuchToUndo(f"changes of more than {SIZE_MAX:,} characters")
    return list(found.order_by("id").defer("state"))


def check_reach(project: Project, keys: Collection[Key], *, since: int) -> set[int]:
    """The ids of the dashboards that may be touched: those that were changed, and those that show the insights.

    Raises TooMuchToUndo.
    """
    ids, insights = (
        {item_id for each, item_id in keys if each == scope}
        for scope in (ActivityScope.DASHBOARD, ActivityScope.INSIGHT)
    )
    showing = Tile.objects.filter(insight__in=insights).values_list("dashboard_id", flat=True).distinct()
    ids |= set(showing[: DASHBOARDS_MAX + 1])
    if len(ids) > DASHBOARDS_MAX:
        raise TooMuchToUndo(f"changes that are seen on more than {DASHBOARDS_MAX:,} dashboards")
    if Tile.objects.not_deleted().filter(dashboard__in=ids).count() > TILES_MAX:
        raise TooMuchToUndo(f"changes of dashboards with more than {TILES_MAX:,} tiles")
    reached = {*keys, *((ActivityScope.DASHBOARD.value, id_) for id_ in ids)}
    later = acts_since(project, since, reached).aggregate(number=Count("pk"), size=Sum("size"))
    if later["number"] > LATER_ACTS_MAX or (later["size"] or 0) > LATER_SIZE_MAX:
        raise TooMuchToUndo(
            f"changes of what was changed in more than {LATER_ACTS_MAX:,} activities "
            f"or by more than {LATER_SIZE_MAX:,} characters since"
        )
    return ids


def acts_since(project: Project, number: int, keys: Collection[Key]) -> ActivityQuerySet:
    """What happened to these after an act."""
    items = {scope: [id_ for each, id_ in keys if each == scope] for scope in ActivityScope.values}
    of_items = Q()
    for scope, ids in items.items():
        of_items |= Q(scope=scope, item_id__in=ids)
    return Activity.objects.in_project(project).filter(of_items, id__gt=number)
