"""Where content is shown: the live tiles of texts, buttons and insights, on whatever dashboard."""

from collections.abc import Collection
from typing import Any, NamedTuple

from django.db.models import Q

from dashboards.access import Board
from dashboards.models import Tile

Row = dict[str, Any]
# By kind of content ("insight", "text", "button") and its id.
Places = dict[tuple[str, Any], list["Place"]]


class Place(NamedTuple):
    """A tile that shows some content, with what decides who may edit its dashboard."""

    tile_id: int
    dashboard_id: int
    created_by_id: int | None
    restriction_level: int

    @property
    def board(self) -> Board:
        return self.created_by_id, self.restriction_level

    def row(self) -> Row:
        """Component DashboardTileBasic."""
        return {"id": self.tile_id, "dashboard_id": self.dashboard_id, "deleted": False}


def places_of(*, insights: Collection[int] = (), texts: Collection[int] = (), buttons: Collection[Any] = ()) -> Places:
    """Every live tile that shows one of these, in one query."""
    tiles = (
        Tile.objects.not_deleted()
        .filter(Q(insight_id__in=insights) | Q(text_id__in=texts) | Q(button_id__in=buttons))
        .order_by("id")
        .values_list(
            "insight_id",
            "text_id",
            "button_id",
            "id",
            "dashboard_id",
            "dashboard__created_by_id",
            "dashboard__restriction_level",
        )
    )
    places: Places = {}
    for insight_id, text_id, button_id, *place in tiles:
        ids = {"insight": insight_id, "text": text_id, "button": button_id}
        content = next((kind, id_) for kind, id_ in ids.items() if id_ is not None)
        places.setdefault(content, []).append(Place(*place))
    return places
