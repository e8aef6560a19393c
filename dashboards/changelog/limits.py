"""How much a dashboard holds."""

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
    DASHBOARDS_OF_CONTENT_MAX,
    DESCRIPTION_MAX_LENGTH,
    INSIGHTS_MAX_LENGTH,
    JSON_FIELD_MAX_LENGTH,
    JSON_TOTAL_MAX_LENGTH,
    SMALL_INSIGHT,
    TAGS_MAX,
)

TILES_MAX = 1000


def check_tile_limits(dashboard_ids: Collection[int]) -> None:
    """See at once whether a dashboard became too full, and not when all is written down. Raises TooManyTiles."""
    tiles = Tile.objects.not_deleted().filter(dashboard__in=dashboard_ids).values("dashboard").annotate(n=Count("pk"))
    for snapshot in load_snapshots(list(tiles.filter(n__gt=TILES_MAX).values_list("dashboard", flat=True))):
        check_snapshot(snapshot)


def check_snapshot(snapshot: DashboardSnapshot) -> None:
    """Raises TooManyTiles and DashboardTooLarge. A dashboard that had too much already may keep it."""
    before = len(snapshot.previous["tiles"]) if snapshot.previous else 0
    if len(snapshot.current["tiles"]) > max(before, TILES_MAX):
        raise TooManyTiles(TILES_MAX)
    if snapshot.json_size > JSON_TOTAL_MAX_LENGTH:
        # As they would be written today, so that the blanks of another writer make no difference.
        size = _measure_json(snapshot.current)
        if size > max(_measure_json(snapshot.previous), JSON_TOTAL_MAX_LENGTH):
            raise DashboardTooLarge("free JSON", size=size, most=JSON_TOTAL_MAX_LENGTH)


def _measure_json(state: Snapshot | None) -> int:
    if state is None:
        return 0
    of_tiles = (tile[field] for tile in state[TILES].values() for field in FREE_JSON_OF_TILE)
    return sum(len(dump_json(value)) for value in (*(state[field] for field in FREE_JSON), *of_tiles))


def check_placements(contents: Mapping[ContentKind, Collection[Any]], attr: str | None = None) -> None:
    """Raises OnTooManyDashboards where one of these, which was placed just now, is on more dashboards than one may be.

    An answer names each tile that shows the content of a dashboard: without a limit it is the product of two numbers.
    """
    for kind, ids in contents.items():
        tiles = Tile.objects.not_deleted().filter(**{f"{kind}__in": ids})
        counts = tiles.order_by().values(kind).annotate(n=Count("pk")).filter(n__gt=DASHBOARDS_OF_CONTENT_MAX)
        if ids and counts.exists():
            raise OnTooManyDashboards(kind, DASHBOARDS_OF_CONTENT_MAX, attr)


def check_insight_sizes(insights: Collection[int], dashboards: Collection[int] | None = None) -> None:
    """Raises DashboardTooLarge where the insights of a dashboard are too large together, by one of these.

    `dashboards` are those that they came to; without it, all that show them are looked at. Small insights are never
    refused: all that a full dashboard has of them is bounded by their number.
    """
    large = Insight.objects.filter(pk__in=insights).annotate(size=_size()).filter(size__gt=SMALL_INSIGHT)
    ids = list(large.values_list("pk", flat=True)) if insights else []
    if not ids:
        return
    showing = Tile.objects.not_deleted().filter(insight__in=ids)
    if dashboards is not None:
        showing = showing.filter(dashboard__in=dashboards)
    found = Tile.objects.not_deleted().filter(dashboard__in=showing.values("dashboard"), insight__isnull=False)
    sizes = found.values("dashboard").annotate(size=Sum(_size("insight__"))).filter(size__gt=INSIGHTS_MAX_LENGTH)
    for row in sizes[:1]:
        raise DashboardTooLarge("queries of insights", size=row["size"], most=INSIGHTS_MAX_LENGTH)


def _size(prefix: str = "") -> Any:
    """How large an insight is, in characters, for a query."""
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
    """Raises TooLarge for a value that is larger than its field takes, and than the one before."""
    if (most := _TEXT_LIMITS.get(field)) is not None:
        size = len(after or "")
        if size > max(most, len(before or "")):
            raise TooLarge(field, size=size, most=most)
    elif (most := _JSON_LIMITS.get(field)) is not None:
        # As bytes it is never shorter than as characters, and measured fast.
        if len(orjson.dumps(after)) <= most:
            return
        size = len(dump_json(after))
        if size > max(most, len(dump_json(before))):
            raise TooLarge(field, size=size, most=most, as_json=True)


def check_size_at(path: str, field: str, value: Any) -> None:
    """The same for a new value below this path of a request."""
    try:
        check_size(field, None, value)
    except TooLarge as error:
        raise error.within(path) from error


def check_tags(before: Collection[str], after: Collection[str]) -> None:
    """Raises TooManyTags for more than one object has, and than it had."""
    if len(after) > max(TAGS_MAX, len(before)):
        raise TooManyTags(len(after), TAGS_MAX)
