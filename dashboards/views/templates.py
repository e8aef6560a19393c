"""`/api/projects/:project_id/dashboard_templates/`."""

import uuid
from functools import cached_property
from typing import ClassVar, cast

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from dashboards.exceptions import DashboardTemplateNotFound
from dashboards.models import TemplateScope
from dashboards.readers.templates import ORDERINGS, TemplateQuery, list_templates, read_template
from dashboards.serializers.templates import DashboardTemplateRequestSerializer, DashboardTemplateSerializer
from dashboards.services.inputs import TemplateInput
from dashboards.services.templates import (
    CheckedTemplate,
    check_new_template,
    check_template_changes,
    create_template,
    update_template,
)
from dashboards.template_documents.schema import TEMPLATE_SCHEMA
from dashboards_api.db.retry import atomic_with_retry
from dashboards_api.http.openapi import PROJECT_ID, describe_body, operation_ids
from dashboards_api.http.pagination import LimitOffsetPagination
from dashboards_api.limits import SEARCH_MAX_LENGTH
from dashboards_api.parsing import parse_uuid
from users.viewsets import ProjectScopedViewSet

SCHEMA_MAX_AGE = 120  # seconds
TEMPLATE_ID = OpenApiParameter("id", uuid.UUID, OpenApiParameter.PATH, description="The UUID of the template.")
LIST_PARAMETERS = [
    OpenApiParameter(
        "search", str, description="A text that the name, the description or a tag contains, ignoring case."
    ),
    OpenApiParameter("scope", str, enum=TemplateScope.values),
    OpenApiParameter("is_featured", bool),
    OpenApiParameter("ordering", str, enum=list(ORDERINGS), description="Default: featured templates first."),
]


@operation_ids("dashboard_templates")
class DashboardTemplateViewSet(ProjectScopedViewSet):
    tag = "dashboard_templates"
    scope_object = "dashboard_template"
    required_scopes: ClassVar[dict[str, list[str]]] = {
        "list": ["dashboard_template:read"],
        "create": ["dashboard_template:write"],
        "retrieve": ["dashboard_template:read"],
        "update": ["dashboard_template:write"],
        "partial_update": ["dashboard_template:write"],
        "destroy": ["dashboard_template:write"],
        "json_schema": ["dashboard_template:read"],
    }
    refused_methods = frozenset({"DELETE"})
    serializer_class = DashboardTemplateSerializer

    def prepare(self) -> None:
        if self.action == "create":
            _ = self.new_template

    @cached_property
    def new_template(self) -> CheckedTemplate:
        """Return the template of the body, which is checked before any transaction."""
        content = cast(TemplateInput, self.read_body(DashboardTemplateRequestSerializer))
        return check_new_template(content=content, created_by=self.membership)

    @extend_schema(parameters=[PROJECT_ID, *LIST_PARAMETERS])
    def list(self, request: Request, project_id: str) -> Response:
        """List templates.

        The list contains the templates of the project, of its organization and of global scope, including built-in
        templates. Featured templates come first.
        """
        query = TemplateQuery(
            search=self.query_text("search", SEARCH_MAX_LENGTH),
            scope=self.query_choice("scope", TemplateScope.values),
            is_featured=self.query_bool("is_featured"),
            ordering=self.query_choice("ordering", list(ORDERINGS)),
        )
        pages = LimitOffsetPagination()
        limit, offset = window = pages.get_window(request)
        count, rows = list_templates(self.project, viewer=self.membership, query=query, limit=limit, offset=offset)
        return Response(pages.build_page(request, window, count, rows))

    @extend_schema(
        parameters=[PROJECT_ID],
        request=describe_body(DashboardTemplateRequestSerializer),
        responses={201: DashboardTemplateSerializer},
    )
    def create(self, request: Request, project_id: str) -> Response:
        """Create a template.

        Only staff may use global scope. Only project admins may use organization scope or feature a template.
        """
        checked = self.new_template

        @atomic_with_retry
        def store() -> Response:
            template = create_template(self.project, checked=checked, created_by=self.membership)
            return Response(self._read(template.pk), status=201)

        return store()

    @extend_schema(parameters=[PROJECT_ID, TEMPLATE_ID], responses=DashboardTemplateSerializer)
    def retrieve(self, request: Request, project_id: str, id: str) -> Response:
        """Retrieve a template. Built-in templates have the same id on every server."""
        template = read_template(
            parse_uuid(id, DashboardTemplateNotFound), project=self.project, viewer=self.membership
        )
        return Response(template)

    @extend_schema(
        parameters=[PROJECT_ID, TEMPLATE_ID],
        request=describe_body(DashboardTemplateRequestSerializer),
        responses=DashboardTemplateSerializer,
    )
    def update(self, request: Request, project_id: str, id: str) -> Response:
        """Update a template with PUT. Like PATCH, PUT does not change fields that are not sent."""
        return self._change(id)

    @extend_schema(
        parameters=[PROJECT_ID, TEMPLATE_ID],
        request=describe_body(DashboardTemplateRequestSerializer),
        responses=DashboardTemplateSerializer,
    )
    def partial_update(self, request: Request, project_id: str, id: str) -> Response:
        """Update a template.

        Fields that are not sent stay as they are. `deleted: true` deletes the template, and `deleted: false` restores
        it. Built-in templates cannot be changed.
        """
        return self._change(id)

    def _change(self, id: str) -> Response:
        template_id = parse_uuid(id, DashboardTemplateNotFound)
        changes = cast(TemplateInput, self.read_body(DashboardTemplateRequestSerializer))
        project, caller = self.project, self.membership
        checked = check_template_changes(template_id, project=project, changes=changes, updated_by=caller)

        @atomic_with_retry
        def store() -> Response:
            update_template(template_id, project=project, checked=checked, updated_by=caller)
            return Response(self._read(template_id))

        return store()

    @extend_schema(
        parameters=[PROJECT_ID, TEMPLATE_ID],
        deprecated=True,  # the operation is always refused
        request=None,
        responses={405: OpenApiResponse(description="Always returned, without a response body.")},
    )
    def destroy(self, request: Request, project_id: str, id: str) -> Response:
        """Delete a template (not allowed).

        The operation always returns 405. Set `deleted` to `true` with PATCH instead.
        """
        return Response(status=405)

    @extend_schema(parameters=[PROJECT_ID], responses=OpenApiTypes.OBJECT)
    def json_schema(self, request: Request, project_id: str) -> Response:
        """Retrieve the schema of template documents.

        The response is a JSON Schema, which may be cached for two minutes.
        """
        answer = Response(TEMPLATE_SCHEMA)
        answer["Cache-Control"] = f"max-age={SCHEMA_MAX_AGE}"
        return answer

    def _read(self, template_id: uuid.UUID) -> dict[str, object]:
        """Return a template that was just written, deleted or not."""
        return read_template(template_id, project=self.project, viewer=self.membership, include_deleted=True)
