"""The grid of tiles on shared pages and in the console."""

import base64
import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from django.utils.safestring import SafeString

from dashboards.layout import compute_placements, parse_number
from dashboards.packing import GridPlacement
from dashboards.readers.insight_files import FORMATS
from dashboards_api.db.fields import to_plain_json
from pages.components.charts import render_chart
from pages.components.markdown import render_texts
from pages.components.results import Clock, build_result_view
from queries.nodes import iter_nodes
from users.readers import Row

# The colors of tiles in the style sheet. Tiles of other colors are shown without a color.
COLORS = frozenset({"blue", "green", "purple", "red", "orange", "yellow", "pink", "gray", "black"})
# The fields that describe rows of SQL.
SQL_FIELDS = ("columns", "types", "hasMore", "timezone")
# The number of characters after which titles are truncated.
TITLE_LENGTH = 60
UNTITLED = "Untitled dashboard"
KIND_LABELS = {
    "TrendsQuery": "Trends",
    "FunnelsQuery": "Funnel",
    "RetentionQuery": "Retention",
    "PathsQuery": "Paths",
    "StickinessQuery": "Stickiness",
    "LifecycleQuery": "Lifecycle",
    "HogQLQuery": "SQL",
    "EventsQuery": "Events",
}


class TileView(NamedTuple):
    """A tile for the template. Exactly one of text, button and insight is set."""

    id: int
    title: str
    place: GridPlacement
    color: str
    is_bare: bool
    text: SafeString | None
    button: Row | None
    insight: Row | None


class TileGrid(NamedTuple):
    """Tiles, and the style sheet that places them."""

    tiles: list[TileView]
    style: str

    @property
    def queued(self) -> int:
        """Return the number of insights that are being computed."""
        return sum(tile.insight["state"].is_queued for tile in self.tiles if tile.insight)

    @property
    def has_gaps(self) -> bool:
        """Return whether a result is being computed and there is no older result to show."""
        states = [tile.insight["state"] for tile in self.tiles if tile.insight]
        return any(state.is_queued and not state.computed_at for state in states)

    @property
    def style_hash(self) -> str:
        """Return the hash of the style sheet as a source expression for the page's Content Security Policy."""
        return f"'sha256-{base64.b64encode(hashlib.sha256(self.style.encode()).digest()).decode()}'"


class TileDetails(NamedTuple):
    """The details of insights that a page shows."""

    has_about: bool = True  # descriptions, and kinds of queries
    has_query_texts: bool = True
    has_queries: bool = True  # queries, and their kinds
    get_file_link: Callable[[Row, str], str] | None = None  # the URL of a tile's result in a format


def build_tile_grid(
    tiles: list[Row],
    clock: Clock,
    details: TileDetails = TileDetails(),  # noqa: B008  a tuple is immutable
) -> TileGrid:
    """Return the grid of tiles from a reader."""
    tiles = to_plain_json(tiles)
    places = compute_placements([tile["layouts"] for tile in tiles])
    texts = iter(render_texts(tile["text"]["body"] or "" for tile in tiles if tile["text"]))
    views = [
        _build_tile(tile, place, next(texts) if tile["text"] else None, clock, details)
        for tile, place in zip(tiles, places, strict=True)
    ]
    return TileGrid(views, build_style(tiles, places))


def build_style(tiles: list[Row], places: list[GridPlacement]) -> str:
    """Return the placements of tiles as a style sheet: 12 columns on wide screens, one column on phones."""
    wide = "".join(
        f"#tile-{tile['id']}{{{_format_grid_area(place)}}}" for tile, place in zip(tiles, places, strict=True)
    )
    order = sorted(range(len(tiles)), key=lambda index: _get_narrow_position(tiles[index], places[index]))
    narrow = "".join(f"#tile-{tiles[index]['id']}{{order:{rank}}}" for rank, index in enumerate(order))
    return f"@media (min-width:48rem){{{wide}}}@media (max-width:47.99rem){{{narrow}}}"


