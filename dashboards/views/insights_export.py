"""`…/insights/:id/export/`: the result of an insight as a file."""

from typing import ClassVar

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from dashboards.readers.insight_files import CSV, FORMATS
from dashboards.views.base import INSIGHT_ID, OVERRIDES, REFRESH
from dashboards.views.files import FORMAT, SIZE, build_file_response, get_image_size
from dashboards.views.insights import FROM_DASHBOARD, read_insight_with_results
from dashboards_api.http.openapi import PROJECT_ID, operation_ids
from dashboards_api.http.renderers import FileNegotiation
from users.viewsets import ProjectScopedViewSet


@operation_ids("insights")
class InsightExportViewSet(ProjectScopedViewSet):
    tag = "insights"
    scope_object = "insight"
    required_scopes: ClassVar[dict[str, list[str]]] = {"export": ["insight:read"]}
    content_negotiation_class = FileNegotiation

    @extend_schema(
        parameters=[PROJECT_ID, INSIGHT_ID, FORMAT, *SIZE, REFRESH, *OVERRIDES, FROM_DASHBOARD],
        responses={
            (200, "text/csv"): OpenApiTypes.STR,
            (200, "image/svg+xml"): OpenApiTypes.STR,
            (200, "image/png"): OpenApiTypes.BINARY,
        },
    )
    def export(self, request: Request, project_id: str, id: str) -> HttpResponse:
        """Export the result of an insight.

        The response is a file. If the result is not computed, the operation returns 409. Use `refresh=blocking` to
        compute the result.
        """
        format, size = self.query_choice("format", FORMATS) or CSV, get_image_size(self)
        insight, results = read_insight_with_results(self, id)
        return build_file_response(insight, format, size, results.request.refresh)
