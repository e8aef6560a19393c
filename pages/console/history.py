"""The history page of a dashboard, from which a version can be restored."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.utils.timezone import now

from dashboards.changelog.diff import SEPARATOR
from dashboards.exceptions import DashboardNotFound, InsightNotFound, VersionNotFound
from dashboards.models import PrivilegeLevel
from dashboards.readers.activity import list_dashboard_activity, read_version
from dashboards.readers.dashboards import read_dashboard_revision
from dashboards.readers.insights import read_insight, read_insight_names
from dashboards.services.version_restore import restore_version
from dashboards_api.db.fields import dump_json, to_plain_json
from dashboards_api.errors import ValidationFailed, VersionConflict
from dashboards_api.parsing import parse_id, parse_int
from pages.components.results import Clock
from pages.components.tile_grid import build_tile_grid, get_tile_title
from pages.console.base import ConsoleView
from pages.console.dashboard_forms import get_expected, write_and_offer_undo
from pages.console.history_sentences import describe_entry, find_insight_ids, group_by_session, quote
from users.models import Membership, Project
from users.readers import Row

CHANGED_SINCE = (
    "This dashboard has changed since you opened its history. You now see its latest version."
    " Restore again to continue."
)
# The number of changes that are shown for an entry, and the number of characters of a value.
CHANGES_SHOWN = 20
VALUE_SHOWN = 120


class HistoryView(ConsoleView):
    def get(self, request: HttpRequest, project_id: str, id: str) -> HttpResponse:
        return self.render_history(self.enter(project_id), parse_id(id, DashboardNotFound))

    def post(self, request: HttpRequest, project_id: str, id: str) -> HttpResponse:
        """Restore a version."""
        membership, number = self.enter(project_id), parse_id(id, DashboardNotFound)
        version = parse_int(request.POST.get("restore")) or 0
        try:
            left_out, undo = write_and_offer_undo(
                membership,
                number,
                lambda changes: restore_version(changes, number, project=membership.project, version=version),
                get_expected(request, membership, number),
            )
        except ValidationFailed as error:
            return self.render_history(membership, number, {"error": error.detail}, status=400)
        except VersionConflict:
            return self.render_history(membership, number, {"error": CHANGED_SINCE}, status=409)
        rest = " Some tiles could not be restored, because their insight is deleted." if left_out else ""
        return self.redirect_with_message(
            request.path.removesuffix("/history"), said=f"Restored version {version}.{rest}", undo=undo
        )

    def render_history(
        self, membership: Membership, number: int, context: dict[str, Any] | None = None, status: int = 200
    ) -> HttpResponse:
        project = membership.project
        versions, dashboard = read_dashboard_revision(number, project=project, viewer=membership)
        before = parse_int(self.request.GET.get("before"))
        entries, following = list_dashboard_activity(number, project=project, before=before)
        found = to_plain_json(entries)
        titles = find_titles(project, dashboard, found)
        rows = [{**entry, **build_activity_row(entry, titles)} for entry in found]
        around = {
            "project": project,
            "dashboard": dashboard,
            "sessions": group_by_session(rows),
            "current": None if before else next((row["version"] for row in rows if row["version"]), None),
            "next": following,
            "version": versions.revision,
            "may_edit": dashboard["effective_privilege_level"] >= PrivilegeLevel.CAN_EDIT,
        }
        return self.render_page("pages/console/history.html", {**around, **(context or {})}, status=status)


class VersionView(ConsoleView):
    """The preview of a version of a dashboard before a restore. Insights are shown in their current form."""

    def get(self, request: HttpRequest, project_id: str, id: str, version: str) -> HttpResponse:
        membership, number = self.enter(project_id), parse_id(id, DashboardNotFound)
        project = membership.project
        found = to_plain_json(read_version(number, parse_id(version, VersionNotFound), project=project))
        versions, dashboard = read_dashboard_revision(number, project=project, viewer=membership)
        tiles = build_version_tiles(found["state"], dashboard, membership)
        tile_grid = build_tile_grid(tiles, Clock(now(), ZoneInfo(project.timezone), has_ages=True))
        around = {
            "project": project,
            "dashboard": dashboard,
            "state": found["state"],
            "shown": found["version"],
            "when": datetime.fromisoformat(found["created_at"]),
            "tile_grid": tile_grid,
            "version": versions.revision,
            "can_restore": dashboard["effective_privilege_level"] >= PrivilegeLevel.CAN_EDIT,
        }
        response = self.render_page("pages/console/version.html", around)
        response._csp_update["style-src"] = [tile_grid.style_hash]  # type: ignore[attr-defined]  # of django-csp
        return response


def build_version_tiles(state: dict[str, Any], dashboard: Row, membership: Membership) -> list[Row]:
    """Return the tiles of a snapshot in the form that readers return. Deleted insights are left out."""
    shown = {tile["insight"]["id"]: tile["insight"] for tile in to_plain_json(dashboard["tiles"]) if tile["insight"]}
    rows = []
    for order, (id_, tile) in enumerate(state["tiles"].items()):
        insight = find_insight(tile.get("insight"), shown, membership)
        if tile.get("insight") is None or insight:
            content = {"text": tile.get("text"), "button_tile": tile.get("button_tile"), "insight": insight}
            rows.append({**_NO_DISPLAY, **tile, **content, "id": int(id_), "order": order})
    return rows


# The display fields that old snapshots may lack.
_NO_DISPLAY: Row = {"layouts": {}, "color": None, "show_description": None, "transparent_background": None}


def find_insight(insight_id: int | None, shown: dict[int, Row], membership: Membership) -> Row | None:
    """Return an insight of a snapshot, as shown on the dashboard if possible. Return None for a deleted insight."""
    if insight_id is None or insight_id in shown:
        return shown.get(insight_id or 0)
    try:
        insight: Row = to_plain_json(read_insight(insight_id, project=membership.project, viewer=membership))
    except InsightNotFound:
        return None
    return insight


def find_titles(project: Project, dashboard: Row, entries: list[dict[str, Any]]) -> dict[str, str]:
    """Return the titles of the current tiles, and of the tiles that were added or removed, by the ids of the tiles."""
    insights = find_insight_ids(entries)
    names = read_insight_names(project, set(insights.values()))
    removed = {tile: quote(names[insight]) for tile, insight in insights.items() if names.get(insight)}
    tiles = to_plain_json(dashboard["tiles"])
    return {**removed, **{str(tile["id"]): quote(get_tile_title(tile)) for tile in tiles}}


def build_activity_row(entry: dict[str, Any], titles: dict[str, str]) -> dict[str, Any]:
    """Return the additional fields of an activity entry for the page."""
    changes = entry["detail"]["changes"]
    return {
        "sentences": describe_entry(entry, titles),
        "who": describe_person(entry),
        "changes": [
            {
                "field": each["field"].replace(SEPARATOR, ", ").replace("_", " "),
                "before": truncate(each["before"]),
                "after": truncate(each["after"]),
            }
            for each in changes[:CHANGES_SHOWN]
        ],
        "more": max(0, len(changes) - CHANGES_SHOWN),
        "when": datetime.fromisoformat(entry["created_at"]),
    }


def truncate(value: Any) -> str:
    """Return a value before or after a change as a string, truncated to a line or two."""
    text = value if isinstance(value, str) and value else "nothing" if value is None else dump_json(value)
    return f"{text[:VALUE_SHOWN]}…" if len(text) > VALUE_SHOWN else text


def describe_person(entry: dict[str, Any]) -> str:
    """Return the name of the user who made a change, and the label of the API key, if one was used."""
    user, trigger = entry["user"], entry["detail"]["trigger"]
    if not user:
        return "Before the activity log" if entry["is_system"] else "Former member"
    name: str = user["first_name"] or user["email"]
    return f"{name}, with the key {trigger['payload']['label']}" if trigger else name