def _format_grid_area(place: GridPlacement) -> str:
    x, y, width, height = place
    return f"grid-area:{y + 1}/{x + 1}/span {height}/span {width}"


def _get_narrow_position(tile: Row, place: GridPlacement) -> tuple[Any, ...]:
    y = parse_number((tile["layouts"].get("xs") or {}).get("y"))
    return (place[1] if y is None else y), place[1], place[0], tile["order"]


def _build_tile(
    tile: Row, place: GridPlacement, text: SafeString | None, clock: Clock, details: TileDetails
) -> TileView:
    return TileView(
        id=tile["id"],
        title=get_tile_title(tile),
        place=place,
        color=tile["color"] if tile["color"] in COLORS else "",
        is_bare=bool(tile["transparent_background"]),
        text=text,
        button=tile["button_tile"],
        insight=_build_insight(tile, clock, details) if tile["insight"] else None,
    )


def _build_insight(tile: Row, clock: Clock, details: TileDetails) -> Row:
    insight = tile["insight"]
    shows_description = details.has_about and tile["show_description"] is not False
    name = get_insight_name(insight)
    query = insight["query"]
    drawn_query = query or get_legacy_display(insight)
    chart = render_chart(get_drawn_result(insight), drawn_query, name, get_computed_at(insight, clock))
    shows_query = query and details.has_query_texts and details.has_queries
    return {
        "name": name,
        "chart": chart.picture if chart else None,
        "data": chart.data if chart else None,
        "description": insight["description"] if shows_description else None,
        "kind": get_kind_label(query) if details.has_about and details.has_queries else "",
        "query": json.dumps(query, indent=2, ensure_ascii=False) if shows_query else "",
        "state": build_result_view(insight, clock, is_damaged="error" in tile),
        "files": _list_files(tile, details) if chart else [],
    }


def _list_files(tile: Row, details: TileDetails) -> list[tuple[str, str]]:
    """Return the names and the URLs of the files that a page offers for a tile with a chart."""
    link = details.get_file_link
    return [(format.upper(), link(tile, format)) for format in FORMATS] if link else []


def get_computed_at(insight: Row, clock: Clock) -> datetime:
    """Return the time of the computation in the project's time zone. A cached page shows the state at that time."""
    refreshed = insight["last_refresh"]
    return (datetime.fromisoformat(refreshed) if refreshed else clock.now).astimezone(clock.zone)


def get_drawn_result(insight: Row) -> Any:
    """Return the result of an insight for a chart. Rows of SQL are combined with their columns."""
    if not insight["columns"]:
        return insight["result"]
    return {"results": insight["result"], **{name: insight[name] for name in SQL_FIELDS}}


def get_legacy_display(insight: Row) -> Row:
    """Return the display of an insight with legacy filters and without a query, in the form of a query."""
    filters = insight["filters"]
    return {"trendsFilter": {"display": filters.get("display")}} if isinstance(filters, dict) else {}


def get_insight_name(insight: Row) -> str:
    """Return the display name of an insight."""
    return insight["name"] or insight["derived_name"] or "Untitled insight"


def get_tile_title(tile: Row) -> str:
    """Return the title of a tile: the name of its insight, the label of its button, or the first line of its text."""
    if tile["text"]:
        lines = (line.lstrip("#*>- ").strip() for line in (tile["text"]["body"] or "").splitlines())
        return shorten_title(next(filter(None, lines), "Text"))
    return shorten_title(tile["button_tile"]["text"] if tile["button_tile"] else get_insight_name(tile["insight"]))


def shorten_title(title: str) -> str:
    """Truncate a title for sentences and labels. The cookie of a one-time message is too small for two full names."""
    return title if len(title) <= TITLE_LENGTH else f"{title[:TITLE_LENGTH]}…"


def get_kind_label(query: Any) -> str:
    """Return the display name of the kind of a query, or an empty string."""
    kinds = (node.get("kind") for node in iter_nodes(query))
    return next((KIND_LABELS[kind] for kind in kinds if isinstance(kind, str) and kind in KIND_LABELS), "")
