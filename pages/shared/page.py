"""Build the page of a shared dashboard from the content that a reader returns."""

from typing import NamedTuple

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


def build_shared_page(shared: Row) -> SharedPage:
    """Return the page of a result of `read_shared_dashboard`."""
    dashboard = shared["dashboard"]
    return SharedPage(
        name=dashboard["name"] or "Untitled dashboard",
        description=dashboard["description"],
        tile_grid=build_tile_grid(
            dashboard["tiles"],
            TileDetails(has_about=not shared.get("hideExtraDetails", False), has_data=shared.get("detailed", False)),
        ),
        theme=shared.get("theme", "system"),
        has_header=not shared.get("noHeader", False),
        has_footer=not shared.get("whitelabel", False),
    )
