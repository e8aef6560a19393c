"""`/api/projects/:project_id/mcp_tools/`: the tools of language models, as PostHog's command line calls them."""

from typing import Any, ClassVar

import orjson
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from dashboards_api.http.openapi import PROJECT_ID, describe_body, operation_ids
from events.readers import read_event_names
from queries.readers.fields import build_query_response
from queries.readers.tables import format_names, format_table
from queries.refresh import Refresh
from queries.serializers import (
    MAX_EVENT_NAMES,
    ExecuteSQLRequestSerializer,
    ExecuteSQLResponseSerializer,
    ReadTaxonomyRequestSerializer,
    ToolResponseSerializer,
)
from queries.views.running import is_running, run_query
from users.viewsets import ProjectScopedViewSet

STILL_RUNNING = "The query is still running. Call the tool again to wait for the same result."


@operation_ids("mcp_tools")
class ToolViewSet(ProjectScopedViewSet):
    tag = "query"
    scope_object = "query"
    accepts_idempotency_key = False  # as for a query
    required_scopes: ClassVar[dict[str, list[str]]] = {"execute_sql": ["query:read"], "read_taxonomy": ["query:read"]}

    @extend_schema(
        parameters=[PROJECT_ID],
        request=describe_body(ExecuteSQLRequestSerializer),
        responses={
            200: ExecuteSQLResponseSerializer,
            202: OpenApiResponse(ExecuteSQLResponseSerializer, "The query is not complete yet. Call the tool again."),
        },
    )
    def execute_sql(self, request: Request, project_id: str) -> Response:
        """Run SQL as a tool.

        `content` has the rows as a string, with a tab between columns, and `structured_content` has them as JSON.
        """
        given = self.read_body(ExecuteSQLRequestSerializer)["args"]
        query = {"kind": "HogQLQuery", "query": given["query"]}
        outcome, _ = run_query(self.request._request, self.project, query, Refresh.BLOCKING)
        if is_running(outcome):
            return Response({"success": False, "content": STILL_RUNNING, "structured_content": None}, status=202)
        body = build_query_response(outcome, self.project.pk)
        rows = orjson.loads(outcome.raw_results or "[]")
        content = format_table(
            body["columns"] or [], rows, has_more=bool(body["hasMore"]), truncate=given.get("truncate", True)
        )
        return Response({"success": True, "content": content, "structured_content": body})

    @extend_schema(
        parameters=[PROJECT_ID],
        request=describe_body(ReadTaxonomyRequestSerializer),
        responses={200: ToolResponseSerializer},
    )
    def read_taxonomy(self, request: Request, project_id: str) -> Response:
        """Read the names of events as a tool.

        `content` has the names of the events that the project has received, one per line.
        """
        query: dict[str, Any] = self.read_body(ReadTaxonomyRequestSerializer)["args"]["query"]
        limit, offset = query.get("limit", MAX_EVENT_NAMES), query.get("offset", 0)
        names = read_event_names(self.project.pk, limit + 1, offset)
        content = format_names("Events of the project:", names[:limit], has_more=len(names) > limit)
        return Response({"success": True, "content": content})
