"""The tiles of one insight on many dashboards: written together, and told without reading these dashboards."""

from collections.abc import Iterable, Mapping, Sequence

from dashboards.changelog.dashboard_limits import check_insights, check_room
from dashboards.changelog.diff import TILES, field_change
from dashboards.changelog.snapshots import insight_tile_state
from dashboards.changelog.tracking import note_changes, note_locked
from dashboards.models import Dashboard, Insight, Tile
from dashboards_api.db.fields import dump_json

# The free JSON of a tile, in characters, beyond which a dashboard that it comes back to is measured as a whole.
SMALL_TILE = 4_000


def place_insight(
    insight: Insight,
    tiles: Mapping[int, Tile],
    dashboards: Mapping[int, Dashboard],
    *,
    gained: Sequence[int],
    left: Sequence[int],
) -> None:
    """Put an insight on some dashboards, and remove it from others. `tiles` are those that it has or had, by dashboard.

    Raises TooManyTiles and DashboardTooLarge.
    """
    removed = [tiles[id_] for id_ in left]
    revived = [tiles[id_] for id_ in gained if id_ in tiles]
    new = [Tile(project_id=insight.project_id, dashboard_id=id_, insight=insight) for id_ in gained if id_ not in tiles]
    Tile.objects.bulk_create(new)
    for changed, deleted in ((removed, True), (revived, False)):
        if changed:
            Tile.objects.filter(pk__in=[tile.pk for tile in changed]).update(deleted=deleted, deletion_id=None)
    note_insight_tiles(removed, dashboards, are_shown=False)
    note_insight_tiles([*revived, *new], dashboards, are_shown=True)
    if gained:
        check_room(gained)
        check_insights([insight.pk], gained)


def note_insight_tiles(tiles: Iterable[Tile], dashboards: Mapping[int, Dashboard], *, are_shown: bool) -> None:
    """These tiles of locked dashboards are shown from now on, or no more."""
    for tile in tiles:
        dashboard = dashboards.get(tile.dashboard_id)
        if dashboard is None:  # it came to show the insight before it could be locked
            continue
        state = insight_tile_state(tile)
        before, after = (None, state) if are_shown else (state, None)
        if are_shown and len(dump_json(state)) > SMALL_TILE:
            note_locked([dashboard])
        else:
            note_changes(dashboard, [field_change("Tile", [TILES, str(tile.pk)], before, after)])
