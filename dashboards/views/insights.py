"""`/api/projects/:project_id/insights/`."""

from typing import Any, ClassVar, cast

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from dashboards.exceptions import InsightNotFound
from dashboards.models import Insight
from dashboards.query_kinds import INSIGHT_KINDS, wrap_query
from dashboards.readers.insights import InsightQuery, list_insights, read_insight
from dashboards.readers.resolved_insights import read_resolved_insight
from dashboards.readers.resolved_tiles import build_query_overrides
from dashboards.serializers.insights import InsightRequestSerializer, InsightSerializer
from dashboards.services.inputs import InsightInput
from dashboards.services.insights import create_insight, update_insight
from dashboards.services.rows import check_contents_edit_permission
from dashboards.views.base import (
    CREATED_BY,
    FOLDER_PARAMETER,
    INCLUDE_DASHBOARDS,
    INSIGHT_ID,
    OVERRIDES,
    REFRESH,
    TAGS,
    get_folder,
    get_overrides,
    get_results,
    leave_out_dashboards,
    write,
)
from dashboards_api.http.openapi import PROJECT_ID, describe_body, operation_ids
from dashboards_api.http.pagination import LimitOffsetPagination
from dashboards_api.limits import SEARCH_MAX_LENGTH
from queries.services.results import Results
from queries.waiting import wait_for_results
from users.viewsets import ProjectScopedViewSet

DATE = "A date (2026-01-31, 2026-01-31T12:00:00Z), a relative date (-7d, mStart), or `all`."


def _build_date_parameters(prefix: str, of: str, note: str = DATE) -> list[OpenApiParameter]:
    """Return the parameters for the start and the end of a period."""
    return [
        OpenApiParameter(f"{prefix}_from", str, description=f"Only insights {of} since this date. {note}"),
        OpenApiParameter(f"{prefix}_to", str, description=f"Only insights {of} until this date. {note}"),
    ]


LIST_PARAMETERS = [
    OpenApiParameter(
        "search", str, description="A text that the name, the description or a tag contains, ignoring case."
    ),
    OpenApiParameter("short_id", str, description="Only the insight with this short id."),
    OpenApiParameter("saved", bool, description="true: saved or on a dashboard; false: neither."),
    OpenApiParameter("favorited", bool),
    OpenApiParameter("user", bool, description="true: only insights that the caller created."),
    CREATED_BY,
    OpenApiParameter(
        "dashboards", str, description="JSON list of at most 100 numbers: only insights on all of these dashboards."
    ),
    TAGS,
    OpenApiParameter(
        "insight", str, enum=INSIGHT_KINDS, description="Only insights of this kind, by their query or legacy filters."
    ),
    *_build_date_parameters("created_date", "created"),
    *_build_date_parameters("date", "last modified"),
    *_build_date_parameters(
        "last_viewed_date", "last viewed", "The list is empty, because views of insights are not recorded."
    ),
    FOLDER_PARAMETER,
]
FROM_DASHBOARD = OpenApiParameter(
    "from_dashboard",
    int,
    description="A dashboard. Its filters and variables, and the filters of its tile, are applied to the insight.",
)
# The header with which agents of PostHog's MCP server identify themselves.
CLIENT_HEADER = "x-posthog-client"
AGENT = "mcp"


def read_insight_with_results(view: ProjectScopedViewSet, id: str) -> tuple[dict[str, Any], Results]:
    """Return an insight with the overrides of a request, and its results after waiting for them.

    The parameters of the request are the overrides, `from_dashboard` and `refresh`.
    """
    overrides, dashboard_id, results = get_overrides(view), view.query_int("from_dashboard"), get_results(view)
    insight, ignored = read_resolved_insight(
        id,
        project=view.project,
        viewer=view.membership,
        overrides=overrides,
        dashboard_id=dashboard_id,
        results=results,
    )
    view.report_ignored(ignored)
    wait_for_results(view.request._request, results)
    return insight, results


