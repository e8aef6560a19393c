"""The page of a dashboard with its panels. Several views show this page, and each handles the forms of some panels."""

from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.utils.timezone import now

from dashboards.models import ButtonPlacement, ButtonStyle, PrivilegeLevel
from dashboards.models.sharing_configuration import THEMES
from dashboards.readers.dashboards import DashboardVersions, read_dashboard_revision
from dashboards.readers.folders import list_dashboard_folders
from dashboards.readers.sharing import read_sharing
from dashboards.services.dashboards import update_last_accessed
from dashboards_api.db.fields import to_plain_json
from dashboards_api.limits import SEARCH_MAX_LENGTH
from dashboards_api.parsing import parse_int
from pages.components.reloading import PARAMETER, plan_reload
from pages.components.results import Clock
from pages.components.tile_grid import COLORS, TileDetails, TileGrid, build_tile_grid
from pages.console.base import ConsoleView
from pages.console.board_panels import (
    build_access_panel,
    build_filters_panel,
    build_sharing_panel,
    describe_stored_filters,
    find_insights,
    find_tile,
)
from pages.console.edit_form import build_fields
from pages.console.forms.insight_queries import list_kinds
from pages.console.tile_moves import build_move_panel
from queries.readers.results import MAX_PAGE_CHARACTERS
from queries.refresh import Refresh
from queries.services.results import RefreshRequest, Results
from users.models import Membership, Project
from users.readers import Row

CHANGED_SINCE = (
    "This dashboard has changed since you opened it. You now see its latest version. Save again to apply your changes."
)


# The choices of the fields of the panels.
CHOICES = {
    "themes": THEMES,
    "placements": ButtonPlacement.values,
    "styles": ButtonStyle.values,
    "colors": sorted(COLORS),
}


class BoardView(ConsoleView):
    """A view that shows the page of a dashboard."""

    def render_board(
        self, membership: Membership, number: int, context: dict[str, Any] | None = None, status: int = 200
    ) -> HttpResponse:
        """Return the page. The context may contain an open `panel`, an `error` with its `attr`, and a `draft`."""
        project, given = membership.project, context or {}
        results = Results(project, RefreshRequest(Refresh.LAZY_ASYNC), characters_max=MAX_PAGE_CHARACTERS)
        versions, dashboard = self.view_dashboard(number, membership, results)
        tile_grid = build_tiles(dashboard, project)
        panel = given.get("panel") or self.request.GET.get("panel", "")
        # A page that shows older results reloads automatically only after a refresh, because its forms may be in use.
        is_watched = PARAMETER in self.request.GET or tile_grid.has_gaps
        reload = plan_reload(self.request, is_automatic=is_watched and not panel)
        was, sharing = build_fields(dashboard), read_sharing(number, project=project, viewer=membership)
        around = {
            **CHOICES,
            **build_sharing_panel(to_plain_json(sharing)),
            "project": project,
            "path": f"/projects/{project.pk}/dashboards/{number}",
            "reload": reload,
            "dashboard": dashboard,
            "tile_grid": tile_grid,
            "may_edit": dashboard["effective_privilege_level"] >= PrivilegeLevel.CAN_EDIT,
            "base": self.base,
            "version": versions.revision,
            "folders": list_dashboard_folders(project),
            "was": was,
            "kinds": list_kinds(),
            "filters_label": describe_stored_filters(dashboard),
            **given,
            "panel": panel,
            "draft": {**was, **given.get("draft", {})},
            **self.open_panel(panel, membership, dashboard, given),
        }
        # The message is kept during automatic reloads, because it may offer to undo an action.
        response = self.render_page(
            "pages/console/dashboard.html", around, status, keeps_message=bool(reload.seconds and tile_grid.queued)
        )
        response._csp_update["style-src"] = [tile_grid.style_hash]  # type: ignore[attr-defined]  # of django-csp
        return response

    def view_dashboard(self, number: int, membership: Membership, results: Results) -> tuple[DashboardVersions, Row]:
        """Return a dashboard with its versions, and store the time of the view. Forms do not count as views."""
        found = read_dashboard_revision(number, project=membership.project, viewer=membership, results=results)
        if self.request.method == "GET":
            update_last_accessed(number, found[1]["last_accessed_at"])
        return found

    def open_panel(self, panel: str, membership: Membership, dashboard: Row, given: dict[str, Any]) -> dict[str, Any]:
        """Return the context of the open panel. No data is read for closed panels."""
        query = self.request.GET
        if panel == "add":
            search = query.get("search", "").replace("\0", "")[:SEARCH_MAX_LENGTH]
            return find_insights(membership, dashboard["id"], search)
        if panel == "tile":
            sent = given.get("sent", {})
            tile_id = parse_int(sent.get("tile") or query.get("tile")) or 0
            found = find_tile(to_plain_json(dashboard["tiles"]), tile_id, sent)
            return found and {**found, **build_move_panel(membership, dashboard["id"])}
        if panel == "filters":
            return build_filters_panel(membership.project, dashboard, given.get("filter_values"))
        return build_access_panel(membership.project, dashboard) if panel == "access" else {}


def build_tiles(dashboard: Row, project: Project) -> TileGrid:
    """Return the tiles of a dashboard, with links to their results as files."""
    clock = Clock(now(), ZoneInfo(project.timezone), has_ages=True)
    link = partial(build_file_link, project.pk, dashboard["id"])
    return build_tile_grid(dashboard["tiles"], clock, TileDetails(get_file_link=link))


def build_file_link(project_id: int, dashboard_id: int, tile: Row, format: str) -> str:
    """Return the URL of a tile's result as a file, with the filters and variables of this dashboard."""
    insight_id = tile["insight"]["id"]
    return f"/api/projects/{project_id}/insights/{insight_id}/export/?format={format}&from_dashboard={dashboard_id}"
