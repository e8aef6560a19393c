"""A sharing configuration as answers describe it."""

from typing import Any

from rest_framework import serializers

from dashboards_api.http.serializers import FreeObjectField


class SharePasswordSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(read_only=True)
    created_at = serializers.DateTimeField(read_only=True)
    note = serializers.CharField(read_only=True, allow_null=True)
    created_by_email = serializers.CharField(read_only=True, allow_null=True)
    is_active = serializers.BooleanField(read_only=True)


class SharingConfigurationSerializer(serializers.Serializer[Any]):
    created_at = serializers.DateTimeField(read_only=True, allow_null=True, help_text="Null until first enabled.")
    enabled = serializers.BooleanField(read_only=True)
    access_token = serializers.CharField(read_only=True, help_text="Opens the shared page while sharing is enabled.")
    settings = FreeObjectField(read_only=True, allow_null=True)
    password_required = serializers.BooleanField(read_only=True)
    share_passwords = serializers.ListField(child=SharePasswordSerializer(), read_only=True)
    user_access_level = serializers.CharField(read_only=True)
