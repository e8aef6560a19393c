"""The query parameter `include_dashboards` of all responses with insights."""

from collections.abc import Iterable
from typing import Any

from drf_spectacular.utils import OpenApiParameter

from dashboards_api.http.request_options import QueryParametersMixin

INCLUDE_DASHBOARDS = OpenApiParameter(
    "include_dashboards",
    bool,
    description="false leaves `dashboards` out of insights; their `dashboard_tiles` have the same ids.",
)


def leave_out_dashboards(view: QueryParametersMixin, insights: Iterable[dict[str, Any] | None]) -> None:
    """Remove `dashboards` from insights if the request asks for it. Raises ValidationError."""
    if view.query_bool(INCLUDE_DASHBOARDS.name) is False:
        for insight in insights:
            if insight is not None:
                del insight["dashboards"]


def leave_out_dashboards_of_tiles(view: QueryParametersMixin, tiles: Iterable[dict[str, Any]]) -> None:
    """Remove `dashboards` from the insights of tiles if the request asks for it. Raises ValidationError."""
    leave_out_dashboards(view, (tile["insight"] for tile in tiles))
