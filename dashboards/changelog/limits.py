"""Limits on the number of tiles of a dashboard, and on the sizes of fields. Larger stored values may be kept."""

from collections.abc import Collection, Mapping
from typing import Any

import orjson
from django.db.models import Count, Sum, TextField, Value
from django.db.models.functions import Cast, Coalesce, Length

from dashboards.changelog.diff import TILES, Snapshot
from dashboards.changelog.snapshots import FREE_JSON, FREE_JSON_OF_TILE, DashboardSnapshot, load_snapshots
from dashboards.exceptions import DashboardTooLarge, OnTooManyDashboards, TooLarge, TooManyTags, TooManyTiles
from dashboards.models import Insight, Tile
from dashboards.models.tile import ContentKind
from dashboards_api.db.fields import dump_json
from dashboards_api.limits import (
    DESCRIPTION_MAX_LENGTH,
    INSIGHTS_MAX_LENGTH,
    JSON_FIELD_MAX_LENGTH,
    JSON_TOTAL_MAX_LENGTH,
    MAX_DASHBOARDS_OF_CONTENT,
    MAX_TAGS,
    SMALL_INSIGHT,
)

MAX_TILES_PER_DASHBOARD = 1000


def check_tile_limits(dashboard_ids: Collection[int]) -> None:
    """Check the tile limit early, before the activity log is written. Raises TooManyTiles and DashboardTooLarge."""
    tiles = Tile.objects.not_deleted().filter(dashboard__in=dashboard_ids).values("dashboard").annotate(n=Count("pk"))
    for snapshot in load_snapshots(
        list(tiles.filter(n__gt=MAX_TILES_PER_DASHBOARD).values_list("dashboard", flat=True))
    ):
        check_snapshot(snapshot)


def check_snapshot(snapshot: DashboardSnapshot) -> None:
    """Raise TooManyTiles or DashboardTooLarge for a dashboard that exceeds a limit and is larger than before."""
    before = len(snapshot.previous["tiles"]) if snapshot.previous else 0
    if len(snapshot.current["tiles"]) > max(before, MAX_TILES_PER_DASHBOARD):
        raise TooManyTiles(MAX_TILES_PER_DASHBOARD)
    if snapshot.json_size > JSON_TOTAL_MAX_LENGTH:
        # Measured without whitespace, which other programs may have stored.
        size = _measure_json(snapshot.current)
        if size > max(_measure_json(snapshot.previous), JSON_TOTAL_MAX_LENGTH):
            raise DashboardTooLarge("free JSON", size=size, most=JSON_TOTAL_MAX_LENGTH)


def _measure_json(snapshot: Snapshot | None) -> int:
    if snapshot is None:
        return 0
    of_tiles = (tile[field] for tile in snapshot[TILES].values() for field in FREE_JSON_OF_TILE)
    return sum(len(dump_json(value)) for value in (*(snapshot[field] for field in FREE_JSON), *of_tiles))


def check_placements(contents: Mapping[ContentKind, Collection[Any]], attr: str | None = None) -> None:
    """Raise OnTooManyDashboards if newly placed content is on more dashboards than allowed.

    A response names each tile that shows the content of a dashboard. Without this limit, the size of the response would
    be proportional to the product of the number of tiles and the number of dashboards.
    """
    for kind, ids in contents.items():
        tiles = Tile.objects.not_deleted().filter(**{f"{kind}__in": ids})
        counts = tiles.order_by().values(kind).annotate(n=Count("pk")).filter(n__gt=MAX_DASHBOARDS_OF_CONTENT)
        if ids and counts.exists():
            raise OnTooManyDashboards(kind, MAX_DASHBOARDS_OF_CONTENT, attr)


def check_insight_sizes(insights: Collection[int], dashboards: Collection[int] | None = None) -> None:
    """Raise DashboardTooLarge if the insights of a dashboard with one of the given insights are too large in total.

    `dashboards` are the dashboards to which the insights were added, by default all dashboards that show them. Small
    insights are never refused, because the tile limit bounds their total size.
    """
    large = (
        Insight.objects.filter(pk__in=insights).annotate(size=_build_size_expression()).filter(size__gt=SMALL_INSIGHT)
    )
    ids = list(large.values_list("pk", flat=True))
    if not ids:
        return
    showing = Tile.objects.not_deleted().filter(insight__in=ids)
    if dashboards is not None:
        showing = showing.filter(dashboard__in=dashboards)
    found = Tile.objects.not_deleted().filter(dashboard__in=showing.values("dashboard"), insight__isnull=False)
    sizes = (
        found.values("dashboard")
        .annotate(size=Sum(_build_size_expression("insight__")))
        .filter(size__gt=INSIGHTS_MAX_LENGTH)
    )
    for row in sizes[:1]:
        raise DashboardTooLarge("queries of insights", size=row["size"], most=INSIGHTS_MAX_LENGTH)


def _build_size_expression(prefix: str = "") -> Any:
    """Return an expression for the size of an insight, in characters."""
    total: Any = Value(0)
    for field in ("query", "filters", "description"):
        total = total + Coalesce(Length(Cast(f"{prefix}{field}", TextField())), 0)
    return total


_TEXT_LIMITS = dict.fromkeys(("description", "dashboard_description"), DESCRIPTION_MAX_LENGTH)
_FREE_JSON = (
    "filters",
    "variables",
    "breakdown_colors",
    "layouts",
    "filters_overrides",
    "query",
    "dashboard_filters",
    "dashboard_variables",
)
_JSON_LIMITS = {**dict.fromkeys(_FREE_JSON, JSON_FIELD_MAX_LENGTH), "tiles": JSON_TOTAL_MAX_LENGTH}


def check_size(field: str, before: Any, after: Any) -> None:
    """Raise TooLarge for a value that exceeds both the limit of its field and the size of the previous value."""
    if (most := _TEXT_LIMITS.get(field)) is not None:
        size = len(after or "")
        if size > max(most, len(before or "")):
            raise TooLarge(field, size=size, most=most)
    elif (most := _JSON_LIMITS.get(field)) is not None:
        # A fast check, since JSON has at least as many bytes as characters.
        if len(orjson.dumps(after)) <= most:
            return
        size = len(dump_json(after))
        if size > max(most, len(dump_json(before))):
            raise TooLarge(field, size=size, most=most, as_json=True)


def check_size_at(path: str, field: str, value: Any) -> None:
    """Raise TooLarge, with the field's path below `path`, for a new value that exceeds the limit of its field."""
    try:
        check_size(field, None, value)
    except TooLarge as error:
        raise error.add_path_prefix(path) from error


def check_tags(before: Collection[str], after: Collection[str]) -> None:
    """Raise TooManyTags if the number of tags exceeds both the limit and the previous number."""
    if len(after) > max(MAX_TAGS, len(before)):
        raise TooManyTags(len(after), MAX_TAGS)
