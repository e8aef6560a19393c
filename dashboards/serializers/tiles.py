"""Tiles in responses."""

from typing import Any

from rest_framework import serializers

from dashboards.models import ButtonPlacement, ButtonStyle
from dashboards.serializers.insights import DashboardTileBasicSerializer, InsightSerializer
from dashboards_api.http.serializers import FreeObjectField
from users.serializers import UserBasicSerializer


class ContentSerializer(serializers.Serializer[Any]):
    created_by = UserBasicSerializer(read_only=True, allow_null=True)
    last_modified_at = serializers.DateTimeField(read_only=True)
    last_modified_by = UserBasicSerializer(
        read_only=True, allow_null=True, help_text="Null until the content is changed."
    )
    team = serializers.IntegerField(read_only=True, help_text="The id of the project.")
    dashboard_tiles = serializers.ListField(
        child=DashboardTileBasicSerializer(), read_only=True, help_text="Every tile that shows this content."
    )


class TextSerializer(ContentSerializer):
    id = serializers.IntegerField(read_only=True)
    body = serializers.CharField(read_only=True, allow_null=True)


class ButtonTileSerializer(ContentSerializer):
    id = serializers.UUIDField(read_only=True)
    url = serializers.CharField(read_only=True)
    text = serializers.CharField(read_only=True)
    placement = serializers.ChoiceField(choices=ButtonPlacement.choices, read_only=True)
    style = serializers.ChoiceField(choices=ButtonStyle.choices, read_only=True)  # type: ignore[assignment]  # DRF's own `style` has another type


class TileErrorSerializer(serializers.Serializer[Any]):
    type = serializers.CharField()
    message = serializers.CharField()


class DashboardTileSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(read_only=True)
    order = serializers.IntegerField(read_only=True, help_text="The position among the tiles, from 0.")
    layouts = FreeObjectField(read_only=True)
    color = serializers.CharField(read_only=True, allow_null=True)
    insight = InsightSerializer(read_only=True, allow_null=True)
    text = TextSerializer(read_only=True, allow_null=True)
    button_tile = ButtonTileSerializer(read_only=True, allow_null=True)
    filters_overrides = FreeObjectField(read_only=True)
    show_description = serializers.BooleanField(read_only=True, allow_null=True)
    transparent_background = serializers.BooleanField(read_only=True, allow_null=True)
    last_refresh = serializers.DateTimeField(read_only=True, allow_null=True)
    is_cached = serializers.BooleanField(read_only=True)
    error = TileErrorSerializer(
        required=False, help_text="Present only if the stored JSON of the tile is damaged. Other tiles are complete."
    )
