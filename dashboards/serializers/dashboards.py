"""Dashboards in responses, and the body of create and update requests."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from dashboards.models import CreationMode, GridSpacing, LayoutCompaction, PrivilegeLevel, RestrictionLevel
from dashboards.models.dashboard import NAME_MAX_LENGTH
from dashboards.serializers.fields import ALWAYS_ECHOED, CreateInFolderField, FolderField, TagsField
from dashboards.serializers.tiles import DashboardTileSerializer
from dashboards.serializers.tiles_request import DashboardTileRequestSerializer, LayoutsField
from dashboards_api.http.serializers import (
    FREE_OBJECT,
    BoundedListField,
    FreeObjectField,
    JSONObjectField,
    RequestSerializer,
    ScalarOrJSONField,
    StrictIntegerField,
    SuggestingChoiceField,
    get_field_names,
)
from dashboards_api.limits import DESCRIPTION_MAX_LENGTH, LIST_MAX_LENGTH
from users.serializers import UserBasicSerializer


class DashboardRowSerializer(serializers.Serializer[Any]):
    """The fields of a dashboard both in lists and in responses with a single dashboard."""

    id = serializers.IntegerField(read_only=True)
    name = serializers.CharField(read_only=True, max_length=NAME_MAX_LENGTH)
    description = serializers.CharField(read_only=True)
    folder = serializers.CharField(read_only=True, allow_null=True, help_text="A path such as `Unfiled/Dashboards`.")
    pinned = serializers.BooleanField(read_only=True)
    created_at = serializers.DateTimeField(read_only=True)
    created_by = UserBasicSerializer(read_only=True, allow_null=True)
    is_shared = serializers.BooleanField(read_only=True)
    deleted = serializers.BooleanField(read_only=True)
    creation_mode = serializers.ChoiceField(choices=CreationMode.choices, read_only=True)
    tags = serializers.ListField(child=serializers.CharField(), read_only=True)
    restriction_level = serializers.ChoiceField(choices=RestrictionLevel.choices, read_only=True)
    effective_restriction_level = serializers.ChoiceField(choices=RestrictionLevel.choices, read_only=True)
    effective_privilege_level = serializers.ChoiceField(
        choices=PrivilegeLevel.choices, read_only=True, help_text="The right of the caller: 21 to view, 37 to edit."
    )
    user_access_level = serializers.CharField(
        read_only=True, allow_null=True, help_text="The access level of the caller: `viewer`, `editor` or `manager`."
    )
    access_control_version = serializers.CharField(
        read_only=True, help_text="`v1` if restriction_level is above 21, else `v2`."
    )
    last_accessed_at = serializers.DateTimeField(read_only=True, allow_null=True)
    last_viewed_at = serializers.DateTimeField(read_only=True, allow_null=True, help_text="Always null.")
    last_refresh = serializers.DateTimeField(read_only=True, allow_null=True)
    team_id = serializers.IntegerField(read_only=True, help_text="The id of the project.")


class DashboardBasicSerializer(DashboardRowSerializer):
    """A dashboard in a list."""

    search_match_type = serializers.ChoiceField(
        choices=["exact", "similar"],
        read_only=True,
        allow_null=True,
        help_text="`exact` if the whole name matches the search, otherwise `similar`. Null without a search.",
    )


class CustomizationSerializer(serializers.Serializer[Any]):
    """The arrangement of tiles, read-only. Clients change it with `grid_spacing` and `layout_compaction`."""

    tile_spacing = serializers.ChoiceField(choices=GridSpacing.choices, read_only=True)
    layout_compaction = serializers.ChoiceField(choices=LayoutCompaction.choices, read_only=True)


class DashboardSerializer(DashboardRowSerializer):
    """A dashboard with its tiles."""

    use_template = serializers.CharField(
        read_only=True, help_text="The template from which the dashboard was created, or an empty string."
    )
    use_dashboard = serializers.IntegerField(
        read_only=True, allow_null=True, help_text="The dashboard from which this dashboard was copied."
    )
    delete_insights = serializers.BooleanField(
        read_only=True,
        help_text="Whether the dashboard was deleted together with its insights; false for a live dashboard.",
    )
    filters = FreeObjectField(read_only=True)
    variables = FreeObjectField(read_only=True, allow_null=True)
    persisted_filters = FreeObjectField(
        read_only=True, allow_null=True, help_text="The stored filters; null if there are none."
    )
    persisted_variables = FreeObjectField(
        read_only=True, allow_null=True, help_text="The stored variables; null if there are none."
    )
    breakdown_colors = serializers.ListField(child=FreeObjectField(), read_only=True)
    data_color_theme_id = serializers.IntegerField(read_only=True, allow_null=True)
    grid_spacing = serializers.ChoiceField(choices=GridSpacing.choices, read_only=True)
    layout_compaction = serializers.ChoiceField(choices=LayoutCompaction.choices, read_only=True)
    customization = CustomizationSerializer(read_only=True)
    quick_filter_ids = serializers.ListField(child=serializers.UUIDField(), read_only=True)
    tiles = serializers.ListField(child=DashboardTileSerializer(), read_only=True)


class BreakdownColorRequestSerializer(serializers.Serializer[Any]):
    """The color of one breakdown value. Unknown fields are stored, and stored colors may be sent back unchanged."""

    breakdownValue = serializers.JSONField(allow_null=True)  # noqa: N815  the name in the API
    colorToken = serializers.JSONField(allow_null=True, help_text="Null, or the name of a preset, such as `preset-1`.")  # noqa: N815  the name in the API
    breakdownType = serializers.JSONField(required=False, allow_null=True, help_text="A text.")  # noqa: N815  the name in the API
    breakdownProperty = serializers.JSONField(  # noqa: N815  the name in the API
        required=False, allow_null=True, help_text="A string, a number or a list of them."
    )
    source = serializers.JSONField(required=False, allow_null=True, help_text="`auto` or `manual`.")  # type: ignore[assignment]  # DRF's own `source` has another type

    def to_internal_value(self, data: Any) -> Any:
        super().to_internal_value(data)
        return data


class DuplicateTileRequestSerializer(RequestSerializer):
    tolerated_keys = get_field_names(DashboardTileSerializer)

    id = StrictIntegerField()
    layouts = LayoutsField(required=False)


@extend_schema_field(
    {
        "oneOf": [
            {"type": "boolean"},
            {
                "type": "array",
                "maxItems": LIST_MAX_LENGTH,
                "items": {
                    "type": "object",
                    "properties": {"id": {"type": "integer"}, "layouts": FREE_OBJECT | {"nullable": True}},
                    "required": ["id"],
                },
            },
        ]
    }
)
class DuplicateTilesField(ScalarOrJSONField):
    """A boolean in a create request, and a list of tiles in an update. Both operations use this name in the API."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, list):
            return BoundedListField(child=DuplicateTileRequestSerializer()).run_validation(data)
        return serializers.BooleanField().run_validation(data)


