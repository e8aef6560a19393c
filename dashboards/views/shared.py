"""`/shared/:token.json` and `/embedded/:token.json`, which require no API key, and unlocking with a password.

The only accepted credentials are unlock tokens.
"""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from dashboards.exceptions import TileNotFound
from dashboards.http_requests import get_unlock_tokens, set_share_cookies, unlock_share_link
from dashboards.readers.shared import PageType, find_shared_dashboard, read_shared_dashboard, read_shared_insight
from dashboards.serializers.sharing import UnlockRequestSerializer
from dashboards.views.base import OVERRIDES, REFRESH, get_overrides
from dashboards.views.files import SIZE, build_file_response, get_image_size
from dashboards_api.http.renderers import FileNegotiation
from dashboards_api.http.viewsets import ApiViewSet
from dashboards_api.http.waiting import get_first_run
from dashboards_api.parsing import parse_id
from queries.refresh import parse_refresh
from queries.waiting import wait_for_results

# Declared for the check of unknown parameters only, since the OpenAPI document describes only paths below /api/.
EMBEDDED = OpenApiParameter("embedded", bool)


class SharedViewSet(ApiViewSet):
    authentication_classes = []
    permission_classes = []

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Response:
        """Forbid caching of responses and errors, since sharing can be disabled at any time."""
        final = super().finalize_response(request, response, *args, **kwargs)
        final["Cache-Control"] = "no-store"
        final["X-Robots-Tag"] = "noindex"
        return final


class SharedDashboardViewSet(SharedViewSet):
    """The content of a shared dashboard as JSON, read-only."""

    page_type: PageType = "scene"

    @extend_schema(parameters=[EMBEDDED, REFRESH, *OVERRIDES])
    def retrieve(self, request: Request, access_token: str) -> Response:
        embedded = request.query_params.get("embedded", "false").lower() not in ("false", "0")
        opened = find_shared_dashboard(
            access_token, unlock_tokens=get_unlock_tokens(request), overrides=get_overrides(self)
        )
        refresh = parse_refresh(request.query_params.get(REFRESH.name))
        results = opened.get_results(refresh, get_first_run(request._request))
        shared = read_shared_dashboard(opened, "embed" if embedded else self.page_type, results)
        wait_for_results(request._request, results)
        return Response(shared)


class SharedTileFileViewSet(SharedViewSet):
    """The result of one tile of a shared dashboard as a file, if the page shows its details."""

    content_negotiation_class = FileNegotiation

    @extend_schema(parameters=[*SIZE, REFRESH, *OVERRIDES])
    def retrieve(self, request: Request, access_token: str, tile_id: str, format: str) -> HttpResponse:
        opened = find_shared_dashboard(
            access_token, unlock_tokens=get_unlock_tokens(request), overrides=get_overrides(self)
        )
        size, refresh = get_image_size(self), parse_refresh(request.query_params.get(REFRESH.name))
        results = opened.get_results(refresh, get_first_run(request._request))
        insight = read_shared_insight(opened, parse_id(tile_id, TileNotFound), results)
        wait_for_results(request._request, results)
        return build_file_response(insight, format, size, results.request.refresh)


class UnlockViewSet(SharedViewSet):
    """The operation that unlocks a shared dashboard. Errors contain `detail` also as `error`, as in PostHog."""

    def unlock(self, request: Request, access_token: str) -> Response:
        token = unlock_share_link(
            request._request, access_token, lambda: str(self.read_body(UnlockRequestSerializer)["password"])
        )
        response = Response({"shareToken": token})
        set_share_cookies(response, request.path, token)
        return response

    def handle_exception(self, exc: Exception) -> Response:
        response = super().handle_exception(exc)
        response.data["error"] = response.data["detail"]
        return response
