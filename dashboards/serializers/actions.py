"""The bodies of what can be done with a dashboard beside changing it."""

from collections.abc import Mapping
from typing import Any, ClassVar

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from dashboards.layout import Arrangement
from dashboards.models.content import TEXT_MAX_LENGTH, is_image
from dashboards.models.tag import TAG_MAX_LENGTH
from dashboards.serializers.fields import SILENT, CreateInFolderField, TagField, TagsField
from dashboards.serializers.tile_items import DashboardTileRequestSerializer, LayoutsField
from dashboards_api.http.serializers import (
    BoundedListField,
    HelpfulChoiceField,
    JSONObjectField,
    RequestSerializer,
    StrictCharField,
    StrictIntegerField,
)
from dashboards_api.limits import BULK_IDS_MAX, BULK_TAGS_MAX_LENGTH, TAGS_MAX

TAG_ACTIONS = ("add", "remove", "set")


class MovedTileRequestSerializer(RequestSerializer):
    """The tile to move: its id, alone or in a whole tile as it was read."""

    echoed = frozenset(DashboardTileRequestSerializer().fields) | DashboardTileRequestSerializer.echoed

    id = StrictIntegerField()


class MoveTileRequestSerializer(RequestSerializer):
    """A tile and where it goes. Older clients send `toDashboard`."""

    echoed = frozenset({"personal_api_key"})
    spellings: ClassVar[Mapping[str, str]] = {"toDashboard": "to_dashboard"}

    tile = MovedTileRequestSerializer(help_text="The tile to move.")
    to_dashboard = StrictIntegerField(help_text="The dashboard that the tile moves to.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return {"tile_id": attrs["tile"]["id"], "to_dashboard": attrs["to_dashboard"]}


class TemplateJSONRequestSerializer(RequestSerializer):
    echoed = SILENT

    template = JSONObjectField(
        allow_null=False, help_text="A template document. The answer to a bad one names the path."
    )
    _create_in_folder = CreateInFolderField(help_text="The folder of the dashboard, in place of the document's.")


class OneTileRequestSerializer(RequestSerializer):
    """The tile that an action is about."""

    echoed = frozenset({"personal_api_key"})

    tile_id = StrictIntegerField()


class UpdateTileRequestSerializer(OneTileRequestSerializer):
    """What changes in how a tile looks."""

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
    """What changes in a text tile."""

    body = TextTileBodyField(required=False, allow_blank=False)


class CreateTextTileRequestSerializer(RequestSerializer):
    """A new text tile."""

    echoed = frozenset({"personal_api_key"})

    body = TextTileBodyField()
    type = HelpfulChoiceField(
        choices=["text", "image"],
        required=False,
        help_text="`text` unless said otherwise. The body of an `image` is exactly one image in Markdown.",
    )
    color = DashboardTileRequestSerializer().fields["color"]
    layouts = LayoutsField(required=False)
    transparent_background = serializers.BooleanField(required=False, allow_null=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.pop("type", "text") == "image" and not is_image(attrs["body"]):
            detail = "An image tile holds exactly one image in Markdown, at an http or https address: ![text](address)"
            raise ValidationError({"body": [ErrorDetail(detail, code="invalid")]})
        return attrs


class CopyTileRequestSerializer(RequestSerializer):
    """The tile to copy to this dashboard. The names are PostHog's; some clients send them in snake case."""

    echoed = frozenset({"personal_api_key"})
    spellings: ClassVar[Mapping[str, str]] = {"from_dashboard_id": "fromDashboardId", "tile_id": "tileId"}

    fromDashboardId = StrictIntegerField(help_text="The dashboard that the tile is on.")  # noqa: N815  the name in the API
    tileId = StrictIntegerField(help_text="The tile to copy.")  # noqa: N815

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return {"from_dashboard_id": attrs["fromDashboardId"], "tile_id": attrs["tileId"]}


class ReorderTilesRequestSerializer(RequestSerializer):
    """The tiles in their new order; those that are not named follow as they are."""

    echoed = frozenset({"personal_api_key"})

    tile_order = BoundedListField(child=StrictIntegerField(), allow_empty=False)
    layout = HelpfulChoiceField(
        choices=[each.value for each in Arrangement],
        required=False,
        help_text="`preserve` keeps the sizes; `two_column`, `three_column` and `full_width` set the widths.",
    )


class UnlistedDashboardRequestSerializer(RequestSerializer):
    """The tag by which an unlisted dashboard is found."""

    echoed = frozenset({"personal_api_key"})

    tag = TagField(max_length=TAG_MAX_LENGTH)


class BulkUpdateTagsRequestSerializer(RequestSerializer):
    """Which dashboards, and what happens to their tags."""

    echoed = frozenset({"personal_api_key"})

    ids = BoundedListField(
        child=StrictIntegerField(), allow_empty=False, max_length=BULK_IDS_MAX, help_text=f"At most {BULK_IDS_MAX}."
    )
    action = HelpfulChoiceField(choices=TAG_ACTIONS)
    tags = TagsField(max_length=TAGS_MAX, help_text=f"At most {TAGS_MAX}.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs["tags"] and attrs["action"] != "set":
            raise ValidationError({"tags": [ErrorDetail("Name at least one tag.", code="empty")]})
        written = len(attrs["ids"]) * sum(map(len, attrs["tags"]))
        if written > BULK_TAGS_MAX_LENGTH:
            detail = (
                f"ids times the characters of all tags is {written:,}: at most {BULK_TAGS_MAX_LENGTH:,} in one request."
            )
            raise ValidationError({"tags": [ErrorDetail(detail, code="max_length")]})
        return attrs


class TaggedSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(read_only=True)
    tags = serializers.ListField(child=serializers.CharField(), read_only=True)


class SkippedSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(read_only=True)
    reason = serializers.CharField(read_only=True)


class BulkUpdateTagsSerializer(serializers.Serializer[Any]):
    updated = serializers.ListField(child=TaggedSerializer(), read_only=True)
    skipped = serializers.ListField(child=SkippedSerializer(), read_only=True)
