"""The base view of lists with cursor pagination."""

from rest_framework.response import Response

from dashboards.readers.activity import (
    Page,
)
from dashboards_api.http.pagination import CursorPagination
from users.viewsets import ProjectScopedViewSet


class CursorPagedViewSet(ProjectScopedViewSet):
    pagination_class = CursorPagination

    def get_cursor(self) -> int | None:
        return CursorPagination().get_cursor(self.request)

    def page(self, page: Page) -> Response:
        return Response(CursorPagination().page(self.request, page.rows, page.next))
