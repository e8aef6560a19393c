"""The live tiles that show a text, a button or an insight, on whatever dashboard: `dashboard_tiles` in answers."""

from collections.abc import Collection
from typing import Any, NamedTuple

from django.db.models import Q

from dashboards.access import Restriction
from dashboards.models import Dashboard, Tile
from dashboards_api.db.compiled_queries import CompiledQuery, int_param
from users.models import Membership

Row = dict[str, Any]
# By kind of content ("insight", "text", "button") and its id.
DashboardTiles = dict[tuple[str, Any], list["DashboardTile"]]


class DashboardTile(NamedTuple):
    """A tile that shows some content, with what decides who may edit its dashboard."""

    tile_id: int
    dashboard_id: int
    restriction: Restriction

    def row(self) -> Row:
        """Component DashboardTileBasic."""
        return {"id": self.tile_id, "dashboard_id": self.dashboard_id, "deleted": False}


def dashboard_tiles_of_insights(insights: Collection[int], *, viewer: Membership) -> DashboardTiles:
    """Every live tile that shows one of these."""
    tiles = Tile.objects.not_deleted().filter(insight_id__in=insights).order_by("id")
    return _by_content(list(tiles.values_list(*_COLUMNS)), viewer)


def dashboard_tiles_beside(dashboard_id: int, *, viewer: Membership) -> DashboardTiles:
    """Every live tile that shows something that this dashboard shows, too."""
    return _by_content(_BESIDE.rows(dashboard=dashboard_id), viewer)


def _beside() -> Any:
    shown = Tile.objects.filter(dashboard_id=int_param("dashboard")).visible()
    same = Q()
    for kind in ("insight", "text", "button"):
        same |= Q(**{f"{kind}_id__in": shown.filter(**{f"{kind}__isnull": False}).values(f"{kind}_id")})
    return Tile.objects.not_deleted().filter(same).order_by("id").values_list(*_COLUMNS)


_COLUMNS = ("insight_id", "text_id", "button_id", "id", "dashboard_id")
_BESIDE = CompiledQuery(_beside)


def _by_content(rows: list[tuple[Any, ...]], viewer: Membership) -> DashboardTiles:
    """What decides who may edit a dashboard is read once for each, and not for each tile."""
    restrictions = _restrictions({row[-1] for row in rows}, viewer)
    found: DashboardTiles = {}
    for insight_id, text_id, button_id, tile_id, dashboard_id in rows:
        if insight_id is not None:
            content = ("insight", insight_id)
        elif text_id is not None:
            content = ("text", text_id)
        else:
            content = ("button", button_id)
        found.setdefault(content, []).append(DashboardTile(tile_id, dashboard_id, restrictions[dashboard_id]))
    return found


def _restrictions(dashboard_ids: Collection[int], viewer: Membership) -> dict[int, Restriction]:
    if not dashboard_ids:
        return {}
    rows: Any = Dashboard.objects.filter(pk__in=dashboard_ids).with_is_collaborator(viewer)
    columns = rows.values_list("pk", "created_by_id", "restriction_level", "is_collaborator")
    return {id_: Restriction(*restriction) for id_, *restriction in columns}
