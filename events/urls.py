"""The routes of definitions below a project."""

from django.urls import path

from events.views.definitions import EventDefinitionViewSet, PropertyDefinitionViewSet

urlpatterns = [
    path("event_definitions/", EventDefinitionViewSet.as_view({"get": "list"})),
    path("property_definitions/", PropertyDefinitionViewSet.as_view({"get": "list"})),
]
