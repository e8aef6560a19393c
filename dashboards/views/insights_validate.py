"""`…/insights/validate/`: validation of a query before an insight is saved."""

from typing import Any, ClassVar

import orjson
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from dashboards_api.http.openapi import PROJECT_ID, describe_body, operation_ids
from dashboards_api.http.serializers import JSONObjectField, RequestSerializer
from queries.readers.fields import build_query_status
from queries.serializers import QueryStatusResponseSerializer
from queries.views.running import is_running, validate_query
from users.viewsets import ProjectScopedViewSet


class ValidationRequestSerializer(RequestSerializer):
    tolerated_keys: ClassVar[frozenset[str]] = frozenset({"personal_api_key"})
    query = JSONObjectField(
        allow_null=False, help_text="The query of an insight, with or without a visualization node around it."
    )


class ProblemSerializer(serializers.Serializer[Any]):
    code = serializers.CharField(read_only=True)
    detail = serializers.CharField(read_only=True)
    attr = serializers.CharField(read_only=True)
    start = serializers.IntegerField(
        read_only=True, allow_null=True, help_text="The offset of the first character in the SQL."
    )
    end = serializers.IntegerField(read_only=True, allow_null=True, help_text="The offset after the last character.")
    line = serializers.IntegerField(read_only=True, allow_null=True)
    column = serializers.IntegerField(read_only=True, allow_null=True)


class ValidationSerializer(serializers.Serializer[Any]):
    valid = serializers.BooleanField(read_only=True)

    def get_fields(self) -> dict[str, Any]:
        # Serializers have an attribute `errors`, so that the field cannot be declared with this name.
        problems = serializers.ListField(child=ProblemSerializer(), read_only=True)
        return {**super().get_fields(), "errors": problems}


@operation_ids("insights")
class InsightValidationViewSet(ProjectScopedViewSet):
    tag = "insights"
    scope_object = "query"
    accepts_idempotency_key = False  # a stored response may be from before the result was computed
    required_scopes: ClassVar[dict[str, list[str]]] = {"validate": ["query:read"]}

    @extend_schema(
        parameters=[PROJECT_ID],
        request=describe_body(ValidationRequestSerializer),
        responses={
            200: ValidationSerializer,
            202: OpenApiResponse(QueryStatusResponseSerializer, "The check is not complete yet."),
        },
    )
    def validate(self, request: Request, project_id: str) -> Response:
        """Validate a query without running it.

        `errors` contains the first problem, with its position in the SQL text.
        """
        query = self.read_body(ValidationRequestSerializer)["query"]
        outcome = validate_query(self.request._request, self.project, query)
        if is_running(outcome):
            status = build_query_status(outcome.stored, None, self.project.pk)
            return Response({"query_status": status}, status=202)
        problems = orjson.loads(outcome.raw_results or "[]")
        return Response({"valid": not problems, "errors": problems})
