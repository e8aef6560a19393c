"""Copying tiles and their content from another dashboard, and building tiles from a template document."""

from collections.abc import Iterable, Sequence
from typing import Any

from dashboards.changelog.limits import check_placements, check_size_at
from dashboards.changelog.tracking import ChangeSet
from dashboards.exceptions import TileNotOnDashboard
from dashboards.folders import normalize_folder
from dashboards.layout import check_layouts
from dashboards.models import Button, Dashboard, Insight, InsightTag, Text, Tile
from dashboards.models.insight import INSIGHT_NAME_MAX_LENGTH
from dashboards.models.tile import LAYOUT_COLUMNS
from dashboards.services.inputs import DisplayInput, DuplicateInput
from dashboards.services.rows import assign_display_fields, group_contents, update_rows
from dashboards.services.tags import copy_insight_tags, get_or_create_tags, normalize_tags
from dashboards.services.tile_changes import insert_tiles
from dashboards.tracked_fields import BUTTON_FIELDS, DISPLAY_FIELDS
from users.models import Membership

COPY_SUFFIX = " (Copy)"
DISPLAY_COLUMNS = (*LAYOUT_COLUMNS, *DISPLAY_FIELDS)
INSIGHT_COLUMNS = ("derived_name", "description", "query", "filters", "order", "saved", "is_sample", "folder")


def copy_tiles(changes: ChangeSet, source: Dashboard, target: Dashboard, *, with_content: bool) -> None:
    """Add the tiles that `source` shows to a locked `target`, with the same content or with copies of the content."""
    tiles = Tile.objects.on_dashboard(source).visible().select_related("insight", "text", "button").order_by("pk")
    if with_content:
        duplicate_content(changes, list(tiles), target)
    else:
        twins = _build_tile_copies(tiles, target)
        changes.record_tiles(target)
        Tile.objects.bulk_create(twins)
        check_placements(group_contents(twins), attr="use_dashboard")


def duplicate_content(changes: ChangeSet, tiles: list[Tile], target: Dashboard) -> list[Tile]:
    """Add copies of tiles, with copies of their content, to a locked `target`, and return them."""
    copies = _build_tile_copies(tiles, target)
    _copy_content(changes, tiles, copies)
    changes.record_tiles(target)
    return copies


def duplicate_tiles(changes: ChangeSet, dashboard: Dashboard, items: Sequence[DuplicateInput]) -> None:
    """Duplicate tiles of a locked dashboard, each with a copy of its content and with the given layouts, if any.

    Raises TileNotOnDashboard.
    """
    tiles = Tile.objects.on_dashboard(dashboard).visible().select_related("insight", "text", "button").in_bulk()
    for index, item in enumerate(items):
        if item["id"] not in tiles:
            raise TileNotOnDashboard(index, "id", within="duplicate_tiles")
    sources = [tiles[item["id"]] for item in items]
    clones = duplicate_content(changes, sources, dashboard)
    for index, (clone, item) in enumerate(zip(clones, items, strict=True)):
        layouts = item.get("layouts", {})
        check_layouts(layouts, clone.layouts, f"duplicate_tiles__{index}__layouts")
        check_size_at(f"duplicate_tiles__{index}", "layouts", layouts)
        clone.set_layouts(layouts)
    update_rows(clones, LAYOUT_COLUMNS)


def _build_tile_copies(tiles: Iterable[Tile], target: Dashboard) -> list[Tile]:
    """Return unsaved tiles on `target` with the same content and display fields."""
    return [
        Tile(
            project_id=target.project_id,
            dashboard=target,
            **tile.content,
            **{column: getattr(tile, column) for column in DISPLAY_COLUMNS},
        )
        for tile in tiles
    ]


