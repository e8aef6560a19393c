"""`…/dashboards/:id/stream_tiles/`: a dashboard as server-sent events."""

from typing import Any, ClassVar

import orjson
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request

from dashboards.exceptions import DashboardNotFound
from dashboards.readers.dashboards_stream import iter_events
from dashboards.views.base import DASHBOARD_ID, INCLUDE_DASHBOARDS, OVERRIDES, REFRESH, get_results
from dashboards.views.dashboards import retrieve_dashboard
from dashboards_api.http.openapi import PROJECT_ID, operation_ids
from dashboards_api.http.renderers import OPTIONS, FileNegotiation
from dashboards_api.parsing import parse_id
from users.viewsets import ProjectScopedViewSet

EVENT_STREAM = "text/event-stream"
BREAKPOINTS = ("sm", "xs")
LAYOUT_SIZE = OpenApiParameter(
    "layoutSize",
    str,
    enum=BREAKPOINTS,
    description="The breakpoint whose layouts determine the order of the tiles. Default: `sm`.",
)


@operation_ids("dashboards")
class StreamTilesViewSet(ProjectScopedViewSet):
    tag = "dashboards"
    scope_object = "dashboard"
    required_scopes: ClassVar[dict[str, list[str]]] = {"stream_tiles": ["dashboard:read"]}
    content_negotiation_class = FileNegotiation

    @extend_schema(
        parameters=[PROJECT_ID, DASHBOARD_ID, LAYOUT_SIZE, REFRESH, *OVERRIDES, INCLUDE_DASHBOARDS],
        responses={(200, EVENT_STREAM): OpenApiTypes.ANY},
    )
    def stream_tiles(self, request: Request, project_id: str, id: str) -> HttpResponse:
        """Stream a dashboard.

        The response is a stream of server-sent events: `metadata` with the first two tiles, one `tile` for each
        remaining tile, and `complete`.
        """
        number = parse_id(id, DashboardNotFound)
        breakpoint = self.query_choice("layoutSize", BREAKPOINTS) or BREAKPOINTS[0]
        # Everything is read before the first event, so that an error is a response and not a truncated stream.
        events = iter_events(retrieve_dashboard(self, number, get_results(self))[1], breakpoint)
        answer = HttpResponse(map(_encode_event, events), content_type=EVENT_STREAM)
        answer["Cache-Control"] = "no-cache"
        return answer


def _encode_event(event: dict[str, Any]) -> bytes:
    return b"data: " + orjson.dumps(event, option=OPTIONS) + b"\n\n"
