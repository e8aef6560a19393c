"""The page with the form of an insight: a new insight for a dashboard, or an insight that the dashboard shows."""

from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse

from dashboards.changelog.tracking import ChangeSet
from dashboards.exceptions import DashboardNotFound, InsightNotFound
from dashboards.input_validation import validate_insight_input
from dashboards.models import PrivilegeLevel
from dashboards.models.insight import INSIGHT_NAME_MAX_LENGTH
from dashboards.readers.dashboards import read_dashboard
from dashboards.readers.insights import read_insight
from dashboards.services.insights import create_insight, update_insight
from dashboards_api.db.fields import to_plain_json
from dashboards_api.errors import Forbidden, ValidationFailed
from dashboards_api.parsing import parse_id
from events.readers import read_event_names
from pages.components.tile_grid import TileGrid
from pages.console.base import ConsoleView
from pages.console.board_panels import MAX_SUGGESTIONS, list_property_names
from pages.console.dashboard_forms import write_and_offer_undo
from pages.console.forms import insight_queries as forms
from pages.console.forms.date_range import list_presets
from pages.console.forms.insight_queries import Kind, build_query, find_kind, find_kind_of_query, read_query
from pages.console.forms.merging import WAS, Values, dump_values, load_values, merge_values, read_values
from pages.console.forms.properties import OPERATORS, TYPES, list_property_rows
from pages.console.forms.query_parts import ALL_EVENTS, list_series_rows
from pages.console.preview import build_preview
from queries.refresh import Refresh
from queries.waiting import build_results, wait_for_results
from users.models import Membership, Project

NEW = "new"
CHANGED_SINCE = "Somebody changed this insight since you opened it. Save again to replace their changes."


class Editing(NamedTuple):
    """One request of the form, with the member, the dashboard and the insight. A new insight has no id."""

    membership: Membership
    dashboard_id: int
    insight_id: int | None
    kind: Kind | None
    query: dict[str, Any]
    stored: Values