def add_template_tiles(changes: ChangeSet, dashboard: Dashboard, documents: list[dict[str, Any]]) -> None:
    """Add tiles with new content to a locked dashboard. `documents` are tile documents of a validated template."""
    tiles = []
    for index, document in enumerate(documents):
        for field in ("layouts", "filters_overrides", "query", "filters", "description"):
            check_size_at(f"template__tiles__{index}", field, document.get(field))
        tile = Tile(project_id=dashboard.project_id, dashboard=dashboard)
        if document["type"] == "INSIGHT":
            tile.insight = _build_insight(document, changes.actor)
        elif document["type"] == "TEXT":
            tile.text = Text(project_id=dashboard.project_id, body=document["body"] or "")  # has no author
        else:
            given = {field: document[field] for field in BUTTON_FIELDS if field in document}
            tile.button = Button(project_id=dashboard.project_id, **given)
        assign_display_fields(tile, _read_display_fields(document))
        tiles.append(tile)
    changes.record_tiles(dashboard)
    insert_tiles(changes, tiles)
    _tag_insights(dashboard.project_id, tiles, documents)


def _tag_insights(project_id: int, tiles: list[Tile], documents: list[dict[str, Any]]) -> None:
    named = [normalize_tags(document.get("tags") or []) for document in documents]
    tags = {tag.name: tag for tag in get_or_create_tags(project_id, {name for names in named for name in names})}
    InsightTag.objects.bulk_create(
        [
            InsightTag(insight=tile.insight, tag=tags[name])
            for tile, names in zip(tiles, named, strict=True)
            if tile.insight
            for name in names
        ]
    )


def _read_display_fields(document: dict[str, Any]) -> DisplayInput:
    return {
        "layouts": document.get("layouts") or {},
        "color": document.get("color"),
        "filters_overrides": document.get("filters_overrides") or {},
        "show_description": document.get("show_description"),
        "transparent_background": document.get("transparent_background"),
    }


def _build_insight(document: dict[str, Any], created_by: Membership) -> Insight:
    query = document.get("query")
    insight = Insight(
        project_id=created_by.project_id,
        name=document.get("name") or "",
        derived_name=document.get("derived_name"),
        description=document.get("description"),
        favorited=document.get("favorited") or False,
        folder=normalize_folder(document.get("folder")),
        query=query,
        # Older templates have filters, which a query replaces.
        filters={} if query else document.get("filters") or {},
        saved=True,
        is_sample=True,
        created_by=created_by.user,
    )
    insight.derive(normalize_tags(document.get("tags") or []))
    return insight


def _copy_content(changes: ChangeSet, tiles: list[Tile], copies: list[Tile]) -> None:
    """Set the content of each copied tile to a copy of the content of the original tile."""
    for tile, copy in zip(tiles, copies, strict=True):
        if tile.insight:
            copy.insight = _copy_insight(tile.insight, changes.actor)
        elif tile.text:
            copy.text = Text(body=tile.text.body, **_build_author_fields(changes.actor))
        elif tile.button:
            given = {field: getattr(tile.button, field) for field in BUTTON_FIELDS}
            copy.button = Button(**given, **_build_author_fields(changes.actor))
    insert_tiles(changes, copies)
    copy_insight_tags(
        [
            (tile.insight.pk, copy.insight.pk)
            for tile, copy in zip(tiles, copies, strict=True)
            if tile.insight and copy.insight and tile.insight.tag_names
        ]
    )


def _copy_insight(source: Insight, copied_by: Membership) -> Insight:
    length = INSIGHT_NAME_MAX_LENGTH - len(COPY_SUFFIX)
    insight = Insight(
        project_id=source.project_id,
        name=f"{source.name[:length]}{COPY_SUFFIX}" if source.name else "",
        created_by=copied_by.user,
        **{column: getattr(source, column) for column in INSIGHT_COLUMNS},
    )
    insight.derive(source.tag_names)
    return insight


def _build_author_fields(created_by: Membership) -> dict[str, Any]:
    return {"project_id": created_by.project_id, "created_by_id": created_by.user_id}
