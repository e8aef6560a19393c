"""Build the page of a shared dashboard from the content that a reader returns."""

from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from dashboards.readers.shared import SharedDashboard
from pages.components.results import Clock, is_stale
from pages.components.tile_grid import TileDetails, TileGrid, build_tile_grid
from users.readers import Row


class SharedPage(NamedTuple):
    """The context of the template of a shared page."""

    name: str
    description: str
    tile_grid: TileGrid
    theme: str
    has_header: bool
    has_footer: bool


def list_result_states(shared: Row, now: datetime) -> list[str]:
    """Return the state of each result. It is a part of the ETag, since results become stale without a new version."""
    insights = [tile["insight"] for tile in shared["dashboard"]["tiles"] if tile["insight"]]
    return [f"{insight['result_state']}{'-stale' if is_stale(insight, now) else ''}" for insight in insights]


def build_shared_page(opened: SharedDashboard, shared: Row, now: datetime) -> SharedPage:
    """Return the page of a result of `read_shared_dashboard`. Browsers may keep it, so it has times instead of ages."""
    dashboard = shared["dashboard"]
    return SharedPage(
        name=dashboard["name"] or "Untitled dashboard",
        description=dashboard["description"],
        tile_grid=build_tile_grid(
            dashboard["tiles"],
            Clock(now, ZoneInfo(opened.time_zone)),
            TileDetails(
                has_about=not shared.get("hideExtraDetails", False),
                has_data=shared.get("detailed", False),
                has_queries=not opened.hides_queries,
            ),
        ),
        theme=shared.get("theme", "system"),
        has_header=not shared.get("noHeader", False),
        has_footer=not shared.get("whitelabel", False),
    )
