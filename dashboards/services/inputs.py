"""The input of services, as plain values. A field that was not sent is absent."""

import uuid
from typing import Any, Required, TypedDict


class TextInput(TypedDict, total=False):
    id: int | None
    body: str | None


class ButtonInput(TypedDict, total=False):
    id: uuid.UUID | None
    url: str
    text: str
    placement: str
    style: str


class DisplayInput(TypedDict, total=False):
    layouts: dict[str, Any]
    color: str | None
    filters_overrides: dict[str, Any]
    show_description: bool | None
    transparent_background: bool | None


class TileInput(DisplayInput, total=False):
    id: int | None
    text: TextInput | None
    button_tile: ButtonInput | None
    insight: int | None
    insight_id: int | None
    deleted: bool


class DuplicateInput(TypedDict, total=False):
    id: Required[int]
    layouts: dict[str, Any]


class InsightInput(TypedDict, total=False):
    name: str
    derived_name: str | None
    description: str | None
    query: dict[str, Any] | None
    filters: dict[str, Any]
    order: int | None
    saved: bool
    favorited: bool
    folder: str | None
    create_in_folder: str | None
    tags: list[str]
    dashboards: list[int]
    deleted: bool


class DashboardInput(TypedDict, total=False):
    name: str
    description: str
    pinned: bool
    tags: list[str]
    filters: dict[str, Any]
    variables: dict[str, Any]
    breakdown_colors: list[Any]
    data_color_theme_id: int | None
    grid_spacing: str
    layout_compaction: str
    folder: str | None
    create_in_folder: str | None
    restriction_level: int
    deleted: bool
    delete_insights: bool
    use_template: str
    use_dashboard: int | None
    duplicate_tiles: bool | list[DuplicateInput]
    tiles: list[TileInput]


class TemplateInput(TypedDict, total=False):
    template_name: str
    dashboard_description: str
    dashboard_filters: dict[str, Any]
    dashboard_variables: dict[str, Any]
    breakdown_colors: list[Any]
    tags: list[str]
    tiles: list[Any]
    variables: list[Any] | None
    scope: str
    is_featured: bool
    image_url: str | None
    deleted: bool


class SharingInput(TypedDict, total=False):
    enabled: bool
    settings: dict[str, Any] | None
    password_required: bool
