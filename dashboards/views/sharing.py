"""`…/dashboards/:dashboard_id/sharing/`: the sharing configuration, and the passwords of the link."""

from typing import ClassVar, cast

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from dashboards.exceptions import DashboardNotFound, SharePasswordNotFound
from dashboards.readers.sharing import build_new_password, read_sharing
from dashboards.serializers.sharing import (
    CreatedSharePasswordSerializer,
    RefreshSharingRequestSerializer,
    SharePasswordRequestSerializer,
    SharingConfigurationRequestSerializer,
    SharingConfigurationSerializer,
)
from dashboards.services.inputs import SharingInput
from dashboards.services.share_passwords import add_share_password, hash_share_password, remove_share_password
from dashboards.services.sharing import rotate_access_token, update_sharing
from dashboards.views.base import write_dashboard
from dashboards_api.http.openapi import IF_MATCH, PROJECT_ID, describe_body, id_parameter, operation_ids
from dashboards_api.parsing import parse_id
from users.viewsets import ProjectScopedViewSet

PATH = [PROJECT_ID, id_parameter("dashboard_id", "The dashboard.")]


@operation_ids("dashboards_sharing", retrieve="list")
class SharingConfigurationViewSet(ProjectScopedViewSet):
    tag = "sharing"
    scope_object = "sharing_configuration"
    has_versions = True
    required_scopes: ClassVar[dict[str, list[str]]] = {
        "retrieve": ["sharing_configuration:read"],
        "partial_update": ["sharing_configuration:write"],
        "refresh": ["sharing_configuration:write"],
    }

    @extend_schema(parameters=PATH, responses=SharingConfigurationSerializer)
    def retrieve(self, request: Request, project_id: str, dashboard_id: str) -> Response:
        """Retrieve the sharing configuration.

        The response is one object, although the operation id ends with `list`.
        """
        return self._build_response(parse_id(dashboard_id, DashboardNotFound("Dashboard not found.")))

    @extend_schema(
        parameters=[*PATH, IF_MATCH],
        request=describe_body(SharingConfigurationRequestSerializer),
        responses=SharingConfigurationSerializer,
    )
    def partial_update(self, request: Request, project_id: str, dashboard_id: str) -> Response:
        """Update the sharing configuration.

        Members who can edit the dashboard can enable and disable sharing, and change the appearance of the shared page.

        Disabling sharing invalidates all links immediately. Enabling it again creates a new link.
        """
        number = parse_id(dashboard_id, DashboardNotFound("Dashboard not found."))
        content = cast(SharingInput, self.read_body(SharingConfigurationRequestSerializer))
        return write_dashboard(
            self,
            number,
            lambda changes: update_sharing(changes, number, project=self.project, content=content),
            lambda _: self._build_response(number),
        )

    @extend_schema(
        parameters=[*PATH, IF_MATCH],
        request=None,
        responses=SharingConfigurationSerializer,
    )
    def refresh(self, request: Request, project_id: str, dashboard_id: str) -> Response:
        """Replace the share link. The old link works for five more minutes."""
        number = parse_id(dashboard_id, DashboardNotFound("Dashboard not found."))
        self.read_body(RefreshSharingRequestSerializer)
        return write_dashboard(
            self,
            number,
            lambda changes: rotate_access_token(changes, number, project=self.project),
            lambda _: self._build_response(number),
        )

    def _build_response(self, dashboard_id: int) -> Response:
        return Response(read_sharing(dashboard_id, project=self.project, viewer=self.membership))


@operation_ids("dashboards_sharing_passwords")
class SharePasswordViewSet(ProjectScopedViewSet):
    tag = "sharing"
    scope_object = "sharing_configuration"
    has_versions = True
    shows_secrets = True
    required_scopes: ClassVar[dict[str, list[str]]] = {
        "create": ["sharing_configuration:write"],
        "destroy": ["sharing_configuration:write"],
    }

    @extend_schema(
        parameters=[*PATH, IF_MATCH],
        request=describe_body(SharePasswordRequestSerializer),
        responses={201: CreatedSharePasswordSerializer},
    )
    def create(self, request: Request, project_id: str, dashboard_id: str) -> Response:
        """Add a share password.

        Only this response contains the password, which unlocks a link with `password_required: true`.
        """
        number = parse_id(dashboard_id, DashboardNotFound("Dashboard not found."))
        body = self.read_body(SharePasswordRequestSerializer)
        hashed = hash_share_password(
            number, project=self.project, text=body.get("raw_password"), member=self.membership
        )
        return write_dashboard(
            self,
            number,
            lambda changes: add_share_password(
                changes, number, project=self.project, hashed=hashed, note=body.get("note")
            ),
            lambda added: Response(build_new_password(added.password, added.text), status=201),
        )

    @extend_schema(
        parameters=[*PATH, id_parameter("password_id", "The password."), IF_MATCH],
        request=None,
        responses={204: OpenApiResponse(description="The password is deleted. There is no response body.")},
    )
    def destroy(self, request: Request, project_id: str, dashboard_id: str, password_id: str) -> Response:
        """Delete a share password. Viewers who used the password are locked out immediately."""
        number = parse_id(dashboard_id, DashboardNotFound("Dashboard not found."))
        password = parse_id(password_id, SharePasswordNotFound)
        return write_dashboard(
            self,
            number,
            lambda changes: remove_share_password(changes, number, project=self.project, password_id=password),
            lambda _: Response(status=204),
        )
