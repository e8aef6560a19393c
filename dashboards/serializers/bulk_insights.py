"""What bulk operations on insights answer."""

from typing import Any

from rest_framework import serializers

from dashboards.serializers.actions import SkippedSerializer


class InsightNameSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(read_only=True)
    name = serializers.CharField(read_only=True)


class InsightBulkDeleteSerializer(serializers.Serializer[Any]):
    deleted = InsightNameSerializer(many=True, read_only=True)
    skipped = SkippedSerializer(many=True, read_only=True)


class InsightBulkRestoreSerializer(serializers.Serializer[Any]):
    restored = InsightNameSerializer(many=True, read_only=True)
    skipped = SkippedSerializer(many=True, read_only=True)
