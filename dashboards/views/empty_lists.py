"""Empty lists of the objects of PostHog that this service does not have, for clients that read these lists."""

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from dashboards_api.http.openapi import PROJECT_ID, operation_ids
from dashboards_api.http.pagination import LimitOffsetPagination
from users.viewsets import ProjectScopedViewSet


@extend_schema_serializer(many=False)
class EmptyPageSerializer(serializers.Serializer[Any]):
    count = serializers.IntegerField(read_only=True, help_text="Always 0.")
    next = serializers.URLField(read_only=True, allow_null=True, help_text="Always null.")
    previous = serializers.URLField(read_only=True, allow_null=True)
    results = serializers.ListField(child=serializers.DictField(), read_only=True, help_text="Always empty.")


class EmptyListViewSet(ProjectScopedViewSet):
    """A view set for an empty list, to which no objects can be added: POST returns 405."""

    tag = "empty_lists"
    serializer_class = EmptyPageSerializer

    def build_page(self, request: Request) -> Response:
        return Response(LimitOffsetPagination().paginate_list(request, []))


empty_page = extend_schema(
    parameters=[
        PROJECT_ID,
        OpenApiParameter("limit", int, description=LimitOffsetPagination.limit_query_description),
        OpenApiParameter("offset", int, description=LimitOffsetPagination.offset_query_description),
    ],
    responses=EmptyPageSerializer,
)


@operation_ids("alerts")
class AlertViewSet(EmptyListViewSet):
    scope_object = "alert"
    required_scopes: ClassVar[dict[str, list[str]]] = {"list": ["alert:read"]}

    @empty_page
    def list(self, request: Request, project_id: str) -> Response:
        """List alerts.

        The list is empty, because this service sends no alerts.
        """
        return self.build_page(request)


@operation_ids("annotations")
class AnnotationViewSet(EmptyListViewSet):
    scope_object = "annotation"
    required_scopes: ClassVar[dict[str, list[str]]] = {"list": ["annotation:read"]}

    @empty_page
    def list(self, request: Request, project_id: str) -> Response:
        """List annotations.

        The list is empty, because charts have no annotations.
        """
        return self.build_page(request)


@operation_ids("subscriptions")
class SubscriptionViewSet(EmptyListViewSet):
    scope_object = "subscription"
    required_scopes: ClassVar[dict[str, list[str]]] = {"list": ["subscription:read"]}

    @empty_page
    def list(self, request: Request, project_id: str) -> Response:
        """List subscriptions.

        The list is empty, because this service sends no messages.
        """
        return self.build_page(request)


@operation_ids("insights")
class TrendingInsightViewSet(EmptyListViewSet):
    scope_object = "insight"
    required_scopes: ClassVar[dict[str, list[str]]] = {"trending": ["insight:read"]}

    @empty_page
    def trending(self, request: Request, project_id: str) -> Response:
        """List trending insights.

        The list is empty, because views of insights are not recorded.
        """
        return self.build_page(request)


@operation_ids("dashboards")
class WidgetCatalogViewSet(EmptyListViewSet):
    scope_object = "dashboard"
    required_scopes: ClassVar[dict[str, list[str]]] = {"widget_catalog": ["dashboard:read"]}

    @empty_page
    def widget_catalog(self, request: Request, project_id: str) -> Response:
        """List widgets.

        The list is empty, because tiles contain insights, texts and buttons only.
        """
        return self.build_page(request)
