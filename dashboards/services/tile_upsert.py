"""The partial upsert of a dashboard's tiles, in memory, until it is saved in a few statements."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Model, Q
from django.utils import timezone

from dashboards.changelog.content_changes import content_state
from dashboards.changelog.tracking import note_content, note_new_insights
from dashboards.exceptions import (
    ContentNotOnDashboard,
    DuplicateTile,
    InsightNotInProject,
    TileNotOnDashboard,
    TooLarge,
)
from dashboards.layout import check_layouts
from dashboards.models import Button, Dashboard, Insight, Text, Tile
from dashboards.models.tile import LAYOUT_COLUMNS
from dashboards.services.bulk_rows import update_rows
from dashboards.services.inputs import ButtonInput, DisplayInput, TextInput, TileInput, assign_changed_fields
from dashboards.services.size_limits import check_size
from dashboards.tracked_fields import BUTTON_FIELDS, DISPLAY_FIELDS
from dashboards_api.db.fields import json_differs
from dashboards_api.errors import ValidationFailed
from users.models import Membership


def insights_to_add(items: Iterable[TileInput]) -> set[int]:
    """The ids of insights that items without a tile's id name."""
    return {item["insight"] for item in items if item.get("id") is None and item.get("insight") is not None}  # type: ignore[misc]


def named_in(items: Iterable[TileInput]) -> Q:
    """The tiles that items name, by their own ids or by those of their content: no others need to be read."""
    named: dict[str, set[Any]] = {"pk": set(), "insight": insights_to_add(items), "text": set(), "button": set()}
    for item in items:
        named["pk"].add(item.get("id"))
        named["text"].add((item.get("text") or {}).get("id"))
        named["button"].add((item.get("button_tile") or {}).get("id"))
    found = Q(pk__in=named.pop("pk") - {None})
    for column, ids in named.items():
        found |= Q(**{f"{column}__in": ids - {None}})
    return found


def tiles_to_revive(items: Iterable[TileInput], tiles: Iterable[Tile]) -> list[Tile]:
    """The removed tiles that items bring back by their ids."""
    revived = {item["id"] for item in items if item.get("id") is not None and item.get("deleted") is False}
    return [tile for tile in tiles if tile.deleted and tile.pk in revived]


def has_content(item: TileInput) -> bool:
    """Whether an item holds content of any kind."""
    return any(item.get(kind) is not None for kind in ("insight", "text", "button_tile"))


def display(tile: Tile, changes: DisplayInput) -> list[str]:
    """Set how a tile looks, where that differs; the columns that changed are given back."""
    changed: list[str] = []
    if "layouts" in changes and json_differs(tile.layouts, changes["layouts"]):
        check_size("layouts", tile.layouts, changes["layouts"])
        tile.set_layouts(changes["layouts"])
        changed += LAYOUT_COLUMNS
    return changed + assign_changed_fields(tile, changes, DISPLAY_FIELDS)


def save_tiles(tiles: list[Tile]) -> None:
    """Insert new tiles and what is new of their content, each kind in one statement."""
    shown = [tile.insight for tile in tiles if tile.insight is not None]
    insights = [insight for insight in shown if insight.pk is None]
    Insight.objects.bulk_create(insights)
    note_new_insights(insights)
    Text.objects.bulk_create([tile.text for tile in tiles if tile.text])
    Button.objects.bulk_create([tile.button for tile in tiles if tile.button])
    Tile.objects.bulk_create(tiles)


