"""`…/insights/:id/export/`: the result of an insight as a file."""

from typing import ClassVar

from django.http import HttpResponse
from django.utils.http import content_disposition_header
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request

from dashboards.readers.insight_files import CSV, FORMATS, InsightFile, build_insight_file
from dashboards.readers.resolved_insights import read_resolved_insight
from dashboards.views.base import INSIGHT_ID, OVERRIDES, REFRESH, get_overrides, get_results
from dashboards.views.insights import FROM_DASHBOARD
from dashboards_api.http.openapi import PROJECT_ID, operation_ids
from dashboards_api.http.renderers import FileNegotiation
from queries.exceptions import QueryError
from queries.views.errors import convert_query_error
from queries.waiting import wait_for_results
from users.viewsets import ProjectScopedViewSet

FORMAT = OpenApiParameter("format", str, enum=FORMATS, description="`csv` (default): the result as a table.")


@operation_ids("insights")
class InsightExportViewSet(ProjectScopedViewSet):
    tag = "insights"
    scope_object = "insight"
    required_scopes: ClassVar[dict[str, list[str]]] = {"export": ["insight:read"]}
    content_negotiation_class = FileNegotiation

    @extend_schema(
        parameters=[PROJECT_ID, INSIGHT_ID, FORMAT, REFRESH, *OVERRIDES, FROM_DASHBOARD],
        responses={
            (200, "text/csv"): OpenApiTypes.STR,
        },
    )
    def export(self, request: Request, project_id: str, id: str) -> HttpResponse:
        """Export the result of an insight.

        The response is a file. A result that is not computed is a 409; `refresh=blocking` computes it.
        """
        format, results = self.query_choice("format", FORMATS) or CSV, get_results(self)
        overrides, dashboard_id = get_overrides(self), self.query_int("from_dashboard")
        insight, ignored = read_resolved_insight(
            id,
            project=self.project,
            viewer=self.membership,
            overrides=overrides,
            dashboard_id=dashboard_id,
            results=results,
        )
        self.report_ignored(ignored)
        wait_for_results(request._request, results)
        try:
            return build_file_response(build_insight_file(insight, format, results.request.refresh))
        except QueryError as error:
            raise convert_query_error(error) from error


def build_file_response(file: InsightFile) -> HttpResponse:
    """Return a file as a download: it is never shown with the rights of a page of this service."""
    response = HttpResponse(file.content, content_type=file.media_type)
    response["Content-Disposition"] = content_disposition_header(True, file.name) or ""
    response["X-Content-Type-Options"] = "nosniff"
    return response
