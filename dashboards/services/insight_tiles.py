"""The tiles of one insight on many dashboards, written together without reading the dashboards."""

from collections.abc import Iterable, Mapping, Sequence

from dashboards.changelog.diff import TILES, build_change
from dashboards.changelog.limits import check_insight_sizes, check_tile_limits
from dashboards.changelog.snapshots import build_tile_snapshot
from dashboards.changelog.tracking import ChangeSet
from dashboards.models import Dashboard, Insight, Tile
from dashboards_api.db.fields import dump_json

# Maximum size of the snapshot of a tile, in characters, for which the whole dashboard is not measured.
SMALL_TILE = 4_000


def place_insight(
    changes: ChangeSet,
    insight: Insight,
    tiles: Mapping[int, Tile],
    dashboards: Mapping[int, Dashboard],
    *,
    gained: Sequence[int],
    left: Sequence[int],
) -> None:
    """Put an insight on the dashboards in `gained`, and remove it from the dashboards in `left`.

    `tiles` contains the live and removed tiles of the insight, by dashboard.

    Raises TooManyTiles and DashboardTooLarge.
    """
    removed = [tiles[id_] for id_ in left]
    restored = [tiles[id_] for id_ in gained if id_ in tiles]
    new = [Tile(project_id=insight.project_id, dashboard_id=id_, insight=insight) for id_ in gained if id_ not in tiles]
    if gained or left:
        changes.record_insight_placement(insight)
    Tile.objects.bulk_create(new)
    for changed, deleted in ((removed, True), (restored, False)):
        if changed:
            Tile.objects.filter(pk__in=[tile.pk for tile in changed]).update(deleted=deleted, deletion_id=None)
    record_insight_tiles(changes, removed, dashboards, are_shown=False)
    record_insight_tiles(changes, [*restored, *new], dashboards, are_shown=True)
    if gained:
        check_tile_limits(gained)
        check_insight_sizes([insight.pk], gained)


def record_insight_tiles(
    changes: ChangeSet, tiles: Iterable[Tile], dashboards: Mapping[int, Dashboard], *, are_shown: bool
) -> None:
    """Record the addition or the removal of the given tiles of an insight on locked dashboards."""
    for tile in tiles:
        dashboard = dashboards.get(tile.dashboard_id)
        if dashboard is None:  # another write added the tile before this write could lock the dashboard
            continue
        state = build_tile_snapshot(tile)
        before, after = (None, state) if are_shown else (state, None)
        if are_shown and len(dump_json(state)) > SMALL_TILE:
            changes.record_dashboard(dashboard)
        else:
            change = build_change("Tile", [TILES, str(tile.pk)], before, after)
            changes.record_known_changes(dashboard, [change])
