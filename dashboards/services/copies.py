"""Making the tiles of a new dashboard from those of another, or from a template document."""

from collections.abc import Iterable, Sequence
from typing import Any

from dashboards.changelog.dashboard_limits import check_placements
from dashboards.exceptions import TileNotOnDashboard
from dashboards.folders import normalize_folder
from dashboards.layout import check_layouts
from dashboards.models import Button, Dashboard, Insight, InsightTag, Text, Tile
from dashboards.models.insight import INSIGHT_NAME_MAX_LENGTH
from dashboards.models.tile import LAYOUT_COLUMNS
from dashboards.services.bulk_rows import update_rows
from dashboards.services.content_access import contents_of
from dashboards.services.inputs import DisplayInput, DuplicateInput
from dashboards.services.size_limits import check_size_at
from dashboards.services.tags import copy_insight_tags, normalized_tags, tags_named
from dashboards.services.tile_upsert import display, save_tiles
from dashboards.tracked_fields import BUTTON_FIELDS, DISPLAY_FIELDS
from users.models import Membership

COPY_SUFFIX = " (Copy)"
DISPLAY_COLUMNS = (*LAYOUT_COLUMNS, *DISPLAY_FIELDS)
INSIGHT_COLUMNS = ("derived_name", "description", "query", "filters", "order", "saved", "is_sample", "folder")


def copy_tiles(source: Dashboard, target: Dashboard, *, copied_by: Membership, with_content: bool) -> None:
    """New tiles on `target` for those that `source` shows: of the same content, or with content of their own."""
    tiles = Tile.objects.on_dashboard(source).visible().select_related("insight", "text", "button").order_by("pk")
    if with_content:
        duplicate(list(tiles), target, copied_by=copied_by)
    else:
        twins = _twins(tiles, target)
        Tile.objects.bulk_create(twins)
        check_placements(contents_of(twins), attr="use_dashboard")


def duplicate(tiles: list[Tile], target: Dashboard, *, copied_by: Membership) -> list[Tile]:
    """New tiles on `target` with new content that equals that of these tiles."""
    copies = _twins(tiles, target)
    _copy_content(tiles, copies, copied_by)
    return copies


def duplicate_tiles(dashboard: Dashboard, items: Sequence[DuplicateInput], *, duplicated_by: Membership) -> None:
    """Clone tiles on their dashboard, each with content of its own and the layouts given, `{}` where there are none.

    Called inside the transaction of the service that has the dashboard locked. Raises TileNotOnDashboard.
    """
    tiles = Tile.objects.on_dashboard(dashboard).visible().select_related("insight", "text", "button").in_bulk()
    for index, item in enumerate(items):
        if item["id"] not in tiles:
            raise TileNotOnDashboard(index, "id", within="duplicate_tiles")
    sources = [tiles[item["id"]] for item in items]
    clones = duplicate(sources, dashboard, copied_by=duplicated_by)
    for index, (clone, item) in enumerate(zip(clones, items, strict=True)):
        layouts = item.get("layouts", {})
        check_layouts(layouts, clone.layouts, f"duplicate_tiles__{index}__layouts")
        check_size_at(f"duplicate_tiles__{index}", "layouts", layouts)
        clone.set_layouts(layouts)
    update_rows(clones, LAYOUT_COLUMNS)


def _twins(tiles: Iterable[Tile], target: Dashboard) -> list[Tile]:
    """Unsaved tiles on `target` of the same content and looks."""
    return [
        Tile(
            project_id=target.project_id,
            dashboard=target,
            **tile.content,
            **{column: getattr(tile, column) for column in DISPLAY_COLUMNS},
        )
        for tile in tiles
    ]


def add_template_tiles(dashboard: Dashboard, documents: list[dict[str, Any]], *, created_by: Membership) -> None:
    """Tiles with new content from the tile documents of a checked template."""
    tiles = []
    for index, document in enumerate(documents):
        for field in ("layouts", "filters_overrides", "query", "filters", "description"):
            check_size_at(f"template__tiles__{index}", field, document.get(field))
        tile = Tile(project_id=dashboard.project_id, dashboard=dashboard)
        if document["type"] == "INSIGHT":
            tile.insight = _insight_from(document, created_by)
        elif document["type"] == "TEXT":
            tile.text = Text(project_id=dashboard.project_id, body=document["body"] or "")  # nobody is its author
        else:
            given = {field: document[field] for field in BUTTON_FIELDS if field in document}
            tile.button = Button(project_id=dashboard.project_id, **given)
        display(tile, _display_of(document))
        tiles.append(tile)
    save_tiles(tiles)
    _tag_insights(dashboard.project_id, tiles, documents)


def _tag_insights(project_id: int, tiles: list[Tile], documents: list[dict[str, Any]]) -> None:
    named = [normalized_tags(document.get("tags") or []) for document in documents]
    tags = {tag.name: tag for tag in tags_named(project_id, {name for names in named for name in names})}
    InsightTag.objects.bulk_create(
        [
            InsightTag(insight=tile.insight, tag=tags[name])
            for tile, names in zip(tiles, named, strict=True)
            if tile.insight
            for name in names
        ]
    )


def _display_of(document: dict[str, Any]) -> DisplayInput:
    return {
        "layouts": document.get("layouts") or {},
        "color": document.get("color"),
        "filters_overrides": document.get("filters_overrides") or {},
        "show_description": document.get("show_description"),
        "transparent_background": document.get("transparent_background"),
    }


def _insight_from(document: dict[str, Any], created_by: Membership) -> Insight:
    query = document.get("query")
    insight = Insight(
        project_id=created_by.project_id,
        name=document.get("name") or "",
        derived_name=document.get("derived_name"),
        description=document.get("description"),
        favorited=document.get("favorited") or False,
        folder=normalize_folder(document.get("folder")),
        query=query,
        # Filters are the form of older templates: a query makes them void.
        filters={} if query else document.get("filters") or {},
        saved=True,
        is_sample=True,
        created_by=created_by.user,
    )
    insight.derive(normalized_tags(document.get("tags") or []))
    return insight


def _copy_content(tiles: list[Tile], copies: list[Tile], copied_by: Membership) -> None:
    """Give each copy new content that equals the content of its tile."""
    for tile, copy in zip(tiles, copies, strict=True):
        if tile.insight:
            copy.insight = _copied_insight(tile.insight, copied_by)
        elif tile.text:
            copy.text = Text(body=tile.text.body, **_authorship(copied_by))
        elif tile.button:
            given = {field: getattr(tile.button, field) for field in BUTTON_FIELDS}
            copy.button = Button(**given, **_authorship(copied_by))
    save_tiles(copies)
    copy_insight_tags(
        [
            (tile.insight.pk, copy.insight.pk)
            for tile, copy in zip(tiles, copies, strict=True)
            if tile.insight and copy.insight and tile.insight.tag_names
        ]
    )


def _copied_insight(source: Insight, copied_by: Membership) -> Insight:
    room = INSIGHT_NAME_MAX_LENGTH - len(COPY_SUFFIX)
    insight = Insight(
        project_id=source.project_id,
        name=f"{source.name[:room]}{COPY_SUFFIX}" if source.name else "",
        created_by=copied_by.user,
        **{column: getattr(source, column) for column in INSIGHT_COLUMNS},
    )
    insight.derive(source.tag_names)
    return insight


def _authorship(created_by: Membership) -> dict[str, Any]:
    return {"project_id": created_by.project_id, "created_by_id": created_by.user_id}
