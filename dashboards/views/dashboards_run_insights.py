"""`…/dashboards/:id/run_insights/`: the results of a dashboard's insights, for programs and language models."""

from typing import Any, ClassVar, cast

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from dashboards.exceptions import DashboardNotFound
from dashboards.readers.insight_runs import OutputFormat, build_insight_runs
from dashboards.views.base import DASHBOARD_ID, OVERRIDES, REFRESH, get_results
from dashboards.views.dashboards import retrieve_dashboard
from dashboards_api.errors import ValidationFailed
from dashboards_api.http.openapi import PROJECT_ID, operation_ids
from dashboards_api.parsing import parse_id
from queries.serializers import AnyJSONField
from users.viewsets import ProjectScopedViewSet

FORMATS = ("optimized", "json")
CHARACTERS_MIN = 200
MAX_CHARACTERS = 100_000
OUTPUT_FORMAT = OpenApiParameter(
    "output_format",
    str,
    enum=FORMATS,
    description="`optimized` (default): compact text. `json`: the result as in an insight.",
)
TILE_IDS = OpenApiParameter(
    "tile_ids", int, many=True, description="Only these tiles: at most 100, repeated or as a JSON list."
)
MAX_RESULT_CHARS = OpenApiParameter(
    "max_result_chars",
    int,
    description=f"The limit of each text: {CHARACTERS_MIN} to {MAX_CHARACTERS:,} characters; 0 means the default.",
)


class InsightOfRunSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(read_only=True)
    short_id = serializers.CharField(read_only=True)
    name = serializers.CharField(read_only=True)
    derived_name = serializers.CharField(read_only=True, allow_null=True)
    result = AnyJSONField(
        read_only=True, help_text="A text, or the result of the insight; null if no result is stored."
    )


class InsightRunSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(read_only=True, help_text="The id of the tile.")
    order = serializers.IntegerField(read_only=True)
    insight = InsightOfRunSerializer(read_only=True)


class InsightRunsSerializer(serializers.Serializer[Any]):
    results = serializers.ListField(child=InsightRunSerializer(), read_only=True)


@operation_ids("dashboards")
class RunInsightsViewSet(ProjectScopedViewSet):
    tag = "dashboards"
    scope_object = "query"
    required_scopes: ClassVar[dict[str, list[str]]] = {"run_insights": ["query:read"]}

    @extend_schema(
        parameters=[PROJECT_ID, DASHBOARD_ID, REFRESH, OUTPUT_FORMAT, TILE_IDS, MAX_RESULT_CHARS, *OVERRIDES],
        responses=InsightRunsSerializer,
    )
    def run_insights(self, request: Request, project_id: str, id: str) -> Response:
        """Retrieve the results of a dashboard's insights.

        Texts, buttons and insights without a query or legacy filters are left out. A result that cannot be computed
        does not affect other results.
        """
        number = parse_id(id, DashboardNotFound)
        output_format = cast(OutputFormat, self.query_choice("output_format", FORMATS) or FORMATS[0])
        limit, tile_ids = self._get_limit(), set(self.query_ints("tile_ids"))
        tiles = retrieve_dashboard(self, number, get_results(self), tile_ids)[1]["tiles"]
        if unknown := tile_ids - {tile["id"] for tile in tiles}:
            raise ValidationFailed(f"The dashboard has no tile {min(unknown)}.", attr="tile_ids")
        return Response({"results": build_insight_runs(tiles, output_format, limit)})

    def _get_limit(self) -> int:
        limit = self.query_int("max_result_chars") or 0
        if limit and not CHARACTERS_MIN <= limit <= MAX_CHARACTERS:
            detail = f"This must be 0, or from {CHARACTERS_MIN} to {MAX_CHARACTERS}."
            raise ValidationFailed(detail, attr="max_result_chars")
        return limit
