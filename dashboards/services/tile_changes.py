"""The partial upsert of the tiles of a dashboard, which is built in memory and saved in a few statements."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db.models import Model, Q
from django.utils import timezone

from dashboards.changelog.activity_log import build_content_snapshot
from dashboards.changelog.limits import check_placements
from dashboards.changelog.tracking import ChangeSet
from dashboards.exceptions import (
    ContentNotOnDashboard,
    DuplicateTile,
    InsightNotInProject,
    TileNotOnDashboard,
    TooLarge,
)
from dashboards.layout import check_layouts
from dashboards.models import Button, Dashboard, Insight, Text, Tile
from dashboards.services.inputs import ButtonInput, DisplayInput, TextInput, TileInput
from dashboards.services.rows import (
    assign_changed_fields,
    assign_display_fields,
    check_contents_edit_permission,
    group_contents,
    update_rows,
)
from dashboards.tracked_fields import BUTTON_FIELDS, TILE_FIELDS
from dashboards_api.errors import ValidationFailed


def change_tiles(
    changes: ChangeSet,
    dashboard: Dashboard,
    items: Sequence[TileInput],
    *,
    refuse_unknown: bool = False,
    from_history: bool = False,
) -> list[str]:
    """Apply a partial upsert to a locked dashboard. Items with an id change tiles, and items without an id add tiles.

    Other tiles are not changed. Return the paths of the input that had no effect. Raises TileNotOnDashboard,
    ContentNotOnDashboard, InsightNotInProject, DuplicateTile, ValidationFailed, and Forbidden for content that the
    member may not edit. `from_history` means that the items come from a snapshot, so limits do not apply.
    """
    if not items:
        return []
    named = _find_insights_to_add(items)
    of_dashboard = Tile.objects.on_dashboard(dashboard).select_related("text", "button")
    unread = {"layouts", "filters_overrides"}.difference(*items)  # the free JSON that no item changes
    tiles = list(of_dashboard.filter(_select_named_tiles(items, named)).defer(*unread))
    insights = Insight.objects.in_project(dashboard.project).not_deleted().in_bulk(named) if named else {}
    # Otherwise, a member could edit content by putting it on a dashboard or restoring its tile.
    placed = group_contents(_find_tiles_to_restore(items, tiles))
    placed["insight"] |= insights.keys()
    placed = {kind: ids for kind, ids in placed.items() if ids}
    for kind, ids in placed.items():
        check_contents_edit_permission(kind, ids, changes.actor)
    upsert = TileUpsert(changes, dashboard, tiles=tiles, insights=insights, from_history=from_history)
    for index, item in enumerate(items):
        try:
            upsert.apply(index, item)
        except TooLarge as error:
            raise error.add_path_prefix(f"tiles__{index}") from error
    if upsert.skipped and refuse_unknown:
        raise TileNotOnDashboard(upsert.skipped[0])
    upsert.save()
    if placed:
        check_placements(placed, attr="tiles")
    return upsert.ignored


def _find_insights_to_add(items: Iterable[TileInput]) -> set[int]:
    """Return the ids of the insights that items without a tile id name."""
    return {item["insight"] for item in items if item.get("id") is None and item.get("insight") is not None}  # type: ignore[misc]  # checked for None just before


def _select_named_tiles(items: Iterable[TileInput], insights: set[int]) -> Q:
    """Return a condition for the tiles that items name, by their own ids or by the ids of their content."""
    named: dict[str, set[Any]] = {"pk": set(), "insight": insights, "text": set(), "button": set()}
    for item in items:
        named["pk"].add(item.get("id"))
        named["text"].add((item.get("text") or {}).get("id"))
        named["button"].add((item.get("button_tile") or {}).get("id"))
    found = Q(pk__in=named.pop("pk") - {None})
    for column, ids in named.items():
        found |= Q(**{f"{column}__in": ids - {None}})
    return found


def _find_tiles_to_restore(items: Iterable[TileInput], tiles: Iterable[Tile]) -> list[Tile]:
    """Return the removed tiles whose ids are in items with `deleted: false`."""
    restored = {item["id"] for item in items if item.get("id") is not None and item.get("deleted") is False}
    return [tile for tile in tiles if tile.deleted and tile.pk in restored]


def _has_content(item: TileInput) -> bool:
    """Return whether an item has content of any kind."""
    return any(item.get(kind) is not None for kind in ("insight", "text", "button_tile"))


def insert_tiles(changes: ChangeSet, tiles: list[Tile]) -> None:
    """Insert new tiles together with their new content, each kind in one statement."""
    shown = [tile.insight for tile in tiles if tile.insight is not None]
    insights = [insight for insight in shown if insight.pk is None]
    Insight.objects.bulk_create(insights)
    changes.record_created_insights(insights)
    Text.objects.bulk_create([tile.text for tile in tiles if tile.text])
    Button.objects.bulk_create([tile.button for tile in tiles if tile.button])
    Tile.objects.bulk_create(tiles)


class TileUpsert:
    """An upsert of tiles. `apply` changes one tile in memory. `save` writes all changes, each kind in one statement.

    `tiles` contains the tiles that the items name, including removed tiles. `ignored` collects the paths of the input
    that had no effect. Items from history may name a tile twice.
    """

    def __init__(
        self,
        changes: ChangeSet,
        dashboard: Dashboard,
        *,
        tiles: Iterable[Tile],
        insights: dict[int, Insight],
        from_history: bool = False,
    ) -> None:
        self.changes = changes
        self.dashboard = dashboard
        self.insights = insights
        self.from_history = from_history
        self.now: datetime = timezone.now()
        self.tiles = {tile.pk: tile for tile in tiles}
        self.new: list[Tile] = []
        self.changed: dict[Tile | Text | Button, set[str]] = {}
        self.named: set[int] = set()  # `id()` of the rows that items named, because new rows have no primary key
        self.places_tiles = False
        self.skipped: list[int] = []
        self.ignored: list[str] = []

    @cached_property
    def by_content(self) -> dict[tuple[str, Any], Tile]:
        """Return the tiles by the column of their content and its id."""
        return {content: tile for tile in self.tiles.values() for content in tile.content.items()}

    def apply(self, index: int, item: TileInput) -> None:
        """Apply one item. Raises TooLarge, and the exceptions of `change_tiles`."""
        tile_id = item.get("id")
        if tile_id is None:
            self._add_or_change(index, item)
            return
        tile = self.tiles.get(tile_id)
        # A removed tile is found only by an item that contains `deleted`.
        if tile is None or (tile.deleted and "deleted" not in item):
            if _has_content(item):
                raise TileNotOnDashboard(index, "id")
            self._skip(index)
        else:
            if "insight" in item or "insight_id" in item:
                self._ignore_other_insights(index, item, tile.insight_id)
            self._check_named_once(tile, f"tiles__{index}__id")
            self._change(index, tile, item)

    def save(self) -> None:
        """Write all changes, and record them."""
        if self.new or self.places_tiles:
            self.changes.record_tiles(self.dashboard)
        elif self.changed:
            self.changes.record_dashboard(self.dashboard)
        if self.new:
            insert_tiles(self.changes, self.new)
        alike: dict[tuple[type[Model], frozenset[str]], list[Any]] = {}
        for row, columns in self.changed.items():
            alike.setdefault((type(row), frozenset(columns)), []).append(row)
        for (_, names), rows in alike.items():
            update_rows(rows, sorted(names))

    def _skip(self, index: int) -> None:
        self.skipped.append(index)
        self.ignored.append(f"tiles__{index}")

    def _add_or_change(self, index: int, item: TileInput) -> None:
        insight_id = item.get("insight")
        if insight_id is not None and insight_id not in self.insights:
            raise InsightNotInProject(index)
        self._ignore_other_insights(index, item, insight_id)
        tile, attr = self._find_tile_by_content(item)
        if tile:  # adding an insight again restores its tile
            self._check_named_once(tile, f"tiles__{index}__{attr}")
            self._change(index, tile, {**item, "deleted": item.get("deleted", False)})
        elif item.get("deleted"):
            self._skip(index)  # a new tile with `deleted: true`
        else:
            self._add(index, item)

    def _add(self, index: int, item: TileInput) -> None:
        tile = Tile(project_id=self.dashboard.project_id, dashboard=self.dashboard)
        if (insight_id := item.get("insight")) is not None:
            tile.insight = self.insights[insight_id]
            self.by_content["insight_id", insight_id] = tile
            self.named.add(id(tile))
        elif (text := item.get("text")) is not None:
            tile.text = Text(body=text["body"] or "", **self._build_author_fields())
        elif (button := item.get("button_tile")) is not None:
            given = {field: button[field] for field in BUTTON_FIELDS if field in button}  # type: ignore[literal-required]  # names of ButtonInput
            tile.button = Button(**given, **self._build_author_fields())
        self._assign_display(index, tile, item)
        self.new.append(tile)

    def _build_author_fields(self) -> dict[str, Any]:
        return {
            "project_id": self.dashboard.project_id,
            "created_by_id": self.changes.actor.user_id,
            "last_modified_at": self.now,
        }

    def _find_tile_by_content(self, item: TileInput) -> tuple[Tile | None, str]:
        """Return the tile with the content that an item names by its id, or None, and the path of that id.

        Texts and buttons are looked up only among live tiles, insights also among removed tiles.
        """
        for kind in ("text", "button_tile"):
            content: Any = item.get(kind)
            if content is not None and content.get("id") is not None:
                return self._get_live_tile(kind, content["id"]), f"{kind}__id"
        return self.by_content.get(("insight_id", item.get("insight"))), "insight"

    def _get_live_tile(self, kind: str, content_id: Any) -> Tile:
        tile = self.by_content.get(("text_id" if kind == "text" else "button_id", content_id))
        if tile is None or tile.deleted:
            raise ContentNotOnDashboard(kind)
        return tile

    def _ignore_other_insights(self, index: int, item: TileInput, insight_id: int | None) -> None:
        """Add the paths of other insights to `ignored`, because the insight of a tile cannot be replaced."""
        if item.get("insight") not in (None, insight_id):
            self.ignored.append(f"tiles__{index}__insight")
        if item.get("insight_id") not in (None, insight_id):
            self.ignored.append(f"tiles__{index}__insight_id")

    def _check_named_once(self, row: Tile | Text | Button, attr: str) -> None:
        """Raise DuplicateTile if an earlier item changes the same row, because its changes would be lost silently."""
        if id(row) in self.named and not self.from_history:
            raise DuplicateTile(attr)
        self.named.add(id(row))

    def _change(self, index: int, tile: Tile, item: TileInput) -> None:
        columns: list[str] = []
        if "deleted" in item and tile.deleted != item["deleted"]:
            tile.set_deleted(item["deleted"])
            self.places_tiles = True
            columns += ["deleted", "deletion_id"]
        if (text := item.get("text")) is not None:
            self._edit_text(index, tile, text)
        if (button := item.get("button_tile")) is not None:
            self._edit_button(index, tile, button)
        if not item.keys().isdisjoint(TILE_FIELDS):
            columns += self._assign_display(index, tile, item)
        if columns and tile.pk is not None:
            self.changed.setdefault(tile, set()).update(columns)

    def _assign_display(self, index: int, tile: Tile, item: DisplayInput) -> list[str]:
        if "layouts" in item and not self.from_history:
            check_layouts(item["layouts"], tile.layouts, f"tiles__{index}__layouts")
        return assign_display_fields(tile, item)

    def _edit_text(self, index: int, tile: Tile, values: TextInput) -> None:
        text_id = values.get("id")
        text = tile.text if text_id in (None, tile.text_id) else self._get_live_tile("text", text_id).text
        if text is None:
            raise ValidationFailed("This tile does not show a text.", attr="text")
        self._check_named_once(text, f"tiles__{index}__text__id")
        if values.get("body", "") is None and text.body is not None:
            values = {"body": ""}  # null is no longer stored, but a null of an earlier release may be sent back
        self._edit(text, values)

    def _edit_button(self, index: int, tile: Tile, values: ButtonInput) -> None:
        button_id = values.get("id")
        is_own = button_id in (None, tile.button_id)
        button = tile.button if is_own else self._get_live_tile("button_tile", button_id).button
        if button is None:
            raise ValidationFailed("This tile does not show a button.", attr="button_tile")
        self._check_named_once(button, f"tiles__{index}__button_tile__id")
        self._edit(button, values)

    def _edit(self, content: Text | Button, values: TextInput | ButtonInput) -> None:
        before = build_content_snapshot(content)
        columns = assign_changed_fields(content, values, before)
        if columns:
            self.changes.record_content(content, before)
            content.last_modified_by_id = self.changes.actor.user_id
            content.last_modified_at = self.now
            self.changed.setdefault(content, set()).update({*columns, "last_modified_by", "last_modified_at"})
