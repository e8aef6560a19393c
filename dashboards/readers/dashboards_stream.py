"""Stream a dashboard as events, so that clients can show the first tiles before they receive the last tile."""

from collections.abc import Iterator
from typing import Any

from dashboards.layout import get_sort_position
from dashboards_api.db.fields import to_plain_json
from users.readers import Row

# The number of tiles in the first event.
FIRST_TILES = 2


def iter_events(dashboard: Row, breakpoint: str) -> Iterator[Row]:
    """Yield `metadata` with the dashboard and its first tiles, a `tile` event for each further tile, and `complete`.

    Tiles are in the order of the layout at the breakpoint (`sm` or `xs`).
    """
    tiles = sorted(dashboard["tiles"], key=lambda tile: _get_position(tile, breakpoint))
    yield {"type": "metadata", "dashboard": {**dashboard, "tiles": tiles[:FIRST_TILES]}}
    for tile in tiles[FIRST_TILES:]:
        yield {"type": "tile", "order": tile["order"], "tile": tile}
    yield {"type": "complete"}


def _get_position(tile: Row, breakpoint: str) -> tuple[Any, ...]:
    return *get_sort_position(to_plain_json(tile["layouts"]), breakpoint), tile["order"]
