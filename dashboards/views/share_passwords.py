"""`/api/projects/:project_id/dashboards/:dashboard_id/sharing/passwords/`."""

from typing import ClassVar

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from dashboards.exceptions import SharePasswordMissing
from dashboards.readers.sharing import read_new_password
from dashboards.serializers.sharing import CreatedSharePasswordSerializer, SharePasswordRequestSerializer
from dashboards.services.share_passwords import add_share_password, hash_share_password, remove_share_password
from dashboards.views.dashboards import dashboard_number
from dashboards.views.sharing import PATH
from dashboards.views.writing import writing
from dashboards_api.http.openapi import IF_MATCH, body_of, id_parameter, operation_ids
from dashboards_api.numbers import whole_number
from users.viewsets import ProjectScopedViewSet


@operation_ids("dashboards_sharing_passwords")
class SharePasswordViewSet(ProjectScopedViewSet):
    scope_object = "sharing_configuration"
    has_versions = True
    shows_secrets = True
    required_scopes: ClassVar[dict[str, list[str]]] = {
        "create": ["sharing_configuration:write"],
        "destroy": ["sharing_configuration:write"],
    }

    @extend_schema(
        parameters=[*PATH, IF_MATCH],
        request=body_of(SharePasswordRequestSerializer),
        responses={201: CreatedSharePasswordSerializer},
    )
    def create(self, request: Request, project_id: str, dashboard_id: str) -> Response:
        """Add a password that opens the link, once `password_required` is on. It is in this answer and nowhere else."""
        number = dashboard_number(dashboard_id, "Dashboard not found.")
        body = self.read_body(SharePasswordRequestSerializer)
        hashed = hash_share_password(
            number, project=self.project, text=body.get("raw_password"), member=self.membership
        )
        with writing(self, number):
            made, text = add_share_password(
                number, project=self.project, hashed=hashed, note=body.get("note"), added_by=self.membership
            )
        return Response(read_new_password(made, text), status=201)

    @extend_schema(
        parameters=[*PATH, id_parameter("password_id", "The password."), IF_MATCH],
        request=None,
        responses={204: OpenApiResponse(description="Whoever came in with it is locked out. There is no body.")},
    )
    def destroy(self, request: Request, project_id: str, dashboard_id: str, password_id: str) -> Response:
        """Delete a password."""
        number, password = dashboard_number(dashboard_id, "Dashboard not found."), whole_number(password_id)
        if password is None:
            raise SharePasswordMissing
        with writing(self, number):
            remove_share_password(number, project=self.project, password_id=password, removed_by=self.membership)
        return Response(status=204)
