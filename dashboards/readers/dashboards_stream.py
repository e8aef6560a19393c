"""A dashboard as a stream of events, so that clients can show the first tiles before they have read the last."""

from collections.abc import Iterator
from typing import Any

from dashboards.layout import sort_position
from dashboards.readers.rows import Row
from dashboards_api.db.fields import to_plain_json

# So many tiles come along with the dashboard.
FIRST_TILES = 2


def iter_events(dashboard: Row, breakpoint: str) -> Iterator[Row]:
    """`metadata` with the dashboard and its first tiles, a `tile` for each of the others, `complete`.

    Tiles come as they lie in the layout of the breakpoint (`sm` or `xs`).
    """
    tiles = sorted(dashboard["tiles"], key=lambda tile: _position(tile, breakpoint))
    yield {"type": "metadata", "dashboard": {**dashboard, "tiles": tiles[:FIRST_TILES]}}
    for tile in tiles[FIRST_TILES:]:
        yield {"type": "tile", "order": tile["order"], "tile": tile}
    yield {"type": "complete"}


def _position(tile: Row, breakpoint: str) -> tuple[Any, ...]:
    return *sort_position(to_plain_json(tile["layouts"]), breakpoint), tile["order"]
