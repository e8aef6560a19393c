"""What the log tells of texts and buttons that were changed, on every dashboard that shows them.

What these dashboards show beside that has not changed: it is neither read nor compared.
"""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from django.db.models import F, Q

from dashboards.changelog.diff import TILES, Change, Snapshot, build_change
from dashboards.exceptions import TooManyTilesChanged
from dashboards.models import Button, Text, Tile
from dashboards.tracked_fields import BUTTON_FIELDS, TEXT_FIELDS

# The tiles on other dashboards that one request may change by the content that they show.
TILES_CHANGED_MAX = 10_000

# The kind of content in the API ("text" or "button_tile") and its id.
ContentKey = tuple[str, Any]


class ChangedContent(NamedTuple):
    """A text or a button, and what it was."""

    content: Text | Button
    before: Snapshot


def content_key(content: Text | Button) -> ContentKey:
    return ("text" if isinstance(content, Text) else "button_tile"), content.pk


def build_content_snapshot(content: Text | Button) -> Snapshot:
    """The fields of a text or a button that history compares."""
    fields = TEXT_FIELDS if isinstance(content, Text) else BUTTON_FIELDS
    return {field: getattr(content, field) for field in fields}


def find_content_changes(
    dashboard_ids: Collection[int], contents: Mapping[ContentKey, ChangedContent]
) -> dict[int, list[Change]]:
    """By dashboard, what changed on these by these contents. Raises TooManyTilesChanged."""
    changed = {key: each for key, each in contents.items() if each.before != build_content_snapshot(each.content)}
    ids = {kind: [id_ for each, id_ in changed if each == kind] for kind in ("text", "button_tile")}
    tiles = (
        Tile.objects.filter(Q(text__in=ids["text"]) | Q(button__in=ids["button_tile"]), dashboard__in=dashboard_ids)
        .filter(Q(deleted=False) | Q(deletion_id=F("dashboard__deletion_id")))
        .order_by("dashboard", "pk")
        .values_list("dashboard", "pk", "text", "button")
    )
    rows = list(tiles[: TILES_CHANGED_MAX + 1])
    if len(rows) > TILES_CHANGED_MAX:
        raise TooManyTilesChanged(TILES_CHANGED_MAX)
    found: dict[int, list[Change]] = {}
    for dashboard_id, tile_id, text_id, button_id in rows:
        key = ("text", text_id) if text_id is not None else ("button_tile", button_id)
        found.setdefault(dashboard_id, []).append(_change(tile_id, key, changed[key]))
    return found


def _change(tile_id: int, key: ContentKey, changed: ChangedContent) -> Change:
    kind, id_ = key
    own = {"id": id_ if kind == "text" else str(id_)}
    after = build_content_snapshot(changed.content)
    return build_change("Tile", [TILES, str(tile_id), kind], {**own, **changed.before}, {**own, **after})
