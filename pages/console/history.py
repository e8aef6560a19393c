"""The history page of a dashboard, from which a version can be restored."""

from collections import Counter
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse

from dashboards.changelog.diff import SEPARATOR, SHARING, TILES
from dashboards.exceptions import DashboardNotFound
from dashboards.models import PrivilegeLevel
from dashboards.readers.activity import list_dashboard_activity
from dashboards.readers.dashboards import read_dashboard_revision
from dashboards.services.version_restore import restore_version
from dashboards_api.db.fields import dump_json, to_plain_json
from dashboards_api.errors import ValidationFailed, VersionConflict
from dashboards_api.parsing import parse_id, parse_int
from pages.console.base import ConsoleView
from pages.console.dashboard_forms import redirect_to_dashboard, write_dashboard
from users.models import Membership

CHANGED_SINCE = (
    "This dashboard has changed since you opened its history. You now see its latest version: restore again to go on."
)
# The number of changes shown of an entry, and the characters of a value.
CHANGES_SHOWN = 20
VALUE_SHOWN = 120
# The words for changes of tiles.
_TILE_WORDS = {"created": "added", "deleted": "removed", "changed": "changed"}


class HistoryView(ConsoleView):
    def get(self, request: HttpRequest, project_id: str, id: str) -> HttpResponse:
        return self.history(self.enter(project_id), parse_id(id, DashboardNotFound))

    def post(self, request: HttpRequest, project_id: str, id: str) -> HttpResponse:
        """Restore a version."""
        membership, number = self.enter(project_id), parse_id(id, DashboardNotFound)
        version = parse_int(request.POST.get("restore")) or 0
        try:
            write_dashboard(
                request,
                membership,
                number,
                lambda changes: restore_version(changes, number, project=membership.project, version=version),
            )
        except ValidationFailed as error:
            return self.history(membership, number, {"error": error.detail}, status=400)
        except VersionConflict:
            return self.history(membership, number, {"error": CHANGED_SINCE}, status=409)
        return redirect_to_dashboard(membership, number)

    def history(
        self, membership: Membership, number: int, context: dict[str, Any] | None = None, status: int = 200
    ) -> HttpResponse:
        project = membership.project
        versions, dashboard = read_dashboard_revision(number, project=project, viewer=membership)
        before = parse_int(self.request.GET.get("before"))
        entries, following = list_dashboard_activity(number, project=project, before=before)
        rows = [{**entry, **activity_row(entry)} for entry in to_plain_json(entries)]
        around = {
            "project": project,
            "dashboard": dashboard,
            "entries": rows,
            "current": None if before else next((row["version"] for row in rows if row["version"]), None),
            "next": following,
            "version": versions.revision,
            "may_edit": dashboard["effective_privilege_level"] >= PrivilegeLevel.CAN_EDIT,
        }
        return self.page("pages/console/history.html", {**around, **(context or {})}, status=status)


def activity_row(entry: dict[str, Any]) -> dict[str, Any]:
    """Return the fields that the page shows of an activity entry, besides the entry itself."""
    changes = entry["detail"]["changes"]
    return {
        "summary": summarize_changes(changes) or ("Details" if changes else ""),
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
    """Return a value before or after a change, shortened to a line or two."""
    text = value if isinstance(value, str) and value else "nothing" if value is None else dump_json(value)
    return f"{text[:VALUE_SHOWN]}…" if len(text) > VALUE_SHOWN else text


def summarize_changes(changes: list[dict[str, Any]]) -> str:
    """Return a short summary of changes: `name, tags; 2 tiles changed`."""
    fields: list[str] = []
    tiles: dict[str, str] = {}
    for each in changes:
        field, *rest = each["field"].split(SEPARATOR)
        if field == TILES:
            # A change of one field of a tile is a change of the tile, whatever happened to the field.
            tiles[rest[0]] = _TILE_WORDS[each["action"] if len(rest) == 1 else "changed"]
        elif field == SHARING and rest[0] != "enabled":
            fields.append(rest[0].replace("_", " "))
        elif field != SHARING:
            fields.append(field.replace("_", " "))
    counts = Counter(tiles.values())
    parts = [", ".join(dict.fromkeys(fields))] if fields else []
    return "; ".join(parts + [f"{count} tile{'s' if count > 1 else ''} {word}" for word, count in counts.items()])
