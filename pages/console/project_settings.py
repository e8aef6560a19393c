"""The page of the settings of a project, for its admins. It changes only the fields that the user changed."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse

from dashboards_api.errors import ValidationFailed
from dashboards_api.http.parsers import DisallowedJSON, MalformedJSON, load_json
from dashboards_api.parsing import parse_int
from pages.console.base import ConsoleView
from pages.console.edit_form import is_same_text
from users.models import Membership, Project, WeekStartDay
from users.services.project_settings import ProjectSettings, get_time_zones
from users.services.projects import check_may_update, update_project

FIELDS = ("name", "timezone", "week_start_day", "test_account_filters")


class ProjectSettingsView(ConsoleView):
    def get(self, request: HttpRequest, project_id: str) -> HttpResponse:
        membership = self.enter(project_id)
        check_may_update(membership)
        fields = build_fields(membership.project)
        return self.render_settings(membership, {"fields": fields, "was": fields})

    def post(self, request: HttpRequest, project_id: str) -> HttpResponse:
        membership = self.enter(project_id)
        check_may_update(membership)
        sent = {name: request.POST.get(name, "") for name in FIELDS}
        was = {name: request.POST.get(f"was-{name}") for name in FIELDS}
        try:
            edits = {name: text for name, text in sent.items() if not is_same_text(text, was[name])}
            update_project(membership, parse_settings(edits))
        except ValidationFailed as error:
            attr, _, rest = (error.attr or "").partition("__")
            place = f"Filter {(parse_int(rest.partition('__')[0]) or 0) + 1}: " if rest else ""
            context = {"fields": sent, "was": was, "attr": attr, "error": f"{place}{error.detail}"}
            return self.render_settings(membership, context, status=400)
        return self.redirect_with_message(request.path, is_changed=True)

    def render_settings(self, membership: Membership, context: dict[str, Any], status: int = 200) -> HttpResponse:
        around = {"project": membership.project, "week_days": WeekStartDay, "time_zones": get_time_zones()}
        return self.render_page("pages/console/project_settings.html", {**around, **context}, status=status)


def build_fields(project: Project) -> dict[str, str]:
    """Return the fields of the form for a project."""
    return {
        "name": project.name,
        "timezone": project.timezone,
        "week_start_day": str(project.week_start_day),
        "test_account_filters": json.dumps(project.test_account_filters, indent=2, ensure_ascii=False),
    }


def parse_settings(edits: dict[str, str]) -> ProjectSettings:
    """Return the settings in the fields of the form. Raises ValidationFailed."""
    settings: ProjectSettings = {}
    if "name" in edits:
        settings["name"] = edits["name"].strip()
    if "timezone" in edits:
        settings["timezone"] = edits["timezone"].strip()
    if "week_start_day" in edits:
        number = parse_int(edits["week_start_day"])
        settings["week_start_day"] = -1 if number is None else number
    if "test_account_filters" in edits:
        settings["test_account_filters"] = parse_filters(edits["test_account_filters"])
    return settings


def parse_filters(text: str) -> list[Any]:
    """Return the JSON list in a string, or an empty list for an empty string. Raises ValidationFailed."""
    attr = "test_account_filters"
    try:
        filters = load_json(text) if text.strip() else []
    except MalformedJSON as error:
        raise ValidationFailed(f"This is not valid JSON: {error}.", attr=attr) from error
    except DisallowedJSON as error:
        raise ValidationFailed(error.detail, attr=attr) from error
    if not isinstance(filters, list):
        raise ValidationFailed("This must be a JSON list of property filters.", attr=attr)
    return filters
