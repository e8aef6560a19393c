"""Read the tiles of a piece of content on all dashboards: `dashboard_tiles` in responses."""

from collections.abc import Collection, Iterable
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Q

from dashboards.access import Restriction
from dashboards.models import Dashboard, Tile
from dashboards_api.db.compiled_queries import NamedQuery, get_columns, int_param
from users.models import Membership

# Tiles by the kind ("insight", "text", "button") and the id of their content.
DashboardTiles = dict[tuple[str, Any], list["DashboardTile"]]


class BasicTile(NamedTuple):
    """A live tile without its content (component DashboardTileBasic)."""

    id: int
    dashboard_id: int
    deleted: bool = False


class DashboardTile(NamedTuple):
    """A tile, with the restriction of its dashboard."""

    basic: BasicTile
    restriction: Restriction


class ContentRow(NamedTuple):
    """The columns that identify the content and the dashboard of a tile."""

    insight_id: int | None
    text_id: int | None
    button_id: UUID | None
    id: int
    dashboard_id: int

    @property
    def content(self) -> tuple[str, Any]:
        """Return the kind and the id of the content of the tile."""
        if self.insight_id is not None:
            return "insight", self.insight_id
        return ("button", self.button_id) if self.text_id is None else ("text", self.text_id)


def read_tiles_of_insights(insights: Collection[int], *, viewer: Membership) -> DashboardTiles:
    """Return every live tile that shows one of the given insights."""
    tiles = Tile.objects.not_deleted().filter(insight_id__in=insights).order_by("id")
    return _group_by_content(map(ContentRow._make, tiles.values_list(*get_columns(ContentRow))), viewer)


def read_tiles_of_same_content(dashboard_id: int, *, viewer: Membership) -> DashboardTiles:
    """Return every live tile, on any dashboard, with content that the given dashboard also shows."""
    return _group_by_content(_SAME_CONTENT.rows(dashboard=dashboard_id), viewer)


def _select_same_content() -> Any:
    shown = Tile.objects.filter(dashboard_id=int_param("dashboard")).visible()
    same = Q()
    for kind in ("insight", "text", "button"):
        same |= Q(**{f"{kind}_id__in": shown.filter(**{f"{kind}__isnull": False}).values(f"{kind}_id")})
    return Tile.objects.not_deleted().filter(same).order_by("id").values_list(*get_columns(ContentRow))


_SAME_CONTENT = NamedQuery(ContentRow, _select_same_content)


def _group_by_content(rows: Iterable[ContentRow], viewer: Membership) -> DashboardTiles:
    """Return tiles by their content. Restrictions are read once for each dashboard rather than for each tile."""
    rows = list(rows)
    restrictions = _read_restrictions({row.dashboard_id for row in rows}, viewer)
    found: DashboardTiles = {}
    for row in rows:
        tile = DashboardTile(BasicTile(row.id, row.dashboard_id), restrictions[row.dashboard_id])
        found.setdefault(row.content, []).append(tile)
    return found


def _read_restrictions(dashboard_ids: Collection[int], viewer: Membership) -> dict[int, Restriction]:
    if not dashboard_ids:
        return {}
    rows: Any = Dashboard.objects.filter(pk__in=dashboard_ids).with_is_collaborator(viewer.pk)
    columns = rows.values_list("pk", "created_by_id", "restriction_level", "is_collaborator")
    return {id_: Restriction(*restriction) for id_, *restriction in columns}
