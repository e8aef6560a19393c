"""The page of a shared dashboard: what the reader of shared dashboards gives, laid out for people."""

from typing import NamedTuple

from dashboards.readers.dashboard_tiles import Row
from pages.boards import Board, Details, board_of


class SharedPage(NamedTuple):
    """What the template of a shared page shows."""

    name: str
    description: str
    board: Board
    theme: str
    has_header: bool
    has_footer: bool


def shared_page(shared: Row) -> SharedPage:
    """The page of what `read_shared` answered."""
    dashboard = shared["dashboard"]
    return SharedPage(
        name=dashboard["name"] or "Untitled dashboard",
        description=dashboard["description"],
        board=board_of(
            dashboard["tiles"],
            Details(has_about=not shared.get("hideExtraDetails", False), has_data=shared.get("detailed", False)),
        ),
        theme=shared.get("theme", "system"),
        has_header=not shared.get("noHeader", False),
        has_footer=not shared.get("whitelabel", False),
    )
