"""Adding, changing, removing and reviving tiles, inside the transaction of the service that owns the dashboard."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from dashboards.exceptions import ContentNotOnDashboard, InsightMissing, TileNotOnDashboard
from dashboards.models import Button, Dashboard, Text, Tile
from dashboards.services.changes import ButtonChanges, TextChanges, TileChanges, differs
from dashboards_api.errors import Invalid
from users.models import Membership

DISPLAY_FIELDS = ("color", "filters_overrides", "show_description", "transparent_background")
BUTTON_FIELDS = ("url", "text", "placement", "style")


def add_tiles(dashboard: Dashboard, items: Sequence[TileChanges], *, added_by: Membership) -> None:
    """New tiles with new content. Raises InsightMissing."""
    board = _Board(dashboard, added_by, tiles=[])
    for index, item in enumerate(items):
        board.add(index, item)
    board.save()


def change_tiles(
    dashboard: Dashboard, items: Sequence[TileChanges], *, changed_by: Membership, refuse_unknown: bool
) -> list[int]:
    """A partial upsert: an item with an id changes that tile, one without adds; tiles that are not named stay.

    Gives back the positions of items that had no effect: their id is not on this dashboard and they hold no content.
    Raises TileNotOnDashboard, ContentNotOnDashboard, InsightMissing and Invalid.
    """
    if not items:
        return []
    tiles = Tile.objects.on_dashboard(dashboard).select_related("text", "button").select_for_update(of=("self",))
    board = _Board(dashboard, changed_by, tiles=list(tiles))
    skipped = [index for index, item in enumerate(items) if not board.apply(index, item)]
    if skipped and refuse_unknown:
        raise TileNotOnDashboard(skipped[0])
    board.save()
    return skipped


class _Board:
    """The tiles of one dashboard while items are applied to them; `save` writes what came of it in a few statements."""

    def __init__(self, dashboard: Dashboard, actor: Membership, tiles: list[Tile]) -> None:
        self.dashboard = dashboard
        self.actor = actor
        self.now: datetime = timezone.now()
        self.tiles = {tile.pk: tile for tile in tiles}
        self.new: list[Tile] = []
        self.changed: dict[Tile, set[str]] = {}
        self.edited: dict[Text | Button, set[str]] = {}

    def apply(self, index: int, item: TileChanges) -> bool:
        """One item; False where it has no effect since its id is not on this dashboard."""
        tile_id = item.get("id")
        tile = self._live_with_content(item) if tile_id is None else self.tiles.get(tile_id)
        if tile is None and tile_id is None:
            self.add(index, item)
            return True
        # A removed tile is on the dashboard only for an item that says whether it is removed.
        if tile is None or (tile.deleted and "deleted" not in item):
            if item.get("text") or item.get("button_tile") or item.get("insight"):
                raise TileNotOnDashboard(index, "id")
            return False
        if not (tile.deleted and item.get("deleted")):
            self._change(tile, item)
        return True

    def add(self, index: int, item: TileChanges) -> None:
        if item.get("insight"):
            raise InsightMissing(index)
        tile = Tile(project_id=self.dashboard.project_id, dashboard=self.dashboard)
        if text := item.get("text"):
            tile.text = Text(body=text["body"], **self._authorship())
        elif button := item.get("button_tile"):
            given = {field: button[field] for field in BUTTON_FIELDS if field in button}  # type: ignore[literal-required]
            tile.button = Button(**given, **self._authorship())
        self._display(tile, item)
        self.new.append(tile)

    def save(self) -> None:
        Text.objects.bulk_create([tile.text for tile in self.new if tile.text])
        Button.objects.bulk_create([tile.button for tile in self.new if tile.button])
        for tile in self.new:
            tile.text, tile.button = tile.text, tile.button  # their ids are known only now
        Tile.objects.bulk_create(self.new)
        for row, columns in [*self.edited.items(), *self.changed.items()]:
            row.save(update_fields=sorted(columns))

    def _authorship(self) -> dict[str, Any]:
        return {
            "project_id": self.dashboard.project_id,
            "created_by_id": self.actor.user_id,
            "last_modified_at": self.now,
        }

    def _live_with_content(self, item: TileChanges) -> Tile | None:
        """The live tile that shows the content an item names by its id, if it names one."""
        if (text := item.get("text")) and text.get("id") is not None:
            return self._showing("text", text["id"])
        if (button := item.get("button_tile")) and button.get("id") is not None:
            return self._showing("button_tile", button["id"])
        return None

    def _showing(self, kind: str, content_id: Any) -> Tile:
        for tile in self.tiles.values():
            if not tile.deleted and content_id == (tile.text_id if kind == "text" else tile.button_id):
                return tile
        raise ContentNotOnDashboard(kind)

    def _change(self, tile: Tile, item: TileChanges) -> None:
        if "deleted" in item and tile.deleted != item["deleted"]:
            tile.deleted, tile.deletion_id = item["deleted"], None
            self._note(tile, "deleted", "deletion_id")
        if text := item.get("text"):
            self._edit_text(tile, text)
        if button := item.get("button_tile"):
            self._edit_button(tile, button)
        self._display(tile, item)

    def _edit_text(self, tile: Tile, changes: TextChanges) -> None:
        text_id = changes.get("id")
        shown = tile.text if text_id in (None, tile.text_id) else self._showing("text", text_id).text
        if shown is None:
            raise Invalid("This tile shows no text.", attr="text")
        if "body" in changes and changes["body"] != shown.body:
            shown.body = changes["body"]
            self._sign(shown, "body")

    def _edit_button(self, tile: Tile, changes: ButtonChanges) -> None:
        button_id = changes.get("id")
        shown = tile.button if button_id in (None, tile.button_id) else self._showing("button_tile", button_id).button
        if shown is None:
            raise Invalid("This tile shows no button.", attr="button_tile")
        for field in BUTTON_FIELDS:
            if field in changes and changes[field] != getattr(shown, field):  # type: ignore[literal-required]
                setattr(shown, field, changes[field])  # type: ignore[literal-required]
                self._sign(shown, field)

    def _sign(self, content: Text | Button, column: str) -> None:
        content.last_modified_by_id = self.actor.user_id
        content.last_modified_at = self.now
        self.edited.setdefault(content, set()).update({column, "last_modified_by", "last_modified_at"})

    def _display(self, tile: Tile, item: TileChanges) -> None:
        if "layouts" in item and differs(tile.layouts, item["layouts"]):
            tile.place(item["layouts"])
            self._note(tile, "layouts", "sort_y", "sort_x")
        for field in DISPLAY_FIELDS:
            if field in item and differs(getattr(tile, field), item[field]):  # type: ignore[literal-required]
                setattr(tile, field, item[field])  # type: ignore[literal-required]
                self._note(tile, field)

    def _note(self, tile: Tile, *columns: str) -> None:
        if tile.pk is not None:
            self.changed.setdefault(tile, set()).update(columns)