class TileUpsert:
    """`apply` takes an item; `save` writes what came of all of them, a statement for each kind of change.

    `tiles` are those of the dashboard that the items name, removed ones included. `ignored` collects the paths that
    had no effect. Items from history were stored once: they may be about one tile twice.
    """

    def __init__(
        self,
        dashboard: Dashboard,
        actor: Membership,
        *,
        tiles: Iterable[Tile],
        insights: dict[int, Insight],
        from_history: bool = False,
    ) -> None:
        self.dashboard = dashboard
        self.actor = actor
        self.insights = insights
        self.from_history = from_history
        self.now: datetime = timezone.now()
        self.tiles: dict[int, Tile] = {}
        self.by_content: dict[tuple[str, Any], Tile] = {}
        self.new: list[Tile] = []
        self.changed: dict[Tile | Text | Button, set[str]] = {}
        for tile in tiles:
            self.tiles[tile.pk] = tile
            self.by_content.update(dict.fromkeys(tile.content.items(), tile))
        self.named: set[int] = set()  # what items were about, by identity: new rows have no id yet
        self.skipped: list[int] = []
        self.ignored: list[str] = []

    def apply(self, index: int, item: TileInput) -> None:
        """Apply one item.

        Raises TileNotOnDashboard, ContentNotOnDashboard, InsightNotInProject, DuplicateTile and Invalid.
        """
        try:
            self._apply(index, item)
        except TooLarge as error:
            raise error.within(f"tiles__{index}") from error

    def _apply(self, index: int, item: TileInput) -> None:
        tile_id = item.get("id")
        if tile_id is None:
            self._add_or_change(index, item)
            return
        tile = self.tiles.get(tile_id)
        # A removed tile is on the dashboard only for an item that says whether it is removed.
        if tile is None or (tile.deleted and "deleted" not in item):
            if has_content(item):
                raise TileNotOnDashboard(index, "id")
            self._skip(index)
        else:
            self._name_other_insights(index, item, tile.insight_id)
            self._note_named(tile, f"tiles__{index}__id")
            self._change(index, tile, item)

    def save(self) -> None:
        save_tiles(self.new)
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
        self._name_other_insights(index, item, insight_id)
        tile, attr = self._showing_content_of(item)
        if tile:  # adding an insight again revives its tile
            self._note_named(tile, f"tiles__{index}__{attr}")
            self._change(index, tile, {**item, "deleted": item.get("deleted", False)})
        elif item.get("deleted"):
            self._skip(index)  # a new tile that is removed from the start
        else:
            self._add(index, item)

    def _add(self, index: int, item: TileInput) -> None:
        tile = Tile(project_id=self.dashboard.project_id, dashboard=self.dashboard)
        if (insight_id := item.get("insight")) is not None:
            tile.insight = self.insights[insight_id]
            self.by_content["insight_id", insight_id] = tile
            self.named.add(id(tile))
        elif (text := item.get("text")) is not None:
            tile.text = Text(body=text["body"] or "", **self._authorship())
        elif (button := item.get("button_tile")) is not None:
            given = {field: button[field] for field in BUTTON_FIELDS if field in button}  # type: ignore[literal-required]
            tile.button = Button(**given, **self._authorship())
        self._display(index, tile, item)
        self.new.append(tile)

    def _authorship(self) -> dict[str, Any]:
        return {
            "project_id": self.dashboard.project_id,
            "created_by_id": self.actor.user_id,
            "last_modified_at": self.now,
        }

    def _showing_content_of(self, item: TileInput) -> tuple[Tile | None, str]:
        """The tile that shows the content an item names, if it names content by an id, and the path of that id.

        Of texts and buttons only live tiles count; an insight is found in a removed one too.
        """
        for kind in ("text", "button_tile"):
            content: Any = item.get(kind)
            if content is not None and content.get("id") is not None:
                return self._showing(kind, content["id"]), f"{kind}__id"
        return self.by_content.get(("insight_id", item.get("insight"))), "insight"

    def _showing(self, kind: str, content_id: Any) -> Tile:
        tile = self.by_content.get(("text_id" if kind == "text" else "button_id", content_id))
        if tile is None or tile.deleted:
            raise ContentNotOnDashboard(kind)
        return tile

    def _name_other_insights(self, index: int, item: TileInput, insight_id: int | None) -> None:
        """What a tile shows does not change: an item that names another insight is told so."""
        if item.get("insight") not in (None, insight_id):
            self.ignored.append(f"tiles__{index}__insight")
        if item.get("insight_id") not in (None, insight_id):
            self.ignored.append(f"tiles__{index}__insight_id")

    def _note_named(self, row: Tile | Text | Button, attr: str) -> None:
        """Raise DuplicateTile where an earlier item was about the same: it would be overwritten without a word."""
        if id(row) in self.named and not self.from_history:
            raise DuplicateTile(attr)
        self.named.add(id(row))

    def _change(self, index: int, tile: Tile, item: TileInput) -> None:
        if "deleted" in item and tile.deleted != item["deleted"]:
            tile.set_deleted(item["deleted"])
            self._note(tile, ["deleted", "deletion_id"])
        if (text := item.get("text")) is not None:
            self._edit_text(index, tile, text)
        if (button := item.get("button_tile")) is not None:
            self._edit_button(index, tile, button)
        self._note(tile, self._display(index, tile, item))

    def _display(self, index: int, tile: Tile, changes: DisplayInput) -> list[str]:
        if "layouts" in changes and not self.from_history:
            check_layouts(changes["layouts"], tile.layouts, f"tiles__{index}__layouts")
        return display(tile, changes)

    def _edit_text(self, index: int, tile: Tile, changes: TextInput) -> None:
        text_id = changes.get("id")
        shown = tile.text if text_id in (None, tile.text_id) else self._showing("text", text_id).text
        if shown is None:
            raise ValidationFailed("This tile shows no text.", attr="text")
        self._note_named(shown, f"tiles__{index}__text__id")
        if changes.get("body", "") is None and shown.body is not None:
            changes = {"body": ""}  # a null is stored nowhere any more; one of earlier may be sent back
        self._edit(shown, changes)

    def _edit_button(self, index: int, tile: Tile, changes: ButtonInput) -> None:
        button_id = changes.get("id")
        shown = tile.button if button_id in (None, tile.button_id) else self._showing("button_tile", button_id).button
        if shown is None:
            raise ValidationFailed("This tile shows no button.", attr="button_tile")
        self._note_named(shown, f"tiles__{index}__button_tile__id")
        self._edit(shown, changes)

    def _edit(self, content: Text | Button, changes: TextInput | ButtonInput) -> None:
        before = content_state(content)
        columns = assign_changed_fields(content, changes, before)
        if columns:
            note_content(content, before)
            content.last_modified_by_id = self.actor.user_id
            content.last_modified_at = self.now
            self.changed.setdefault(content, set()).update({*columns, "last_modified_by", "last_modified_at"})

    def _note(self, tile: Tile, columns: list[str]) -> None:
        if columns and tile.pk is not None:
            self.changed.setdefault(tile, set()).update(columns)
