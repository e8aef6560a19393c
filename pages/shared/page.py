"""The page of a shared dashboard: what the reader of shared dashboards gives, laid out for people."""

from typing import NamedTuple

from dashboards.readers.rows import Row
from pages.components.tile_grid import TileDetails, TileGrid, build_tile_grid


class SharedPage(NamedTuple):
    """What the template of a shared page shows."""

    name: str
    description: str
    board: TileGrid
    theme: str
    has_header: bool
    has_footer: bool


def build_shared_page(shared: Row) -> SharedPage:
    """The page of what `read_shared` answered."""
    dashboard = shared["dashboard"]
    return SharedPage(
        name=dashboard["name"] or "Untitled dashboard",
        description=dashboard["description"],
        board=build_tile_grid(
            dashboard["tiles"],
            TileDetails(has_about=not shared.get("hideExtraDetails", False), has_data=shared.get("detailed", False)),
        ),
        theme=shared.get("theme", "system"),
        has_header=not shared.get("noHeader", False),
        has_footer=not shared.get("whitelabel", False),
    )
