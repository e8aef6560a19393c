"""`/api/projects/:project_id/event_definitions/` and `…/property_definitions/`."""

from typing import ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from dashboards_api.http.openapi import PROJECT_ID, operation_ids
from dashboards_api.http.pagination import LimitOffsetPagination
from dashboards_api.limits import SEARCH_MAX_LENGTH
from events.models import PropertyOwner
from events.readers import list_event_definitions, list_property_definitions
from events.serializers import EventDefinitionSerializer, PropertyDefinitionSerializer
from users.viewsets import ProjectScopedViewSet

SEARCH = OpenApiParameter("search", str, description="A text that the name contains, ignoring case.")
TYPE = OpenApiParameter(
    "type", str, enum=PropertyOwner.values, description="The owner of the properties. Default: `event`."
)


@operation_ids("event_definitions")
class EventDefinitionViewSet(ProjectScopedViewSet):
    tag = "event_definitions"
    scope_object = "event_definition"
    required_scopes: ClassVar[dict[str, list[str]]] = {"list": ["event_definition:read"]}
    serializer_class = EventDefinitionSerializer

    @extend_schema(parameters=[PROJECT_ID, SEARCH])
    def list(self, request: Request, project_id: str) -> Response:
        """List names of events.

        The list contains each name of an imported event once, sorted by name.
        """
        pages, search = LimitOffsetPagination(), self.query_text("search", SEARCH_MAX_LENGTH)
        limit, offset = window = pages.get_window(request)
        count, rows = list_event_definitions(self.project.pk, search=search, limit=limit, offset=offset)
        return Response(pages.build_page(request, window, count, rows))


@operation_ids("property_definitions")
class PropertyDefinitionViewSet(ProjectScopedViewSet):
    tag = "property_definitions"
    scope_object = "property_definition"
    required_scopes: ClassVar[dict[str, list[str]]] = {"list": ["property_definition:read"]}
    serializer_class = PropertyDefinitionSerializer

    @extend_schema(parameters=[PROJECT_ID, SEARCH, TYPE])
    def list(self, request: Request, project_id: str) -> Response:
        """List properties of events or persons.

        Each property has the type of most of its values. Queries convert its values to that type.
        """
        pages, search = LimitOffsetPagination(), self.query_text("search", SEARCH_MAX_LENGTH)
        owner = self.query_choice("type", PropertyOwner.values) or PropertyOwner.EVENT
        limit, offset = window = pages.get_window(request)
        count, rows = list_property_definitions(self.project.pk, owner, search=search, limit=limit, offset=offset)
        return Response(pages.build_page(request, window, count, rows))
