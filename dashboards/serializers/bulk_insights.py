"""The body of bulk operations on insights, and what they answer."""

from typing import Any

from rest_framework import serializers

from dashboards.serializers.actions import SkippedSerializer
from dashboards.serializers.fields import SILENT
from dashboards_api.http.serializers import BoundedListField, RequestSerializer, StrictIntegerField

IDS_MAX = 1000


class BulkInsightsRequestSerializer(RequestSerializer):
    """Which insights."""

    echoed = SILENT

    ids = BoundedListField(
        child=StrictIntegerField(), allow_empty=False, max_length=IDS_MAX, help_text=f"At most {IDS_MAX:,}."
    )


class InsightNameSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(read_only=True)
    name = serializers.CharField(read_only=True)


class InsightBulkDeleteSerializer(serializers.Serializer[Any]):
    deleted = InsightNameSerializer(many=True, read_only=True)
    skipped = SkippedSerializer(many=True, read_only=True)


class InsightBulkRestoreSerializer(serializers.Serializer[Any]):
    restored = InsightNameSerializer(many=True, read_only=True)
    skipped = SkippedSerializer(many=True, read_only=True)
