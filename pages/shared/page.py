"""The page of a shared dashboard, built from the content that a reader returns."""

from datetime import datetime
from functools import partial
from typing import NamedTuple
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from dashboards.readers.shared import SharedDashboard
from dashboards_api.db.fields import dump_json, to_plain_json
from pages.components.date_ranges import describe_days, describe_range, parse_day
from pages.components.results import Clock, is_stale
from pages.components.tile_grid import UNTITLED, TileDetails, TileGrid, build_tile_grid
from queries.request_overrides import FILTERS_OVERRIDE, VARIABLES_OVERRIDE, RequestOverrides
from users.readers import Row

PREVIEW_MAX_LENGTH = 200


class Preview(NamedTuple):
    """The Open Graph metadata for link previews. It contains only strings that are also on the page."""

    title: str = "A dashboard"
    description: str = ""
    site_name: str = ""


class SharedPage(NamedTuple):
    """The context of the template of a shared page."""

    name: str
    description: str
    preview: Preview
    date_range: str
    computed_at: str  # the time of the oldest result in words, or an empty string
    tile_grid: TileGrid
    theme: str
    has_header: bool
    has_footer: bool


def list_result_states(shared: Row, now: datetime) -> list[str]:
    """Return the states of the results. The ETag includes them, because results become stale without a new version."""
    insights = list_insights(shared)
    return [f"{insight['result_state']}{'-stale' if is_stale(insight, now) else ''}" for insight in insights]


def list_insights(shared: Row) -> list[Row]:
    return [tile["insight"] for tile in shared["dashboard"]["tiles"] if tile["insight"]]


def build_shared_page(opened: SharedDashboard, shared: Row, now: datetime, path: str) -> SharedPage:
    """Return the page at a path. `shared` is the return value of `read_shared_dashboard`.

    The page contains times instead of ages, because browsers may cache the page.
    """
    dashboard, clock = shared["dashboard"], Clock(now, ZoneInfo(opened.time_zone))
    return SharedPage(
        name=dashboard["name"] or UNTITLED,
        description=dashboard["description"],
        preview=build_preview(shared),
        date_range=describe_date_range(shared),
        computed_at=describe_oldest_result(shared, clock),
        tile_grid=build_tile_grid(
            dashboard["tiles"],
            clock,
            TileDetails(
                has_about=not shared.get("hideExtraDetails", False),
                has_query_texts=shared.get("detailed", False),
                has_queries=not opened.hides_queries,
                get_file_link=partial(build_file_link, path, opened.overrides)
                if offers_files(opened, shared)
                else None,
            ),
        ),
        theme=shared.get("theme", "system"),
        has_header=not shared.get("noHeader", False),
        has_footer=not shared.get("whitelabel", False),
    )


def offers_files(opened: SharedDashboard, shared: Row) -> bool:
    """Return whether tiles have links to files. In a frame, the cookie for password-protected files may be missing."""
    return opened.offers_files and not (shared["type"] == "embed" and opened.is_locked)


def build_file_link(path: str, overrides: RequestOverrides, tile: Row, format: str) -> str:
    """Return the URL of a tile's result as a file, with the overrides that the page shows."""
    given = {FILTERS_OVERRIDE: overrides.filters, VARIABLES_OVERRIDE: overrides.variables}
    query = urlencode({name: dump_json(value) for name, value in given.items() if value})
    return f"{path}/tiles/{tile['id']}.{format}{'?' if query else ''}{query}"


def build_preview(shared: Row) -> Preview:
    """Return the preview of a link. For a page without a header, it contains neither name nor description."""
    site_name = "" if shared.get("whitelabel") else "dashboards-api"
    if shared.get("noHeader"):
        return Preview(site_name=site_name)
    dashboard = shared["dashboard"]
    description = " ".join((dashboard["description"] or "").split())
    if len(description) > PREVIEW_MAX_LENGTH:
        description = f"{description[: PREVIEW_MAX_LENGTH - 1]}\u2026"
    return Preview(dashboard["name"] or UNTITLED, description, site_name)


def describe_date_range(shared: Row) -> str:
    """Return the date range of a dashboard in words, and its days if all results have the same days."""
    filters = to_plain_json(shared["dashboard"]["filters"])
    label = describe_range(filters.get("date_from"), filters.get("date_to"))
    ranges = [insight["resolved_date_range"] for insight in list_insights(shared) if insight["resolved_date_range"]]
    days = {(parse_day(each.get("date_from")), parse_day(each.get("date_to"))) for each in ranges}
    first, last = days.pop() if len(days) == 1 else (None, None)
    resolved = describe_days(first, last) if first and last else ""
    return " · ".join(dict.fromkeys(filter(None, (label, resolved))))


def describe_oldest_result(shared: Row, clock: Clock) -> str:
    """Return the time of the oldest result of a page in words, or an empty string without results."""
    moments = [insight["last_refresh"] for insight in list_insights(shared) if insight["last_refresh"]]
    return clock.describe_exactly(min(moments)) if moments else ""
