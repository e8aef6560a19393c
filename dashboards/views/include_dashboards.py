"""The query parameter `include_dashboards`, wherever insights are answered."""

from collections.abc import Iterable
from typing import Any

from drf_spectacular.utils import OpenApiParameter

from dashboards_api.http.query_parameters import QueryParametersMixin

INCLUDE_DASHBOARDS = OpenApiParameter(
    "include_dashboards",
    bool,
    description="false leaves `dashboards` out of insights; their `dashboard_tiles` say the same.",
)


def leave_out_dashboards(view: QueryParametersMixin, insights: Iterable[dict[str, Any] | None]) -> None:
    """Remove `dashboards` from insights where the request asks for that. Raises ValidationError."""
    if view.query_bool(INCLUDE_DASHBOARDS.name) is False:
        for insight in insights:
            if insight is not None:
                del insight["dashboards"]


def leave_out_dashboards_of_tiles(view: QueryParametersMixin, tiles: Iterable[dict[str, Any]]) -> None:
    """Remove `dashboards` from the insights of tiles where the request asks for that. Raises ValidationError."""
    leave_out_dashboards(view, (tile["insight"] for tile in tiles))
