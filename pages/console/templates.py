"""Dashboards from templates: the list of templates, and the form for the variables of a template."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from dashboards.changelog.tracking import perform_write
from dashboards.exceptions import DashboardTemplateNotFound
from dashboards.readers.templates import TemplateQuery, list_templates, read_template
from dashboards.services.dashboards import create_dashboard_from_template
from dashboards.template_documents.documents import Document
from dashboards.template_documents.placeholders import fill_template
from dashboards_api.db.fields import to_plain_json
from dashboards_api.errors import ValidationFailed
from dashboards_api.limits import SEARCH_MAX_LENGTH
from dashboards_api.parsing import parse_uuid
from events.readers import read_event_names
from pages.console.base import ConsoleView
from pages.console.board_panels import MAX_SUGGESTIONS
from pages.console.forms.merging import read_values
from pages.console.forms.template_variables import list_variable_fields, set_variables
from users.models import Membership

SHOWN = 100
NAME_MAX_LENGTH = 400
# The fields of a template from which a dashboard is created.
DOCUMENT = (
    "template_name",
    "dashboard_description",
    "dashboard_filters",
    "dashboard_variables",
    "breakdown_colors",
    "tags",
    "tiles",
    "variables",
)


class TemplatesView(ConsoleView):
    """The templates that a project can use: its own templates and the templates of the service."""

    def get(self, request: HttpRequest, project_id: str) -> HttpResponse:
        membership = self.enter(project_id)
        search = request.GET.get("search", "").replace("\0", "")[:SEARCH_MAX_LENGTH]
        query = TemplateQuery(search=search)
        count, rows = list_templates(membership.project, viewer=membership, query=query, limit=SHOWN, offset=0)
        around = {"project": membership.project, "templates": rows, "search": search, "more": max(0, count - len(rows))}
        return self.render_page("pages/console/templates.html", around)


class TemplateView(ConsoleView):
    """The form that creates a dashboard from a template."""

    filled: Document

    def get(self, request: HttpRequest, project_id: str, template_id: str) -> HttpResponse:
        membership = self.enter(project_id)
        return self.render_form(membership, self.find(membership, template_id))

    def find(self, membership: Membership, template_id: str) -> dict[str, Any]:
        """Return a template. Raises DashboardTemplateNotFound."""
        number = parse_uuid(template_id, DashboardTemplateNotFound)
        template: dict[str, Any] = to_plain_json(read_template(number, project=membership.project, viewer=membership))
        return template

    def prepare(self, request: HttpRequest, project_id: str, template_id: str) -> HttpResponse | None:
        """Fill the template before the transaction, because filling a template may be slow."""
        membership = self.enter(project_id)
        template = self.find(membership, template_id)
        document = {name: template[name] for name in DOCUMENT if template[name] is not None}
        try:
            sent = set_variables({**document, "variables": template["variables"]}, read_values(request.POST))
            self.filled = fill_template(sent, attr="", is_new=False)
        except ValidationFailed as error:
            return self.render_form(membership, template, {"error": error.detail}, status=400)
        return None

    def post(self, request: HttpRequest, project_id: str, template_id: str) -> HttpResponse:
        membership = self.enter(project_id)
        name = request.POST.get("name", "").strip()
        if len(name) > NAME_MAX_LENGTH:
            context = {"error": f"A name has at most {NAME_MAX_LENGTH} characters."}
            return self.render_form(membership, self.find(membership, template_id), context, status=400)
        template = {**self.filled, "template_name": name or self.filled["template_name"]}
        try:
            made = perform_write(
                lambda changes: create_dashboard_from_template(changes, membership.project, template=template).pk,
                lambda result, changes: result,
                actor=membership,
            )
        except ValidationFailed as error:
            return self.render_form(membership, self.find(membership, template_id), {"error": error.detail}, status=400)
        path = f"/projects/{membership.project_id}/dashboards/{made}"
        return self.redirect_with_message(path, said="Created the dashboard from the template.")

    def render_form(
        self,
        membership: Membership,
        template: dict[str, Any],
        context: dict[str, Any] | None = None,
        status: int = 200,
    ) -> HttpResponse:
        sent = read_values(self.request.POST)
        around = {
            "project": membership.project,
            "template": template,
            "name": sent.get("name", template["template_name"]),
            "fields": list_variable_fields(template, sent),
            "events": read_event_names(membership.project_id, MAX_SUGGESTIONS),
            "tile_count": len(template["tiles"]),
        }
        return self.render_page("pages/console/template.html", {**around, **(context or {})}, status=status)
