"""The serializers of definitions. Clients of PostHog expect the constant fields."""

from typing import Any

from rest_framework import serializers

from events.models import PropertyType


class DefinitionSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField(read_only=True)
    name = serializers.CharField(read_only=True)
    description = serializers.CharField(read_only=True, allow_null=True, help_text="Always null.")
    tags = serializers.ListField(child=serializers.CharField(), read_only=True, help_text="Always empty.")
    updated_at = serializers.DateTimeField(
        read_only=True, help_text="Equal to the creation time, because a definition cannot be changed."
    )
    updated_by = serializers.DictField(read_only=True, allow_null=True, help_text="Always null.")
    verified = serializers.BooleanField(read_only=True, help_text="Always false.")
    verified_at = serializers.DateTimeField(read_only=True, allow_null=True, help_text="Always null.")
    verified_by = serializers.DictField(read_only=True, allow_null=True, help_text="Always null.")
    hidden = serializers.BooleanField(read_only=True, help_text="Always false.")


class EventDefinitionSerializer(DefinitionSerializer):
    owner = serializers.IntegerField(read_only=True, allow_null=True, help_text="Always null.")
    created_at = serializers.DateTimeField(read_only=True)
    created_by = serializers.DictField(read_only=True, allow_null=True, help_text="Always null.")
    last_seen_at = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="The time of the latest imported event."
    )
    last_updated_at = serializers.DateTimeField(read_only=True, help_text="Equal to `updated_at`.")
    is_action = serializers.BooleanField(read_only=True, help_text="Always false.")
    post_to_slack = serializers.BooleanField(read_only=True, help_text="Always false.")


class PropertyDefinitionSerializer(DefinitionSerializer):
    property_type = serializers.ChoiceField(PropertyType.choices, read_only=True, help_text="The type of most values.")
    is_numerical = serializers.BooleanField(read_only=True, help_text="Whether the type is `Numeric`.")
    is_seen_on_filtered_events = serializers.BooleanField(read_only=True, allow_null=True, help_text="Always null.")
