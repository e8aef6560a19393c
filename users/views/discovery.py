"""Discovery: the caller, and the organizations and projects that they can access."""

from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from dashboards_api.errors import NotFound
from dashboards_api.http.openapi import ORGANIZATION_ID, operation_ids
from dashboards_api.http.pagination import LimitOffsetPagination
from users.auth.credentials import get_current_membership, get_organization_memberships
from users.auth.permissions import HasRequiredScopes, IsNotProjectScopedKey
from users.readers import (
    list_memberships,
    list_organizations,
    read_me,
)
from users.serializers import (
    MeSerializer,
    OrganizationBasicSerializer,
)
from users.viewsets import AuthenticatedViewSet


@operation_ids("users_me")
class MeViewSet(AuthenticatedViewSet):
    """The caller."""

    tag = "users"
    scope_object = "user"
    required_scopes: ClassVar[dict[str, list[str]]] = {"retrieve": ["user:read"]}

    @extend_schema(responses=MeSerializer)
    def retrieve(self, request: Request) -> Response:
        """Retrieve the current user.

        The response contains the current project and organization. API keys with scoped projects are accepted.
        """
        try:
            current = get_current_membership(self.caller, self.credential)
        except NotFound:
            current = None
        return Response(read_me(self.caller, self.credential, current))


@operation_ids("organizations")
class OrganizationViewSet(AuthenticatedViewSet):
    """The organizations of the caller. A member of a project belongs to its organization."""

    tag = "organizations"
    scope_object = "organization"
    required_scopes: ClassVar[dict[str, list[str]]] = {
        "list": ["organization:read"],
        "retrieve": ["organization:read"],
    }
    permission_classes = [IsAuthenticated, HasRequiredScopes, IsNotProjectScopedKey]
    serializer_class = OrganizationBasicSerializer

    def list(self, request: Request) -> Response:
        """List your organizations. An API key with scoped projects is refused with 403."""
        rows = list_organizations(list_memberships(self.caller, self.credential))
        return Response(LimitOffsetPagination().paginate_list(request, rows))

    @extend_schema(parameters=[ORGANIZATION_ID], responses=OrganizationBasicSerializer)
    def retrieve(self, request: Request, organization_id: str) -> Response:
        """Retrieve an organization. The id can be `@current`."""
        [row] = list_organizations(get_organization_memberships(self.caller, self.credential, organization_id))
        return Response(row)