class InsightView(ConsoleView):
    def get(self, request: HttpRequest, project_id: str, id: str, insight_id: str) -> HttpResponse:
        editing = self.find(project_id, id, insight_id)
        return self.render_form(editing, editing.stored)

    def post(self, request: HttpRequest, project_id: str, id: str, insight_id: str) -> HttpResponse:
        editing = self.find(project_id, id, insight_id)
        was = load_values(request.POST.get(WAS, ""))
        values, conflicts = merge_values(read_values(request.POST), was, editing.stored)
        try:
            query = build_query(editing.kind, values, editing.query) if editing.kind else None
            if request.POST.get("action") == "preview":
                return self.render_form(editing, values, was=was, query=query)
            if conflicts:
                return self.render_form(editing, values, {"error": CHANGED_SINCE}, status=409)
            return self.save(editing, values, query)
        except ValidationFailed as error:
            return self.render_form(editing, values, {"error": error.detail, "attr": error.attr}, was=was, status=400)

    def find(self, project_id: str, id: str, insight_id: str) -> Editing:
        """Return the dashboard and the insight of the path. Raises NotFound and Forbidden."""
        membership, number = self.enter(project_id), parse_id(id, DashboardNotFound)
        project = membership.project
        dashboard = read_dashboard(number, project=project, viewer=membership)
        if dashboard["effective_privilege_level"] < PrivilegeLevel.CAN_EDIT:
            raise Forbidden("You don't have edit permissions for this dashboard.")
        if insight_id == NEW:
            kind = find_kind(self.request.GET.get("kind", "trends")) or forms.list_kinds()[0]
            return Editing(membership, number, None, kind, {}, {"name": "", "description": "", **read_query(kind, {})})
        insight = to_plain_json(read_insight(parse_id(insight_id, InsightNotFound), project=project, viewer=membership))
        if number not in insight["dashboards"]:
            raise InsightNotFound
        query = insight["query"] or {}
        found = find_kind_of_query(query)
        texts = {"name": insight["name"], "description": insight["description"] or ""}
        return Editing(
            membership, number, insight["id"], found, query, {**texts, **(read_query(found, query) if found else {})}
        )

    def save(self, editing: Editing, values: Values, query: dict[str, Any] | None) -> HttpResponse:
        """Store the insight, and redirect to the dashboard. Only the changes of the user are written."""
        body: dict[str, Any] = {
            name: values[name] for name in ("name", "description") if values[name] != editing.stored[name]
        }
        if query is not None and query != editing.query:
            body["query"] = query
        if editing.kind and not editing.insight_id and not values["name"]:
            body["derived_name"] = forms.describe_values(editing.kind, values)[:INSIGHT_NAME_MAX_LENGTH]
        content = validate_insight_input(body if editing.insight_id else {**body, "saved": True})
        project, insight_id = editing.membership.project, editing.insight_id
        dashboard_id = editing.dashboard_id

        def work(changes: ChangeSet) -> int:
            if insight_id:
                update_insight(changes, insight_id, project=project, content=content)
                return insight_id
            return create_insight(changes, project, content={**content, "dashboards": [dashboard_id]}).pk

        number, undo = write_and_offer_undo(editing.membership, dashboard_id, work)
        tile_id = find_tile(editing.membership, dashboard_id, number)
        said = "Saved the insight." if insight_id else "Added the insight."
        path = f"/projects/{project.pk}/dashboards/{dashboard_id}"
        return self.redirect_with_message(f"{path}#tile-{tile_id}", said=said, undo=None if insight_id else undo)

    def render_form(
        self,
        editing: Editing,
        values: Values,
        context: dict[str, Any] | None = None,
        *,
        was: Values | None = None,
        query: dict[str, Any] | None = None,
        status: int = 200,
    ) -> HttpResponse:
        membership, kind = editing.membership, editing.kind
        project = membership.project
        preview = self.wait_for_preview(editing, values, query)
        around = {
            "project": project,
            "dashboard": read_dashboard(editing.dashboard_id, project=project, viewer=membership),
            "is_new": editing.insight_id is None,
            "kind": kind,
            "kinds": forms.list_kinds(),
            "values": values,
            "was": dump_values(editing.stored if was is None else was),
            "name_max": INSIGHT_NAME_MAX_LENGTH,
            "preview": preview,
            **(list_choices(project, kind, values) if kind else {}),
            **(context or {}),
        }
        return self.render_page("pages/console/insight.html", around, status=status)

    def wait_for_preview(self, editing: Editing, values: Values, query: dict[str, Any] | None) -> TileGrid | None:
        """Return the preview of a query, and make the request wait for its result."""
        shown = query if query is not None else editing.query
        if not shown:
            return None
        project = editing.membership.project
        results = build_results(self.request, project, Refresh.BLOCKING)
        preview = build_preview(project, shown, name=values["name"], results=results)
        wait_for_results(self.request, results)
        return preview


def list_choices(project: Project, kind: Kind, values: Values) -> dict[str, Any]:
    """Return the rows of a form, and the choices of its fields."""
    rows = {"series": list_series_rows(values, maximum=kind.series_max), "filters": list_property_rows(values)}
    names = {
        "events": [ALL_EVENTS, *read_event_names(project.pk, MAX_SUGGESTIONS)],
        "properties": list_property_names(project),
    }
    return {
        **rows,
        **names,
        "presets": list_presets(values, "Last 7 days (default)"),
        "maths": forms.MATHS,
        "intervals": forms.INTERVALS,
        "displays": forms.TRENDS_DISPLAYS,
        "sql_displays": forms.SQL_DISPLAYS,
        "periods": forms.PERIODS,
        "retention_types": forms.RETENTION_TYPES,
        "types": TYPES,
        "operators": OPERATORS,
    }


def find_tile(membership: Membership, dashboard_id: int, insight_id: int) -> int | None:
    """Return the id of the tile that shows an insight on a dashboard, or None if there is no tile."""
    insight = read_insight(insight_id, project=membership.project, viewer=membership)
    tiles = insight["dashboard_tiles"]
    return next((tile["id"] for tile in tiles if tile["dashboard_id"] == dashboard_id), None)
