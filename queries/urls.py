"""The routes of queries below a project."""

from django.urls import path

from queries.views.query import QueryViewSet

urlpatterns = [
    path("query/", QueryViewSet.as_view({"post": "create"})),
    path("query/<str:id>/", QueryViewSet.as_view({"post": "create_of_kind", "get": "retrieve", "delete": "destroy"})),
]
