"""`…/insights/trend/` and `…/insights/funnel/`: results of flat filters, for older scripts without queries."""

from collections.abc import Mapping
from typing import Any, ClassVar

import orjson
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from dashboards.readers.legacy_results import unwrap_breakdown
from dashboards.serializers.legacy_filters import (
    FiltersSerializer,
    FunnelRequestSerializer,
    FunnelResultSerializer,
    TrendRequestSerializer,
    TrendResultSerializer,
    describe_filters,
    load_filters,
)
from dashboards_api.errors import ValidationFailed
from dashboards_api.http.openapi import PROJECT_ID, describe_body, operation_ids
from dashboards_api.http.serializers import get_field_names
from queries.legacy_filters.conversion import convert_filters, get_insight
from queries.readers.fields import build_query_status, build_result_fields
from queries.refresh import Refresh, parse_refresh
from queries.serializers import QueryStatusResponseSerializer
from queries.views.running import is_running, run_query
from users.viewsets import ProjectScopedViewSet

RUNNING = OpenApiResponse(QueryStatusResponseSerializer, "The result is not complete yet. Send the request again.")
TREND_INSIGHTS = ("TRENDS", "STICKINESS", "LIFECYCLE")
FIELDS = ("timezone", "is_cached", "last_refresh")
Filters = Mapping[str, Any]
NO_FILTERS: Filters = {}


@operation_ids("insights", trend_of_body="trend", funnel_of_body="funnel")
class LegacyInsightViewSet(ProjectScopedViewSet):
    tag = "insights"
    scope_object = "insight"
    accepts_idempotency_key = False  # a stored response may be from before the result was computed
    # As in PostHog, this scope allows reading the results of any insight.
    required_scopes: ClassVar[dict[str, list[str]]] = {
        "trend": ["insight:read"],
        "trend_of_body": ["insight:read"],
        "funnel": ["insight:read"],
        "funnel_of_body": ["insight:read"],
    }

    @extend_schema(
        parameters=[PROJECT_ID, describe_filters(TrendRequestSerializer)],
        responses={200: TrendResultSerializer, 202: RUNNING},
    )
    def trend(self, request: Request, project_id: str) -> Response:
        """Run a trend.

        The parameters are the flat filters of older insights. New programs send a TrendsQuery to `query/`.
        """
        return self._answer_trend(self._read_parameters(TrendRequestSerializer))

    @extend_schema(
        parameters=[PROJECT_ID, describe_filters(TrendRequestSerializer)],
        request=describe_body(TrendRequestSerializer),
        responses={200: TrendResultSerializer, 202: RUNNING},
    )
    def trend_of_body(self, request: Request, project_id: str) -> Response:
        """Run a trend with filters in the body.

        Filters in the query string also apply, unless the body contains another value.
        """
        return self._answer_trend(self._read_all(TrendRequestSerializer))

    @extend_schema(
        parameters=[PROJECT_ID, describe_filters(FunnelRequestSerializer)],
        responses={200: FunnelResultSerializer, 202: RUNNING},
    )
    def funnel(self, request: Request, project_id: str) -> Response:
        """Run a funnel.

        The parameters are the flat filters of older insights. New programs send a FunnelsQuery to `query/`.
        """
        return self._answer_funnel(self._read_parameters(FunnelRequestSerializer))

    @extend_schema(
        parameters=[PROJECT_ID, describe_filters(FunnelRequestSerializer)],
        request=describe_body(FunnelRequestSerializer),
        responses={200: FunnelResultSerializer, 202: RUNNING},
    )
    def funnel_of_body(self, request: Request, project_id: str) -> Response:
        """Run a funnel with filters in the body.

        Filters in the query string also apply, unless the body contains another value.
        """
        filters = self._read_all(FunnelRequestSerializer)
        return self._answer_funnel(filters, form=filters)

    def _read_parameters(self, serializer_class: type[FiltersSerializer]) -> Filters:
        return {name: self.query[name] for name in get_field_names(serializer_class) if name in self.query}

    def _read_all(self, serializer_class: type[FiltersSerializer]) -> Filters:
        """Return the filters of the query string and of the body. The body takes precedence."""
        return {**self._read_parameters(serializer_class), **self.read_body(serializer_class)}

    def _answer_trend(self, given: Filters) -> Response:
        filters = {"insight": "TRENDS", **load_filters(given)}
        if get_insight(filters) not in TREND_INSIGHTS:
            detail = f"This operation computes {', '.join(TREND_INSIGHTS)}."
            raise ValidationFailed(detail, attr="insight", code="invalid_choice")
        return self._build_response(filters, next=None)

    def _answer_funnel(self, given: Filters, form: Filters = NO_FILTERS) -> Response:
        return self._build_response({**load_filters(given), "insight": "FUNNELS"}, form=form)

    def _build_response(self, filters: Filters, *, form: Filters = NO_FILTERS, **further: Any) -> Response:
        """Return the result of filters. A missing or stale result is always computed, as in PostHog.

        `form` contains the filters that determine the format of the result.
        """
        refresh = Refresh.FORCE_BLOCKING if _is_forced(filters.get("refresh")) else Refresh.BLOCKING
        outcome, stored = run_query(self.request._request, self.project, convert_filters(filters) or {}, refresh)
        if is_running(outcome):
            return Response({"query_status": build_query_status(stored, None, self.project.pk)}, status=202)
        fields = build_result_fields(outcome, self.project.pk)
        result = orjson.Fragment(unwrap_breakdown(outcome.raw_results or "null", form))
        return Response({"result": result, **{name: fields[name] for name in FIELDS}, **further})


def _is_forced(refresh: Any) -> bool:
    """Return whether a fresh result is computed again. An empty parameter means true, as in PostHog."""
    return refresh == "" or parse_refresh(refresh) is Refresh.FORCE_BLOCKING