@operation_ids("insights")
class InsightViewSet(ProjectScopedViewSet):
    tag = "insights"
    scope_object = "insight"
    required_scopes: ClassVar[dict[str, list[str]]] = {
        "list": ["insight:read"],
        "create": ["insight:write"],
        "retrieve": ["insight:read"],
        "update": ["insight:write"],
        "partial_update": ["insight:write"],
        "destroy": ["insight:write"],
    }
    refused_methods = frozenset({"DELETE"})
    serializer_class = InsightSerializer

    @extend_schema(parameters=[PROJECT_ID, *LIST_PARAMETERS, REFRESH, *OVERRIDES, INCLUDE_DASHBOARDS])
    def list(self, request: Request, project_id: str) -> Response:
        """List insights.

        Insights with an `order` come first, then the newest insights. Deleted insights are omitted.
        """
        pages = LimitOffsetPagination()
        limit, offset = window = pages.get_window(request)
        results = get_results(self)
        count, rows = list_insights(
            self.project,
            viewer=self.membership,
            query=self._read_query(),
            limit=limit,
            offset=offset,
            overrides=build_query_overrides({}, {}, get_overrides(self)),
            results=results,
        )
        wait_for_results(request._request, results)
        return Response(pages.build_page(request, window, count, [self._leave_out_dashboards(row) for row in rows]))

    @extend_schema(
        parameters=[PROJECT_ID, INCLUDE_DASHBOARDS],
        request=describe_body(InsightRequestSerializer),
        responses={201: InsightSerializer},
    )
    def create(self, request: Request, project_id: str) -> Response:
        """Create an insight. No field is required. `dashboards` names the dashboards that show the insight."""
        content = self._read_content(creates=True)
        return write(
            self,
            lambda changes: create_insight(changes, self.project, content=content),
            lambda insight: Response(self._read(insight.pk, include_deleted=True), status=201),
        )

    @extend_schema(
        parameters=[PROJECT_ID, INSIGHT_ID, REFRESH, *OVERRIDES, FROM_DASHBOARD, INCLUDE_DASHBOARDS],
        responses=InsightSerializer,
    )
    def retrieve(self, request: Request, project_id: str, id: str) -> Response:
        """Retrieve an insight.

        The id is a number or a short id. `from_dashboard` and overrides apply filters and variables to the query.
        """
        insight, _ = read_insight_with_results(self, id)
        return Response(self._leave_out_dashboards(insight))

    @extend_schema(
        parameters=[PROJECT_ID, INSIGHT_ID, INCLUDE_DASHBOARDS],
        request=describe_body(InsightRequestSerializer),
        responses=InsightSerializer,
    )
    def update(self, request: Request, project_id: str, id: str) -> Response:
        """Update an insight with PUT. Like PATCH, PUT does not change fields that are not sent."""
        return self._change(id)

    @extend_schema(
        parameters=[PROJECT_ID, INSIGHT_ID, INCLUDE_DASHBOARDS],
        request=describe_body(InsightRequestSerializer),
        responses=InsightSerializer,
    )
    def partial_update(self, request: Request, project_id: str, id: str) -> Response:
        """Update an insight.

        Fields that are not sent stay as they are. `deleted: true` deletes the insight with its tiles, and
        `deleted: false` restores it.
        """
        return self._change(id)

    @extend_schema(
        parameters=[PROJECT_ID, INSIGHT_ID],
        deprecated=True,  # the operation is always refused
        request=None,
        responses={405: OpenApiResponse(description="Always returned, without a response body.")},
    )
    def destroy(self, request: Request, project_id: str, id: str) -> Response:
        """Delete an insight (not allowed).

        The operation always returns 405. Set `deleted` to `true` with PATCH instead.
        """
        return Response(status=405)

    def _change(self, reference: str) -> Response:
        # 404 and 403 take precedence over errors of the body.
        insight = Insight.objects.in_project(self.project).by_reference(reference).first()
        if insight is None or (insight.deleted and not self.has_false("deleted")):
            raise InsightNotFound
        check_contents_edit_permission("insight", [insight.pk], self.membership)
        content, insight_id = self._read_content(creates=False), insight.pk

        def respond(ignored: list[str]) -> Response:
            self.add_ignored(ignored)
            return Response(self._read(insight_id, include_deleted=True))

        return write(
            self,
            lambda changes: update_insight(changes, insight_id, project=self.project, content=content),
            respond,
        )

    def _read_content(self, *, creates: bool) -> InsightInput:
        body = self.read_body(InsightRequestSerializer)
        if self.request.headers.get(CLIENT_HEADER) == AGENT and (creates or body.get("query") is not None):
            body["query"] = wrap_query(body.get("query"))
        return cast(InsightInput, body)

    def _read(self, reference: str | int, *, include_deleted: bool = False) -> dict[str, Any]:
        return self._leave_out_dashboards(
            read_insight(reference, project=self.project, viewer=self.membership, include_deleted=include_deleted)
        )

    def _leave_out_dashboards(self, insight: dict[str, Any]) -> dict[str, Any]:
        """Return an insight, without its dashboards if the request asks for it."""
        leave_out_dashboards(self, [insight])
        return insight

    def _read_query(self) -> InsightQuery:
        return InsightQuery(
            search=self.query_text("search", SEARCH_MAX_LENGTH),
            short_id=self.query_text("short_id", SEARCH_MAX_LENGTH),
            saved=self.query_bool("saved"),
            favorited=self.query_bool("favorited"),
            mine=self.caller.pk if self.query_bool("user") else None,
            created_by=self.query_ints("created_by"),
            dashboard_ids=self.query_ints("dashboards"),
            tags=self.query_tags("tags"),
            kind=self.query_choice("insight", INSIGHT_KINDS),
            created=self.query_date_range("created_date_from", "created_date_to"),
            modified=self.query_date_range("date_from", "date_to"),
            viewed=self.query_date_range("last_viewed_date_from", "last_viewed_date_to"),
            folder=get_folder(self),
        )
