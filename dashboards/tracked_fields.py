"""The fields that requests can change and that the activity log and snapshots record."""

DASHBOARD_FIELDS = (
    "name",
    "description",
    "pinned",
    "tags",
    "filters",
    "variables",
    "breakdown_colors",
    "data_color_theme_id",
    "grid_spacing",
    "layout_compaction",
    "folder",
)
DISPLAY_FIELDS = ("color", "filters_overrides", "show_description", "transparent_background")
TILE_FIELDS = ("layouts", *DISPLAY_FIELDS)
TEXT_FIELDS = ("body",)
BUTTON_FIELDS = ("url", "text", "placement", "style")
# A change to one of these fields sets `last_modified_by` and `last_modified_at` of the insight.
AUTHORED_INSIGHT_FIELDS = ("name", "derived_name", "description", "query", "filters")
INSIGHT_FIELDS = (*AUTHORED_INSIGHT_FIELDS, "order", "saved", "favorited", "folder")