class DashboardRequestSerializer(RequestSerializer):
    tolerated_keys = get_field_names(DashboardSerializer) | get_field_names(DashboardBasicSerializer) | ALWAYS_ECHOED
    null_values: ClassVar[dict[str, Any]] = {
        "name": "",
        "description": "",
        "breakdown_colors": [],
        "grid_spacing": GridSpacing.STANDARD,
        "layout_compaction": LayoutCompaction.VERTICAL,
    }

    name = serializers.CharField(
        required=False,
        allow_null=True,
        allow_blank=True,
        trim_whitespace=False,
        max_length=NAME_MAX_LENGTH,
        help_text="At most 400 characters. Null is stored as an empty string.",
    )
    description = serializers.CharField(
        required=False,
        allow_null=True,
        allow_blank=True,
        trim_whitespace=False,
        help_text=f"At most {DESCRIPTION_MAX_LENGTH:,} characters. Null is stored as an empty string.",
    )
    folder = FolderField()
    _create_in_folder = CreateInFolderField(
        help_text="The folder of a new dashboard if `folder` is not sent. In an update, it has no effect."
    )
    pinned = serializers.BooleanField(required=False)
    tags = TagsField(required=False)
    filters = JSONObjectField(required=False, help_text="Replaces the filters; `{}` and null clear them.")
    variables = JSONObjectField(required=False, help_text="Replaces the variables; `{}` and null clear them.")
    breakdown_colors = BoundedListField(
        child=BreakdownColorRequestSerializer(), required=False, allow_null=True, help_text="Null clears the colors."
    )
    data_color_theme_id = StrictIntegerField(required=False, allow_null=True)
    grid_spacing = SuggestingChoiceField(
        choices=GridSpacing.choices, required=False, allow_null=True, help_text="Null means `standard`."
    )
    layout_compaction = SuggestingChoiceField(
        choices=LayoutCompaction.choices, required=False, allow_null=True, help_text="Null means `vertical`."
    )
    quick_filter_ids = BoundedListField(
        child=serializers.UUIDField(),
        required=False,
        allow_null=True,
        help_text="Empty or null, because this service has no quick filters.",
    )
    restriction_level = SuggestingChoiceField(
        choices=RestrictionLevel.choices,
        required=False,
        help_text="21: everyone in the project can edit. 37: only the creator, project admins and collaborators can.",
    )
    deleted = serializers.BooleanField(
        required=False, help_text="true deletes the dashboard with its tiles; false restores them."
    )
    delete_insights = serializers.BooleanField(
        required=False, help_text="Whether `deleted: true` also deletes the insights that are on no other dashboard."
    )
    use_template = serializers.CharField(
        required=False,
        allow_null=True,
        allow_blank=True,
        trim_whitespace=False,
        max_length=NAME_MAX_LENGTH,
        help_text="The name of the template for a new dashboard. In an update, it has no effect.",
    )
    use_dashboard = StrictIntegerField(
        required=False,
        allow_null=True,
        help_text="The dashboard that a create request copies. In an update, it has no effect.",
    )
    duplicate_tiles = DuplicateTilesField(
        required=False,
        help_text="For a new dashboard with `use_dashboard`, true also copies the content of the tiles. In an update: "
        "the tiles to duplicate on this dashboard, each with a copy of its content and with the given layouts.",
    )
    tiles = BoundedListField(
        child=DashboardTileRequestSerializer(),
        required=False,
        help_text="A partial upsert: an item with an `id` changes the tile, and an item without an `id` adds a tile. "
        "Other tiles are unchanged.",
    )

    def validate_quick_filter_ids(self, ids: list[Any] | None) -> list[Any]:
        if ids:
            raise ValidationError({"0": [ErrorDetail("There is no such quick filter.", code="does_not_exist")]})
        return []
