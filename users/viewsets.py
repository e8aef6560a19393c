"""The bases of every view that needs a caller."""

from functools import cached_property
from typing import ClassVar, cast

from rest_framework.permissions import IsAuthenticated

from dashboards_api.http.views import ApiViewSet
from users.access import enter_project
from users.credentials import Credential
from users.models import Membership, Project, User
from users.permissions import HasRequiredScopes, IsProjectMember


class CallerViewSet(ApiViewSet):
    """A view that somebody calls: `self.caller` with `self.credential`."""

    permission_classes = [IsAuthenticated, HasRequiredScopes]

    @property
    def caller(self) -> User:
        return cast(User, self.request.user)

    @property
    def credential(self) -> Credential:
        return cast(Credential, self.request.auth)


class ProjectScopedViewSet(CallerViewSet):
    """`self.project` and `self.membership` are the only way to rows: every lookup by id starts from the project."""

    permission_classes = [IsAuthenticated, HasRequiredScopes, IsProjectMember]
    project_kwarg: ClassVar[str] = "project_id"

    @cached_property
    def membership(self) -> Membership:
        """The caller's membership of the project in the path. Raises Missing or Forbidden."""
        return enter_project(self.caller, self.credential, self.kwargs[self.project_kwarg])

    @property
    def project(self) -> Project:
        return self.membership.project
