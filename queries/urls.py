"""The routes of queries below a project."""

from django.urls import path

from queries.views.query import QueryViewSet
from queries.views.tools import ToolViewSet

urlpatterns = [
    path("query/", QueryViewSet.as_view({"post": "create"})),
    path("query/<str:id>/", QueryViewSet.as_view({"post": "create_of_kind", "get": "retrieve", "delete": "destroy"})),
    path("mcp_tools/execute_sql/", ToolViewSet.as_view({"post": "execute_sql"})),
    path("mcp_tools/read_taxonomy/", ToolViewSet.as_view({"post": "read_taxonomy"})),
]
