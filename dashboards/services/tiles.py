"""Adding, changing, removing, reviving and moving tiles."""

from collections.abc import Sequence

from dashboards.access import check_may_edit
from dashboards.changelog.dashboard_limits import check_placements
from dashboards.changelog.tracking import changing, lock_all
from dashboards.exceptions import ContentAlreadyOnDashboard, DashboardNotFound, TileNotFound, TileNotOnDashboard
from dashboards.models import Dashboard, Insight, Tile
from dashboards.services.content_access import check_may_edit_contents, contents_of
from dashboards.services.inputs import TileInput
from dashboards.services.tile_upsert import TileUpsert, insights_to_add, named_in, tiles_to_revive
from users.models import Membership, Project


def change_tiles(
    dashboard: Dashboard,
    items: Sequence[TileInput],
    *,
    changed_by: Membership,
    refuse_unknown: bool = False,
    from_history: bool = False,
) -> list[str]:
    """A partial upsert: an item with an id changes that tile, one without adds; tiles that are not named stay.

    Called inside the transaction of the service that has the dashboard locked. Gives back the paths that had no
    effect. Raises TileNotOnDashboard, ContentNotOnDashboard, InsightNotInProject, DuplicateTile, Invalid, and Forbidden
    for content that the member may not edit. Items `from_history` are not limited: they were stored once.
    """
    if not items:
        return []
    tiles = list(Tile.objects.on_dashboard(dashboard).filter(named_in(items)).select_related("text", "button"))
    insights = Insight.objects.in_project(dashboard.project).not_deleted().in_bulk(insights_to_add(items))
    # Who could put content on a dashboard, or bring its tile back, could edit it there.
    shown = contents_of(tiles_to_revive(items, tiles))
    shown["insight"] |= insights.keys()
    for kind, ids in shown.items():
        check_may_edit_contents(kind, ids, changed_by)
    upsert = TileUpsert(dashboard, changed_by, tiles=tiles, insights=insights, from_history=from_history)
    for index, item in enumerate(items):
        upsert.apply(index, item)
    if upsert.skipped and refuse_unknown:
        raise TileNotOnDashboard(upsert.skipped[0])
    upsert.save()
    check_placements(shown, attr="tiles")
    return upsert.ignored


@changing
def move_tile(dashboard_id: int, *, project: Project, tile_id: int, to_dashboard_id: int, moved_by: Membership) -> None:
    """Move a tile to another dashboard of the project. It keeps its id, its layouts and everything it shows.

    A removed tile of the same content on the target makes way for good. Raises DashboardNotFound for either dashboard,
    TileNotFound, Forbidden for either, and ContentAlreadyOnDashboard.
    """
    ids = {dashboard_id, to_dashboard_id}
    rows = Dashboard.objects.in_project(project).not_deleted().with_is_collaborator(moved_by).filter(pk__in=ids)
    dashboards = lock_all(rows)
    for each in (dashboard_id, to_dashboard_id):
        if each not in dashboards:
            raise DashboardNotFound
        check_may_edit(dashboards[each], moved_by)
    tile = Tile.objects.on_dashboard(dashboards[dashboard_id]).visible().filter(pk=tile_id).first()
    if tile is None:
        raise TileNotFound
    target = dashboards[to_dashboard_id]
    twins = Tile.objects.on_dashboard(target).filter(**tile.content)
    if twins.not_deleted().exists():
        raise ContentAlreadyOnDashboard("tile")
    twins.delete()
    tile.dashboard = target
    tile.save(update_fields=["dashboard"])
