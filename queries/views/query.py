"""`/api/projects/:project_id/query/`: execution, status and cancellation of a query."""

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from dashboards_api.errors import ValidationFailed
from dashboards_api.http.openapi import PROJECT_ID, describe_body, operation_ids
from queries.nodes import get_source_kind
from queries.readers.fields import build_complete_status, build_query_response, build_query_status
from queries.readers.results import Outcome, StoredResult
from queries.refresh import Refresh, parse_refresh
from queries.request_overrides import RequestOverrides, validate_overrides
from queries.serializers import (
    QueryCancelledSerializer,
    QueryRequestSerializer,
    QueryResponseSerializer,
    QueryStatusResponseSerializer,
)
from queries.services.api_queries import apply_request_overrides, find_query, name_query
from queries.services.queue import cancel_query
from queries.views.errors import build_failure
from queries.views.running import is_running, run_query
from users.viewsets import ProjectScopedViewSet

QUERY_ID = OpenApiParameter(
    "id", str, OpenApiParameter.PATH, description="The id of the query, or its `client_query_id`."
)
QUERY_KIND = OpenApiParameter(
    "id", str, OpenApiParameter.PATH, description="The kind of the query, such as `HogQLQuery`."
)
REFRESH = OpenApiParameter(
    "refresh", str, description="Whether to compute and to wait. The same field in the body takes precedence."
)
RUNNING = OpenApiResponse(QueryStatusResponseSerializer, "The query is not complete yet.")


@operation_ids("query")
class QueryViewSet(ProjectScopedViewSet):
    tag = "query"
    scope_object = "query"
    accepts_idempotency_key = False  # a stored response would not contain the result
    required_scopes: ClassVar[dict[str, list[str]]] = {
        "create": ["query:read"],
        "create_of_kind": ["query:read"],
        "retrieve": ["query:read"],
        "destroy": ["query:read"],
    }

    @extend_schema(
        parameters=[PROJECT_ID, REFRESH],
        request=describe_body(QueryRequestSerializer),
        responses={200: QueryResponseSerializer, 202: RUNNING},
    )
    def create(self, request: Request, project_id: str) -> Response:
        """Run a query.

        If the result is not ready within ten seconds, 202 is returned with the status of the query.
        """
        return self._run(self.read_body(QueryRequestSerializer))

    @extend_schema(
        parameters=[PROJECT_ID, QUERY_KIND, REFRESH],
        request=describe_body(QueryRequestSerializer),
        responses={200: QueryResponseSerializer, 202: RUNNING},
    )
    def create_of_kind(self, request: Request, project_id: str, id: str) -> Response:
        """Run a query of one kind.

        A query of another kind is refused.
        """
        body = self.read_body(QueryRequestSerializer)
        if id not in (body["query"].get("kind"), get_source_kind(body["query"])):
            detail = f"This path accepts only queries of the kind {id[:80]}."
            raise ValidationFailed(detail, attr="query__kind", code="invalid_choice")
        return self._run(body)

    @extend_schema(parameters=[PROJECT_ID, QUERY_ID], responses={200: QueryStatusResponseSerializer, 202: RUNNING})
    def retrieve(self, request: Request, project_id: str, id: str) -> Response:
        """Retrieve the status of a query.

        When the query is complete, the status contains the result. If the query has failed, its error is returned.
        """
        return self._describe(find_query(self.project, id))

    @extend_schema(parameters=[PROJECT_ID, QUERY_ID], responses={200: QueryCancelledSerializer})
    def destroy(self, request: Request, project_id: str, id: str) -> Response:
        """Cancel a query.

        All requests that wait for its result fail with `query_cancelled`. An earlier result is kept.
        """
        is_cancelled = cancel_query(self.project, find_query(self.project, id).id)
        return Response({"message": "The query was cancelled." if is_cancelled else "The query is not running."})

    def _run(self, body: dict[str, Any]) -> Response:
        query = apply_request_overrides(body["query"], self._get_overrides(body))
        outcome, stored = run_query(self.request._request, self.project, query, self._get_refresh(body))
        if body.get("client_query_id"):
            name_query(self.project, body["client_query_id"], stored.id)
        if is_running(outcome):
            return Response({"query_status": build_query_status(stored, None, self.project.pk)}, status=202)
        return Response(build_query_response(outcome, self.project.pk))

    def _describe(self, stored: StoredResult) -> Response:
        project_id = self.project.pk
        if stored.is_queued:
            return Response({"query_status": build_query_status(stored, None, project_id)}, status=202)
        if stored.has_failed:
            raise build_failure(stored, project_id)
        body = build_query_response(Outcome(stored.cache_key, stored), project_id)
        return Response({"query_status": build_complete_status(stored, project_id, body)})

    def _get_refresh(self, body: dict[str, Any]) -> Refresh:
        """Return the refresh mode. The body takes precedence over the query string. As in PostHog, `force_cache` means
        `blocking`.
        """
        given = body.get("refresh") or self.query.get("refresh")
        default = Refresh.ASYNC if body.get("async") else Refresh.BLOCKING
        refresh = parse_refresh(given, default)
        return Refresh.BLOCKING if refresh is Refresh.FORCE_CACHE else refresh

    def _get_overrides(self, body: dict[str, Any]) -> RequestOverrides:
        return validate_overrides(body.get("filters_override"), body.get("variables_override"))
