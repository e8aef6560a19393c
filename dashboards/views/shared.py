"""What opens without a key: `/shared/:token.json`, `/embedded/:token.json`, and the password in front of them.

Of credentials only share tokens are looked at, which a right password gives.
"""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from dashboards.http_requests import get_share_tokens, set_share_cookies, unlock_share_link
from dashboards.readers.shared import PageType, find_shared_dashboard, read_shared_dashboard
from dashboards.serializers.sharing import UnlockRequestSerializer
from dashboards.views.overrides import OVERRIDES, get_overrides
from dashboards_api.http.viewsets import ApiViewSet

# Not in the API document, which describes what lies below /api/: for the check of unknown parameters.
EMBEDDED = OpenApiParameter("embedded", bool)


class SharedViewSet(ApiViewSet):
    authentication_classes = []
    permission_classes = []

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Response:
        """No cache keeps an answer, a refusal neither: sharing may be switched at any time."""
        final = super().finalize_response(request, response, *args, **kwargs)
        final["Cache-Control"] = "no-store"
        final["X-Robots-Tag"] = "noindex"
        return final


class SharedDashboardViewSet(SharedViewSet):
    """The content of a shared dashboard as JSON, read-only."""

    page_type: PageType = "scene"

    @extend_schema(parameters=[EMBEDDED, *OVERRIDES])
    def retrieve(self, request: Request, access_token: str) -> Response:
        embedded = request.query_params.get("embedded", "false").lower() not in ("false", "0")
        opened = find_shared_dashboard(
            access_token, share_tokens=get_share_tokens(request), overrides=get_overrides(self)
        )
        return Response(read_shared_dashboard(opened, "embed" if embedded else self.page_type))


class UnlockViewSet(SharedViewSet):
    """A password for a shared dashboard. Errors say what they say as `error` too: pages read it there."""

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
