"""The page of a dashboard with its panels, which several views show: each answers the forms of some of them."""

from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.utils.timezone import now

from dashboards.layout import compute_placements
from dashboards.models import ButtonPlacement, ButtonStyle, PrivilegeLevel
from dashboards.models.sharing_configuration import THEMES
from dashboards.readers.dashboards import read_dashboard_revision
from dashboards.readers.folders import list_dashboard_folders
from dashboards.readers.insights import InsightQuery, list_insights
from dashboards.readers.sharing import read_sharing
from dashboards_api.db.fields import to_plain_json
from dashboards_api.limits import SEARCH_MAX_LENGTH
from dashboards_api.parsing import parse_int
from pages.components.reloading import PARAMETER, plan_reload
from pages.components.results import Clock
from pages.components.tile_grid import COLORS, build_tile_grid, get_insight_name, get_kind_label, get_tile_title
from pages.console.base import ConsoleView
from pages.console.edit_form import form_fields
from pages.console.forms.insight_queries import list_kinds
from pages.console.sharing_form import read_settings
from pages.console.tile_forms import read_tile_settings
from queries.readers.results import PAGE_CHARACTERS_MAX
from queries.refresh import Refresh
from queries.services.results import RefreshRequest, Results
from users.models import Membership
from users.readers import Row

CHANGED_SINCE = (
    "This dashboard has changed since you opened it. You now see its latest version: save again to apply your changes."
)
FOUND_INSIGHTS = 10


class BoardView(ConsoleView):
    """A view that shows the page of a dashboard."""

    def board(
        self, membership: Membership, number: int, context: dict[str, Any] | None = None, status: int = 200
    ) -> HttpResponse:
        """Return the page. The context may have an open `panel`, an `error` with its `attr`, and a `draft`."""
        project, given = membership.project, context or {}
        results = Results(project, RefreshRequest(Refresh.LAZY_ASYNC), characters_max=PAGE_CHARACTERS_MAX)
        versions, dashboard = read_dashboard_revision(number, project=project, viewer=membership, results=results)
        tile_grid = build_tile_grid(dashboard["tiles"], Clock(now(), ZoneInfo(project.timezone), has_ages=True))
        panel = given.get("panel") or self.request.GET.get("panel", "")
        # A page that shows older results loads itself only after a refresh: its forms may be in use.
        is_watched = PARAMETER in self.request.GET or tile_grid.has_gaps
        reload = plan_reload(self.request, is_automatic=is_watched and not panel)
        was = form_fields(dashboard)
        sharing = to_plain_json(read_sharing(number, project=project, viewer=membership))
        around = {
            "project": project,
            "path": f"/projects/{project.pk}/dashboards/{number}",
            "reload": reload,
            "dashboard": dashboard,
            "tile_grid": tile_grid,
            "may_edit": dashboard["effective_privilege_level"] >= PrivilegeLevel.CAN_EDIT,
            "sharing": sharing,
            "settings": read_settings(sharing["settings"]),
            "themes": THEMES,
            "base": self.base,
            "version": versions.revision,
            "folders": list_dashboard_folders(project),
            "was": was,
            "kinds": list_kinds(),
            "placements": ButtonPlacement.values,
            "styles": ButtonStyle.values,
            "colors": sorted(COLORS),
            **given,
            "panel": panel,
            "draft": {**was, **given.get("draft", {})},
        }
        if panel == "add":
            around |= self.find_insights(membership, number)
        if panel == "tile":
            around |= self.find_tile(to_plain_json(dashboard["tiles"]), given.get("sent", {}))
        # The message stays while the page loads itself again: it may offer to undo something.
        response = self.page(
            "pages/console/dashboard.html", around, status, keeps_message=bool(reload.seconds and tile_grid.queued)
        )
        response._csp_update["style-src"] = [tile_grid.style_hash]  # type: ignore[attr-defined]  # of django-csp
        return response

    def find_insights(self, membership: Membership, number: int) -> dict[str, Any]:
        """Return the insights of the project that match the search of the panel, the newest first."""
        search = self.request.GET.get("search", "").replace("\0", "")[:SEARCH_MAX_LENGTH]
        count, rows = list_insights(
            membership.project,
            viewer=membership,
            query=InsightQuery(search=search),
            limit=FOUND_INSIGHTS,
            offset=0,
            results=Results(membership.project, characters_max=0),
        )
        found = [describe_insight(row, number) for row in to_plain_json(rows)]
        return {"search": search, "found": found, "more": max(0, count - len(found))}

    def find_tile(self, tiles: list[Row], sent: dict[str, str]) -> dict[str, Any]:
        """Return the tile that the panel is about, with its settings, and those that were sent and refused."""
        wanted = parse_int(sent.get("tile") or self.request.GET.get("tile")) or 0
        places = compute_placements([tile["layouts"] for tile in tiles])
        for tile, place in zip(tiles, places, strict=True):
            if tile["id"] == wanted:
                was = read_tile_settings(tile, place)
                title = get_tile_title(tile)
                return {"tile": tile, "tile_title": title, "tile_was": was, "tile_values": {**was, **sent}}
        return {}


def describe_insight(row: Row, dashboard_id: int) -> Row:
    """Return an insight for the list of the panel."""
    return {
        "id": row["id"],
        "name": get_insight_name(row),
        "kind": get_kind_label(row["query"]),
        "is_shown": dashboard_id in row["dashboards"],
    }
