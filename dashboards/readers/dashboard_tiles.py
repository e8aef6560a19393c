"""The live tiles that show a text, a button or an insight, on whatever dashboard: `dashboard_tiles` in answers."""

from typing import Any, NamedTuple

from django.db.models import Q

from dashboards.access import Restriction
from dashboards.models import Collaborator, Tile
from users.models import Membership

Row = dict[str, Any]
# Ids of content, or a query for them: a list of any length would not fit into one statement.
Ids = Any
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


def dashboard_tiles_of(*, viewer: Membership, insights: Ids = (), texts: Ids = (), buttons: Ids = ()) -> DashboardTiles:
    """Every live tile that shows one of these, in one query."""
    tiles = (
        Tile.objects.not_deleted()
        .filter(Q(insight_id__in=insights) | Q(text_id__in=texts) | Q(button_id__in=buttons))
        .annotate(is_collaborator=Collaborator.objects.includes(viewer.pk, dashboard="dashboard_id"))
        .order_by("id")
        .values_list(
            "insight_id",
            "text_id",
            "button_id",
            "id",
            "dashboard_id",
            "dashboard__created_by_id",
            "dashboard__restriction_level",
            "is_collaborator",
        )
    )
    found: DashboardTiles = {}
    for insight_id, text_id, button_id, tile_id, dashboard_id, *restriction in tiles:
        ids = {"insight": insight_id, "text": text_id, "button": button_id}
        content = next((kind, id_) for kind, id_ in ids.items() if id_ is not None)
        found.setdefault(content, []).append(DashboardTile(tile_id, dashboard_id, Restriction(*restriction)))
    return found
