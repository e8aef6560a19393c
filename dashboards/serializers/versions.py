"""Versions of a dashboard in responses, and the request that restores a version."""

from typing import Any

from rest_framework import serializers

from dashboards.serializers.activity import ActivityTriggerSerializer, ChangeSerializer
from dashboards.serializers.fields import ALWAYS_ECHOED
from dashboards_api.http.serializers import (
    FreeObjectField,
    RequestSerializer,
)
from users.serializers import UserBasicSerializer


class DashboardVersionBasicSerializer(serializers.Serializer[Any]):
    version = serializers.IntegerField(read_only=True)
    activity = serializers.CharField(read_only=True)
    user = UserBasicSerializer(read_only=True, allow_null=True)
    trigger = ActivityTriggerSerializer(read_only=True, allow_null=True)
    changes = ChangeSerializer(many=True, read_only=True, help_text="The changes from the previous version.")
    created_at = serializers.DateTimeField(read_only=True)


class DashboardVersionSerializer(DashboardVersionBasicSerializer):
    state = FreeObjectField(read_only=True, help_text="The snapshot of the dashboard, with tiles by id.")


class DashboardDifferenceSerializer(serializers.Serializer[Any]):
    from_version = serializers.IntegerField(read_only=True)
    to_version = serializers.IntegerField(read_only=True)
    changes = ChangeSerializer(many=True, read_only=True)


class RestoreVersionRequestSerializer(RequestSerializer):
    """An empty body."""

    tolerated_keys = ALWAYS_ECHOED
