"""The routes of the service, and routes that fail: in API views, in plain views and in pages."""

from typing import ClassVar, NoReturn

from django.db import OperationalError
from django.http import HttpRequest
from django.urls import path
from rest_framework.request import Request

from dashboards_api.db.retry import atomic_with_retry
from dashboards_api.urls import handler400, handler404, handler500, urlpatterns
from users.models import Organization
from users.viewsets import AuthenticatedViewSet

__all__ = ["handler400", "handler404", "handler500", "urlpatterns"]


class FaultyViewSet(AuthenticatedViewSet):
    scope_object = "dashboard"
    required_scopes: ClassVar[dict[str, list[str]]] = {"fail": [], "lose_database": [], "break_constraint": []}

    def fail(self, request: Request) -> NoReturn:
        raise RuntimeError("a secret of the inside")

    def lose_database(self, request: Request) -> NoReturn:
        raise OperationalError("connection to a secret host failed")

    @atomic_with_retry
    def break_constraint(self, request: Request) -> NoReturn:
        for _ in range(2):
            Organization.objects.create(name="a", slug="the same")
        raise AssertionError("the constraint held nothing")

    def undeclared(self, request: Request) -> NoReturn:
        raise AssertionError("an action without a declared scope was called")


def plain_error(request: HttpRequest) -> NoReturn:
    raise RuntimeError("a secret of the inside")


def unavailable_database(request: HttpRequest) -> NoReturn:
    raise OperationalError("connection to a secret host failed")


urlpatterns = [
    *urlpatterns,
    path("api/fault/", FaultyViewSet.as_view({"get": "fail"})),
    path("api/database-away/", FaultyViewSet.as_view({"get": "lose_database"})),
    path("api/break-constraint/", FaultyViewSet.as_view({"post": "break_constraint"})),
    path("api/undeclared/", FaultyViewSet.as_view({"get": "undeclared"})),
    path("api/plain-fault/", plain_error),
    path("api/plain-database-away/", unavailable_database),
    path("plain-fault", plain_error),
    path("database-away", unavailable_database),
]
