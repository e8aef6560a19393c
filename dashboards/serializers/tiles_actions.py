"""Request bodies of the actions on one tile."""

from collections.abc import Mapping
from typing import Any, ClassVar

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from dashboards.layout import Arrangement
from dashboards.models.content import TEXT_MAX_LENGTH, is_image
from dashboards.serializers.tiles_request import DashboardTileRequestSerializer, LayoutsField
from dashboards_api.http.serializers import (
    BoundedListField,
    JSONObjectField,
    RequestSerializer,
    StrictCharField,
    StrictIntegerField,
    SuggestingChoiceField,
)


class MovedTileRequestSerializer(RequestSerializer):
    """The id of the tile to move. Clients may send the whole tile, as they read it."""

    tolerated_keys = frozenset(DashboardTileRequestSerializer().fields) | DashboardTileRequestSerializer.tolerated_keys

    id = StrictIntegerField()


class MoveTileRequestSerializer(RequestSerializer):
    """A tile and its new dashboard. Older clients send `toDashboard`."""

    tolerated_keys = frozenset({"personal_api_key"})
    aliases: ClassVar[Mapping[str, str]] = {"toDashboard": "to_dashboard"}

    tile = MovedTileRequestSerializer(help_text="The tile to move.")
    to_dashboard = StrictIntegerField(help_text="The dashboard that the tile moves to.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return {"tile_id": attrs["tile"]["id"], "to_dashboard": attrs["to_dashboard"]}


class OneTileRequestSerializer(RequestSerializer):
    """The tile of an action."""

    tolerated_keys = frozenset({"personal_api_key"})

    tile_id = StrictIntegerField()


class UpdateTileRequestSerializer(OneTileRequestSerializer):
    """Changes to the display of a tile."""

    color = DashboardTileRequestSerializer().fields["color"]
    layouts = LayoutsField(required=False)
    filters_overrides = JSONObjectField(required=False)
    show_description = serializers.BooleanField(required=False, allow_null=True)
    transparent_background = serializers.BooleanField(required=False, allow_null=True)


class TextTileBodyField(StrictCharField):
    """The text of a text tile."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"trim_whitespace": False, "max_length": TEXT_MAX_LENGTH, **kwargs})


class UpdateTextTileRequestSerializer(UpdateTileRequestSerializer):
    """Changes to a text tile."""

    body = TextTileBodyField(required=False, allow_blank=False)


class CreateTextTileRequestSerializer(RequestSerializer):
    """A new text tile."""

    tolerated_keys = frozenset({"personal_api_key"})

    body = TextTileBodyField()
    type = SuggestingChoiceField(
        choices=["text", "image"],
        required=False,
        help_text="Default: `text`. The body of an `image` is exactly one image in Markdown.",
    )
    color = DashboardTileRequestSerializer().fields["color"]
    layouts = LayoutsField(required=False)
    transparent_background = serializers.BooleanField(required=False, allow_null=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.pop("type", "text") == "image" and not is_image(attrs["body"]):
            detail = "The body must be exactly one image in Markdown, with an http or https URL: ![text](url)"
            raise ValidationError({"body": [ErrorDetail(detail, code="invalid")]})
        return attrs


class CopyTileRequestSerializer(RequestSerializer):
    """The tile to copy to this dashboard. The field names are PostHog's. Some clients send names in snake case."""

    tolerated_keys = frozenset({"personal_api_key"})
    aliases: ClassVar[Mapping[str, str]] = {"from_dashboard_id": "fromDashboardId", "tile_id": "tileId"}

    fromDashboardId = StrictIntegerField(help_text="The dashboard that the tile is on.")  # noqa: N815  the name in the API
    tileId = StrictIntegerField(help_text="The tile to copy.")  # noqa: N815  the name in the API

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return {"from_dashboard_id": attrs["fromDashboardId"], "tile_id": attrs["tileId"]}


class ReorderTilesRequestSerializer(RequestSerializer):
    """The tiles in their new order. Omitted tiles follow in their old order."""

    tolerated_keys = frozenset({"personal_api_key"})

    tile_order = BoundedListField(child=StrictIntegerField(), allow_empty=False)
    layout = SuggestingChoiceField(
        choices=[each.value for each in Arrangement],
        required=False,
        help_text="`preserve` keeps the sizes; `two_column`, `three_column` and `full_width` set the widths.",
    )
