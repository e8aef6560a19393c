"""The preview of an insight that is not stored. Its query is run through the queue of stored insights."""

from typing import Any
from zoneinfo import ZoneInfo

from django.utils.timezone import now

from dashboards.readers.insight_results import read_insight_results
from dashboards_api.db.fields import to_plain_json
from pages.components.results import Clock
from pages.components.tile_grid import TileDetails, TileGrid, build_tile_grid
from queries.services.results import Results
from users.models import Project

# The placement of the only tile of a preview.
LAYOUTS = {"sm": {"x": 0, "y": 0, "w": 12, "h": 8}}


def build_preview(project: Project, query: dict[str, Any], *, name: str, results: Results) -> TileGrid:
    """Return a grid with one tile that shows the result of a query, or the reason why there is no result."""
    [fields] = read_insight_results([(query, None)], project, results)
    insight = {
        **to_plain_json(fields),
        "name": name or "Preview",
        "derived_name": None,
        "description": None,
        "query": query,
        "filters": {},
    }
    tile = {
        "id": 0,
        "order": 0,
        "layouts": LAYOUTS,
        "color": None,
        "transparent_background": None,
        "show_description": None,
        "text": None,
        "button_tile": None,
        "insight": insight,
    }
    return build_tile_grid([tile], Clock(now(), ZoneInfo(project.timezone), has_ages=True), TileDetails())
