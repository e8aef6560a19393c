"""What opens without a key: `/shared/:token.json` and `/embedded/:token.json`. No credentials are looked at."""

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from dashboards.readers.shared import PageType, read_shared


class SharedDashboardView(APIView):
    """The content of a shared dashboard as JSON, read-only."""

    authentication_classes = []
    permission_classes = []
    page_type: PageType = "scene"

    def get(self, request: Request, access_token: str) -> Response:
        page_type: PageType = "embed" if "embedded" in request.query_params else self.page_type
        answer = Response(read_shared(access_token, page_type))
        answer["Cache-Control"] = "no-store"
        answer["X-Robots-Tag"] = "noindex"
        return answer
