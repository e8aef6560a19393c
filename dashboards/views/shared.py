"""What opens without a key: `/shared/:token.json` and `/embedded/:token.json`. No credentials are looked at."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from dashboards.readers.shared import PageType, read_shared
from dashboards_api.http.views import Metadata


class SharedDashboardView(APIView):
    """The content of a shared dashboard as JSON, read-only."""

    authentication_classes = []
    permission_classes = []
    metadata_class = Metadata  # type: ignore[assignment]  # the stubs ask for an instance; DRF calls the class
    page_type: PageType = "scene"

    def get(self, request: Request, access_token: str) -> Response:
        embedded = request.query_params.get("embedded", "false").lower() not in ("false", "0")
        return Response(read_shared(access_token, "embed" if embedded else self.page_type))

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Response:
        """No cache keeps an answer, a refusal neither: sharing may be switched at any time."""
        final = super().finalize_response(request, response, *args, **kwargs)
        final["Cache-Control"] = "no-store"
        final["X-Robots-Tag"] = "noindex"
        return final
