"""The contents of the panels on the page of a dashboard."""

from typing import Any

from dashboards.layout import compute_placements
from dashboards.models import RestrictionLevel
from dashboards.readers.collaborators import list_collaborators
from dashboards.readers.insights import InsightQuery, list_insights
from dashboards_api.db.fields import to_plain_json
from events.readers import list_property_definitions
from pages.components.tile_grid import get_insight_name, get_kind_label, get_tile_title
from pages.console.forms.dashboard_filters import describe_filters, read_filters
from pages.console.forms.date_range import list_presets
from pages.console.forms.merging import Values, dump_values
from pages.console.forms.properties import OPERATORS, TYPES, list_property_rows
from pages.console.sharing_form import read_settings
from pages.console.tile_forms import read_tile_settings
from queries.services.results import Results
from users.models import Membership, MembershipLevel, Project
from users.readers import Row

FOUND_INSIGHTS = 10
MAX_SUGGESTIONS = 1000
NO_RANGE = "Date range of each insight"
NO_RANGE_OF_TILE = "Date range of the dashboard or the insight"


def find_insights(membership: Membership, dashboard_id: int, search: str) -> dict[str, Any]:
    """Return the insights of the project that match the search of the panel, newest first."""
    count, rows = list_insights(
        membership.project,
        viewer=membership,
        query=InsightQuery(search=search),
        limit=FOUND_INSIGHTS,
        offset=0,
        results=Results(membership.project, characters_max=0),
    )
    found = [_describe_insight(row, dashboard_id) for row in to_plain_json(rows)]
    return {"search": search, "found": found, "more": max(0, count - len(found))}


def _describe_insight(row: Row, dashboard_id: int) -> Row:
    return {
        "id": row["id"],
        "name": get_insight_name(row),
        "kind": get_kind_label(row["query"]),
        "is_shown": dashboard_id in row["dashboards"],
    }


def find_tile(tiles: list[Row], tile_id: int, sent: Values) -> dict[str, Any]:
    """Return a tile with its stored settings and the values of the form, or an empty dictionary for an unknown tile.

    `sent` contains the values of a refused form, which replace the stored values.
    """
    places = compute_placements([tile["layouts"] for tile in tiles])
    for tile, place in zip(tiles, places, strict=True):
        if tile["id"] == tile_id:
            was = read_tile_settings(tile, place)
            values = {**was, **sent}
            presets = list_presets(values, NO_RANGE_OF_TILE)
            title = get_tile_title(tile)
            return {"tile": tile, "tile_title": title, "tile_was": was, "tile_values": values, "presets": presets}
    return {}


def describe_stored_filters(dashboard: Row) -> str:
    """Return the label of the filter panel."""
    return describe_filters(read_filters(to_plain_json(dashboard["filters"])), "Date range")


def build_filters_panel(project: Project, dashboard: Row, sent: Values | None) -> dict[str, Any]:
    """Return the fields of the filter panel: the refused input, or else the stored filters."""
    stored = read_filters(to_plain_json(dashboard["filters"]))
    values = stored if sent is None else sent
    return {
        "values": values,
        "filters_was": dump_values(stored),
        "presets": list_presets(values, NO_RANGE),
        "filters": list_property_rows(values),
        "types": TYPES,
        "operators": OPERATORS,
        "properties": list_property_names(project),
    }


def list_property_names(project: Project) -> list[str]:
    """Return the names of properties of events and persons, without duplicates."""
    found = [
        row["name"]
        for owner, _ in TYPES
        for row in list_property_definitions(project.pk, owner, search="", limit=MAX_SUGGESTIONS, offset=0)[1]
    ]
    return sorted(set(found))


def build_sharing_panel(sharing: Row) -> dict[str, Any]:
    """Return the sharing of a dashboard as plain JSON, and the checkboxes of its settings."""
    return {"sharing": sharing, "settings": read_settings(sharing["settings"])}


def build_access_panel(project: Project, dashboard: Row) -> dict[str, Any]:
    """Return the collaborators of a dashboard, the members who could become collaborators, and the possible levels."""
    collaborators = list_collaborators(dashboard["id"], project=project)
    creator = dashboard["created_by"]["id"] if dashboard["created_by"] else None
    members = project.memberships.filter(level=MembershipLevel.MEMBER, user__is_active=True).exclude(user=creator)
    taken = [each["user"]["id"] for each in collaborators]
    others = members.exclude(user__in=taken).select_related("user").order_by("user__email")
    return {
        "collaborators": collaborators,
        "candidates": [each.user for each in others],
        "levels": [
            (RestrictionLevel.EVERYONE_IN_PROJECT_CAN_EDIT, "Everyone in the project"),
            (
                RestrictionLevel.ONLY_COLLABORATORS_CAN_EDIT,
                "Only its creator, admins of the project, and the collaborators below",
            ),
        ],
    }
